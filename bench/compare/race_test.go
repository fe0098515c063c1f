//go:build race

package compare

// raceDetector says whether the tests run with it.
const raceDetector = true

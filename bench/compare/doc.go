// Package compare runs Sluice and other Go clients through the same situations, and holds what each of them does in them.
//
// A scenario plays a situation against one client over a real socket, with a small server that follows a script, and
// ends in a word for what was seen. The words that are expected stand in tables beside the scenarios; a test plays all of them, and
// another holds docs/comparison.md to the same tables (go test . -update writes it). There is nothing here for programs.
package compare

package actor

import (
	"runtime"
	"runtime/debug"
)

// allocations gives how often memory is taken for one call of op, by whatever goroutine, not rounded. The collector doesn't run
// meanwhile: it empties pools, and what they then take anew isn't op's.
func allocations(calls int, op func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range calls / 10 {
		op()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		op()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(calls)
}

package boltstore

import (
	"runtime/debug"
)

// guarded runs what reads the file's mapping. A file is checked when it is opened; one that is damaged after that makes bbolt
// panic, and one that is cut makes the mapping fault. Both are errors here, and no end of the process.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if reason := recover(); reason != nil {
			err = found("it changed while it was open: %v", reason)
		}
	}()
	return f()
}

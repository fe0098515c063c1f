package main

import (
	"fmt"
	"syscall"
)

// spareFiles is how many files a process has open beside its connections, at most.
const spareFiles = 100

// allowFiles has this process open so many connections. An error says how many it may.
func allowFiles(connections int) error {
	need := uint64(connections + spareFiles)
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if l.Cur >= need {
		return nil
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: need, Max: max(l.Max, need)}); err != nil {
		return fmt.Errorf("%d connections need %d open files, and %d are allowed (ulimit -n)", connections, need, l.Max)
	}
	return nil
}

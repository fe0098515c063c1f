package main

import (
	"runtime"
	"strings"
)

// goroutines counts those that run code of the client.
func goroutines() (n int) {
	buffer := make([]byte, 1<<20)
	stacks := string(buffer[:runtime.Stack(buffer, true)])
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		if strings.Contains(stack, "github.com/sluicemq/sluice/mqtt") {
			n++
		}
	}
	return n
}

// remaining is goroutines after the client's end: one that has said that it is done may still be on its last instruction.
func remaining() (n int) {
	for range 1000 {
		if n = goroutines(); n == 0 {
			break
		}
		runtime.Gosched()
	}
	return n
}

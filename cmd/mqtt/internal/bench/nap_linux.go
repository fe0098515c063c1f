package bench

import (
	"syscall"
	"time"
)

func nap(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&t, nil) // a signal cuts it short, and who asked looks at the clock again
}

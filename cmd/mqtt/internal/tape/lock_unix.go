//go:build unix

package tape

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps others who write recordings off a file, until it is closed. Where the system can't, it does nothing.
func lock(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return errTaken
	}
	return nil
}

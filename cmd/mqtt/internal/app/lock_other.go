//go:build !unix

package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// lockFile waits until nobody else has the lock: a file that is there as long as somebody has it.
func lockFile(path string) (unlock func(), err error) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return func() { f.Close(); os.Remove(path) }, nil
		}
		if !errors.Is(err, fs.ErrExist) || time.Now().After(deadline) {
			return nil, fmt.Errorf("%w; if no other mqtt ctx runs, remove that file", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

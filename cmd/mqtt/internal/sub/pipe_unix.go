//go:build unix

package sub

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeWatch tells when nobody reads a pipe any more, also while nothing is written to it.
type pipeWatch struct {
	gone  <-chan struct{} // closed then; nil: it is no pipe
	awake *os.File        // its end ends the watching
	ended chan struct{}
}

func watchPipe(f *os.File) *pipeWatch {
	info, err := f.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return new(pipeWatch)
	}
	asleep, awake, err := os.Pipe()
	if err != nil {
		return new(pipeWatch)
	}
	gone, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer asleep.Close()
		fds := []unix.PollFd{{Fd: int32(f.Fd())}, {Fd: int32(asleep.Fd())}} // errors and hang-ups are told without being asked for
		for {
			_, err := unix.Poll(fds, -1)
			if err != nil && err != unix.EINTR || fds[1].Revents != 0 {
				return
			}
			if fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
				close(gone)
			}
			if fds[0].Revents != 0 {
				return
			}
		}
	}()
	return &pipeWatch{gone, awake, ended}
}

func (w *pipeWatch) stop() {
	if w.gone != nil {
		w.awake.Close()
		<-w.ended
	}
}

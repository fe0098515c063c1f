package app

import (
	"errors"
	"net"
	"slices"
	"syscall"
	"time"
)

// steady is a listener that goes on when it can't let anybody in for a moment: who accepts gives up at the first error.
type steady struct {
	net.Listener
	app  *App
	told bool // that it couldn't; once is enough
}

// Steady makes l go on after an error that passes, as too many open files, and say so once. Its Accept is for one goroutine.
func (a *App) Steady(l net.Listener) net.Listener { return &steady{Listener: l, app: a} }

// forRoom is how long it waits then, for somebody to leave.
const forRoom = 100 * time.Millisecond

func (l *steady) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err == nil || !passing(err) {
			return conn, err
		}
		if !l.told {
			l.told = true
			l.app.Say("mqtt: nobody more can come in to %s until somebody leaves: %v", l.Addr(), err)
		}
		time.Sleep(forRoom)
	}
}

// passing says of an error that it isn't the listener's.
func passing(err error) bool {
	return slices.ContainsFunc([]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.ECONNABORTED},
		func(one error) bool { return errors.Is(err, one) })
}

package app

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// ErrInterrupted is the cause of a context that SIGINT or SIGTERM ended.
var ErrInterrupted = errors.New("interrupted")

// signals gives a context that the first SIGINT or SIGTERM ends, with ErrInterrupted. The second one exits at once.
func (a *App) signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	over := make(chan struct{})
	go func() {
		select {
		case <-caught:
			cancel(ErrInterrupted)
		case <-over:
			return
		}
		select {
		case <-caught:
			a.stopAtOnce()
			os.Exit(ExitInterrupted)
		case <-over:
		}
	}()
	return ctx, func() { // and the program ends: a late signal would still change its exit code, if it weren't caught
		close(over)
		cancel(nil)
	}
}

// AtOnce has f called when a second interrupt ends the program: it ends programs that were started, which that interrupt doesn't
// reach. A command gives one at the most.
func (a *App) AtOnce(f func()) {
	select {
	case a.atOnce <- f:
	default:
	}
}

// stopAtOnce doesn't wait for long: the program is to end.
func (a *App) stopAtOnce() {
	select {
	case f := <-a.atOnce:
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		select {
		case <-done:
		case <-time.After(2 * time.Second):
		}
	default:
	}
}

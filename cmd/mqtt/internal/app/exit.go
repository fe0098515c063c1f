package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Exit codes, for scripts to tell apart.
const (
	ExitOK             = 0
	ExitFailed         = 1 // while running
	ExitUsage          = 2
	ExitNoServer       = 3 // none was reached
	ExitTLS            = 4
	ExitRefused        = 5
	ExitNotAuthorised  = 6
	ExitNotSubscribed  = 7
	ExitUnacknowledged = 8 // some messages were not
	ExitFailIf         = 9 // --fail-if was met
	ExitTimeout        = 27
	ExitInterrupted    = 130 // before all was finished
)

// Failure is an error with an exit code of its own.
type Failure struct {
	Code int
	Err  error // nil: all has been said
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit %d", f.Code)
	}
	return f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// Fail is an error that ends the program with code.
func Fail(code int, format string, args ...any) error {
	return &Failure{code, fmt.Errorf(format, args...)}
}

// Usage is an error of the command line's own: exit code 2, with the line of usage.
func Usage(format string, args ...any) error { return Fail(ExitUsage, format, args...) }

// ErrTimeout is for a -W that ran out before all was there.
var ErrTimeout = errors.New("the time is over")

// ExitCode is what the program's end with err is to a script.
func ExitCode(err error) int {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Code
	}
	switch {
	case err == nil, pipeClosed(err):
		return ExitOK
	case errors.Is(err, ErrInterrupted):
		return ExitInterrupted
	case errors.Is(err, ErrTimeout):
		return ExitTimeout
	}
	if _, ok := errors.AsType[*mqtt.ConfigError](err); ok {
		return ExitUsage
	}
	if _, ok := errors.AsType[*mqtt.ArgumentError](err); ok {
		return ExitUsage
	}
	if _, ok := errors.AsType[*mqtt.SubscribeError](err); ok {
		return ExitNotSubscribed
	}
	if e, ok := errors.AsType[*mqtt.ConnectError](err); ok {
		return connectCode(e)
	}
	if r, ok := errors.AsType[*mqtt.ReasonError](err); ok {
		return reasonCode(r)
	}
	if _, ok := errors.AsType[*mqtt.UnfinishedError](err); ok {
		return ExitUnacknowledged
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return ExitTimeout
	}
	return ExitFailed
}

func connectCode(e *mqtt.ConnectError) int {
	if r, ok := errors.AsType[*mqtt.ReasonError](e); ok {
		return reasonCode(r)
	}
	switch e.Stage {
	case "tls":
		return ExitTLS
	case "auth":
		return ExitNotAuthorised
	}
	return ExitNoServer
}

func reasonCode(r *mqtt.ReasonError) int {
	switch r.Code {
	case codec.NotAuthorized, codec.BadUserNameOrPassword, codec.BadAuthenticationMethod, codec.Banned:
		return ExitNotAuthorised
	}
	return ExitRefused
}

// pipeClosed says that who read our standard output has gone, which is no failure of ours.
func pipeClosed(err error) bool { return errors.Is(err, ErrPipe) }

// ErrPipe is what [App.Output] gives when nobody reads standard output any more. A command that gets it stops in order.
var ErrPipe = errors.New("standard output was closed")

// Output is standard output for data. It isn't buffered, and for one goroutine. A closed pipe is ErrPipe.
func (a *App) Output() io.Writer { return output{a.Stdout} }

type output struct{ f *os.File }

func (o output) Write(p []byte) (int, error) {
	n, err := o.f.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		return n, ErrPipe
	}
	if err != nil {
		return n, fmt.Errorf("writing to standard output: %w", err)
	}
	return n, nil
}

// firstError keeps the first error of a writer, for who writes and doesn't look: cobra, its help.
type firstError struct {
	io.Writer
	err error
}

func (w *firstError) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

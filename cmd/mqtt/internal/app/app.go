// Package app is what the commands share: how they are told what to do, reach a server, say what went wrong, and end.
//
// Standard output carries data, standard error all else. A command returns an error and never exits itself; [Run] makes one
// sentence and an exit code of it.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// App is one run of the program. Its public fields don't change while a command runs.
type App struct {
	Stdin          *os.File
	Stdout, Stderr *os.File

	Debug      bool          // -d: packets and stages on Stderr
	Drain      time.Duration // how long an end may take that was asked for by a signal
	NoProgress bool
	profile    string

	ranks map[string]rank // of the flags of the command that runs, by name
	sides []*side         // of the command that runs, when it has several connections

	moving moving
	atOnce chan func() // one slot: what AtOnce was given
}

// Run runs the command line args, without the program's name, and gives the exit code.
func Run(args []string, makers ...Maker) int {
	a := &App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, atOnce: make(chan func(), 1)}
	// Writing to a closed pipe is an error then, which ends us in order: ErrPipe. To ignore the signal would do too, but the
	// programs that we start would go on with that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	root, text := a.root(makers), &firstError{Writer: a.Output()}
	root.SetOut(text)
	args, err := joinProperties(root, args)
	if err != nil {
		return a.finish(root, err)
	}
	root.SetArgs(args)
	ctx, release := a.signals(context.Background())
	defer release()
	cmd, err := root.ExecuteContextC(ctx)
	if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && cause != nil {
		err = cause
	}
	if err == nil {
		err = text.err
	}
	return a.finish(cmd, err)
}

// finish says what went wrong, if anything did, and gives the exit code.
func (a *App) finish(cmd *cobra.Command, err error) int {
	a.Move("")
	code := ExitCode(err)
	if code == ExitOK {
		return code
	}
	if text := sentence(err); text != "" {
		fmt.Fprintf(a.Stderr, "mqtt: %s\n", text)
	}
	if code == ExitUsage {
		line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
		fmt.Fprintf(a.Stderr, "usage: %s [flags]\nSee: %s --help\n", line, cmd.CommandPath())
	}
	return code
}

// Draining gives a context for the clean end of a command whose own context may be over: it lasts for --drain.
func (a *App) Draining(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), a.Drain)
}

// Live says whether lines that move, progress and colours may be written to f.
func (a *App) Live(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && !a.NoProgress && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

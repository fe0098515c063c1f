package main_test

import (
	"context"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// terminal is a run of the program in a terminal, as a person sees it.
type terminal struct {
	t       testing.TB
	process *os.Process
	pty     *os.File
	size    [2]int
	screens chan screen // one value, or nobody's turn
	over    chan struct{}
	code    int // once over
}

// screen is what the terminal shows.
type screen struct {
	emulator *vt.Emulator
	raw      []byte        // all that was written
	changed  chan struct{} // closed when there is another
	over     bool
}

// startTerminal starts the program with a terminal of cols by rows as standard error, standard output and, without Call.stdin,
// standard input.
func startTerminal(t testing.TB, cols, rows int, c call) *terminal {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	cmd := command(ctx, t, c)
	outer, inner, err := pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(inner, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}))
	cmd.Stdout, cmd.Stderr = inner, inner
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1}
	if c.stdin == nil {
		cmd.Stdin = inner
	}
	require.NoError(t, cmd.Start())
	inner.Close()
	term := &terminal{t: t, process: cmd.Process, pty: outer, size: [2]int{cols, rows}, screens: make(chan screen, 1), over: make(chan struct{})}
	emulator := vt.NewEmulator(cols, rows)
	term.screens <- screen{emulator: emulator, changed: make(chan struct{})}
	answered := make(chan struct{})
	go func() { // what a terminal answers to who asks what it is
		defer close(answered)
		io.Copy(outer, emulator)
	}()
	go func() {
		defer close(term.over)
		defer cancel()
		term.show()
		cmd.Wait()
		term.code = cmd.ProcessState.ExitCode()
		emulator.InputPipe().(io.Closer).Close() // its own Close races with Read
		<-answered
		outer.Close()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-term.over
	})
	return term
}

func (term *terminal) show() {
	buf := make([]byte, 16<<10)
	for {
		n, err := term.pty.Read(buf)
		s := <-term.screens
		s.emulator.Write(buf[:n])
		close(s.changed)
		term.screens <- screen{s.emulator, append(s.raw, buf[:n]...), make(chan struct{}), err != nil}
		if err != nil {
			return
		}
	}
}

// text is what the terminal shows now, a line a row.
func (term *terminal) text() string {
	s := <-term.screens
	defer func() { term.screens <- s }()
	return s.emulator.String()
}

// keys types.
func (term *terminal) keys(text string) {
	term.t.Helper()
	_, err := io.WriteString(term.pty, text)
	require.NoError(term.t, err)
}

// await waits until the terminal shows what enough wants.
func (term *terminal) await(what string, enough func(text string) bool) string {
	term.t.Helper()
	deadline := time.After(patience)
	for {
		s := <-term.screens
		text, raw := s.emulator.String(), s.raw
		term.screens <- s
		if enough(text) {
			return text
		}
		if s.over {
			term.t.Fatalf("the program ended without %s; the screen: %s\nwritten: %q", what, text, raw)
		}
		select {
		case <-s.changed:
		case <-deadline:
			term.t.Fatalf("no %s; the screen: %s", what, text)
		}
	}
}

// awaitText waits until the terminal shows a piece of text.
func (term *terminal) awaitText(piece string) string {
	term.t.Helper()
	return term.await(piece, func(text string) bool { return strings.Contains(text, piece) })
}

// wait waits for the end, and gives the exit code and all that was written.
func (term *terminal) wait() (code int, raw string) {
	term.t.Helper()
	select {
	case <-term.over:
	case <-time.After(patience):
		term.t.Fatalf("the program doesn't end; the screen: %s", term.text())
	}
	s := <-term.screens
	term.screens <- s
	return term.code, string(s.raw)
}

func TestTerminal(t *testing.T) {
	term := startTerminal(t, 80, 24, call{args: []string{"version"}})
	term.awaitText("mqtt devel")
	code, _ := term.wait()
	require.Equal(t, 0, code)
}

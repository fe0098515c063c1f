package main_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

func TestPubAServerThatDiesAndComesBack(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := newWitness(t, s)
	const n = 20_000
	tail := strings.Repeat("x", 100)
	p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l")
	go func() {
		defer p.stdin.Close()
		for i := range n {
			fmt.Fprintf(p.stdin, "%05d %s\n", i, tail)
		}
	}()
	w.await(t, n/4)
	s.stop()
	p.stderr.awaitText(t, "; trying again")
	l, err := net.Listen("tcp", strings.TrimPrefix(s.url, "mqtt://"))
	require.NoError(t, err)
	w.follow(t, serve(t, l))

	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "connected to "+s.url+" again")
	require.Contains(t, r.stderr, fmt.Sprintf("sent %d, acknowledged %[1]d, failed 0", n))
	last := fmt.Sprintf("%05d %s", n-1, tail)
	for messages := w.await(t, n); ; messages = w.await(t, len(messages)+1) { // some may have come twice
		if string(messages[len(messages)-1].Payload) == last {
			requireFirsts(t, messages, n)
			return
		}
	}
}

// requireFirsts wants the first message of each of n numbers, in order.
func requireFirsts(t *testing.T, messages []packets.Packet, n int) {
	next := 0
	for _, m := range messages {
		var number int
		_, err := fmt.Sscanf(string(m.Payload), "%d ", &number)
		require.NoError(t, err)
		require.LessOrEqual(t, number, next)
		if number == next {
			next++
		}
	}
	require.Equal(t, n, next)
}

func TestPubInterrupted(t *testing.T) {
	t.Run("with input left", func(t *testing.T) {
		s := newServer(t)
		w := newWitness(t, s)
		p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "2", "-l")
		_, err := io.WriteString(p.stdin, "a\nb\nc\nhalf a li")
		require.NoError(t, err)
		w.await(t, 3)
		p.signal(syscall.SIGINT)
		r := p.wait()
		require.Equal(t, 130, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 3, acknowledged 3, failed 0")
		require.Contains(t, r.stderr, "mqtt: interrupted: nothing more was published after 3 messages\n")
		require.Equal(t, []string{"a", "b", "c"}, w.payloads(t, 3))
	})
	t.Run("while the server is away", func(t *testing.T) {
		s := newServer(t)
		w := newWitness(t, s)
		p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l", "--drain", "50ms")
		io.WriteString(p.stdin, "a\n")
		w.await(t, 1)
		s.stop()
		p.stderr.awaitText(t, "is lost")
		io.WriteString(p.stdin, "b\nc\n")
		p.stdin.Close()
		p.signal(syscall.SIGTERM)
		r := p.wait()
		require.Equal(t, 130, r.code, r.stderr)
		require.Contains(t, r.stderr, "mqtt: interrupted")
	})
	t.Run("twice", func(t *testing.T) {
		s := newServer(t)
		w := newWitness(t, s)
		p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l", "--drain", "10m")
		io.WriteString(p.stdin, "a\n")
		w.await(t, 1)
		s.stop()
		p.stderr.awaitText(t, "is lost")
		io.WriteString(p.stdin, "b\n")
		p.stdin.Close()
		for p.cmd.Process.Signal(syscall.SIGINT) == nil {
			runtime.Gosched()
		}
		require.Equal(t, 130, p.wait().code)
	})
}

func TestPubTimeout(t *testing.T) {
	t.Parallel()
	t.Run("waiting for input", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l", "-W", "4")
		io.WriteString(p.stdin, "a\nb\n")
		r := p.wait()
		require.Equal(t, 27, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 2, acknowledged 2, failed 0")
		require.Contains(t, r.stderr, "mqtt: the time is over: nothing more was published after 2 messages\n")
	})
	t.Run("waiting for the server", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		w := newWitness(t, s)
		p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l", "--timeout", "4s")
		io.WriteString(p.stdin, "a\n")
		w.await(t, 1)
		s.stop()
		io.WriteString(p.stdin, "b\nc\n")
		p.stdin.Close()
		r := p.wait()
		require.Equal(t, 27, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 3, acknowledged 1, failed 2")
		require.Contains(t, r.stderr, "mqtt: the time is over: 2 messages have no acknowledgement\n")
	})
	t.Run("connecting", func(t *testing.T) {
		url := puppet(t, func([]byte) []byte { return []byte{} })
		r := run(t, "pub", "--url", url, "-t", "a", "-m", "x", "-W", "0.1")
		require.Equal(t, 27, r.code, r.stderr)
		require.Contains(t, r.stderr, "mqtt: the time is over")
	})
}

func TestPubProgress(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	at := s.url
	begin := func(t *testing.T, columns int, env []string, args ...string) (*terminal, io.WriteCloser) {
		in, out, err := os.Pipe() // an io.Pipe would have to be closed before the end can be waited for
		require.NoError(t, err)
		defer in.Close()
		t.Cleanup(func() { out.Close() })
		return startTerminal(t, columns, 10, call{args: append([]string{"pub", "--url", at, "-t", "a", "-q", "1", "-l"}, args...), stdin: in, env: env}), out
	}
	t.Run("moves, and leaves nothing behind", func(t *testing.T) {
		term, stdin := begin(t, 100, nil)
		io.WriteString(stdin, strings.Repeat("x\n", 1234))
		term.awaitText("published 1234 messages, ")
		io.WriteString(stdin, "x\n")
		term.awaitText("published 1235 messages, ")
		stdin.Close()
		code, raw := term.wait()
		require.Equal(t, 0, code)
		require.Contains(t, raw, " a second, 0 under way")
		require.Regexp(t, `^mqtt: sent 1235, acknowledged 1235, failed 0 in \S+ \(\d+/s\)\s*$`, term.text())
	})
	t.Run("in a narrow terminal", func(t *testing.T) {
		term, stdin := begin(t, 20, nil)
		io.WriteString(stdin, "x\n")
		term.awaitText("published 1 message")
		stdin.Close()
		term.wait()
		require.NotContains(t, term.text(), "published")
	})
	t.Run("below what stays", func(t *testing.T) {
		mortal := newServer(t)
		at = mortal.url
		defer func() { at = s.url }()
		term, stdin := begin(t, 200, nil)
		io.WriteString(stdin, "x\n")
		term.awaitText("published 1 messages, ")
		mortal.stop()
		lost := regexp.MustCompile(`(?m)^mqtt: the connection to .* is lost: .*; trying again *\n+published 1 messages, .*, no connection *$`)
		term.await("line that stays above the one that moves", lost.MatchString)
		stdin.Close()
		term.process.Signal(syscall.SIGKILL)
		term.wait()
	})
	for _, c := range []struct {
		name      string
		env, args []string
	}{
		{"NO_COLOR", []string{"NO_COLOR=1"}, nil},
		{"--no-progress", nil, []string{"--no-progress"}},
		{"a terminal that can't", []string{"TERM=dumb"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			term, stdin := begin(t, 100, c.env, append(c.args, "--rate", "2")...)
			io.WriteString(stdin, "x\nx\nx\n") // takes a second, in which it could move
			stdin.Close()
			code, raw := term.wait()
			require.Equal(t, 0, code)
			require.NotContains(t, raw, "\x1b")
			require.Contains(t, raw, "sent 3, acknowledged 3, failed 0")
		})
	}
}

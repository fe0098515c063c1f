package main_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/internal/mochiend"
)

// patience is how long anything may take here before the test gives up on it.
const patience = 60 * time.Second

// program is the built binary; with the race detector when the tests have it.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mqtt-test")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "mqtt")
	build := exec.Command("go", append([]string{"build", "-o", program}, append(raceFlag, ".")...)...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// call is a run of the program that is going to be.
type call struct {
	args  []string
	stdin io.Reader
	env   []string // in front of what the tests set
	dir   string   // the working directory; empty: the test's own
}

// result is how a run ended.
type result struct {
	code           int
	stdout, stderr string
}

// command makes a process of a call. Nothing of the user's own settings reaches it.
func command(ctx context.Context, t testing.TB, c call) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, c.args...)
	cmd.Dir = c.dir
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "MQTT_") && !strings.HasPrefix(kv, "NO_COLOR") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "MQTT_PROFILES="+filepath.Join(t.TempDir(), "profiles.toml"), "TERM=xterm-256color")
	cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0") // the race detector has each process linger for a second else
	cmd.Env = append(cmd.Env, c.env...)
	cmd.Stdin = c.stdin
	return cmd
}

// run runs the program to its end.
func run(t testing.TB, args ...string) result {
	t.Helper()
	return runCall(t, call{args: args})
}

func runCall(t testing.TB, c call) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := command(ctx, t, c)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Run()
	require.NoError(t, ctx.Err(), "mqtt %q doesn't end; stderr: %s", c.args, stderr.String())
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// process is a run that goes on.
type process struct {
	t              testing.TB
	cmd            *exec.Cmd
	stdin          io.WriteCloser
	stdout, stderr *lines
	over           chan struct{}
}

// start starts the program. Without Call.stdin, its standard input is process.stdin, open until it is closed.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	return startCall(t, call{args: args})
}

func startCall(t testing.TB, c call) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	cmd := command(ctx, t, c)
	p := &process{t: t, cmd: cmd, over: make(chan struct{})}
	var err error
	if c.stdin == nil {
		p.stdin, err = cmd.StdinPipe()
		require.NoError(t, err)
	}
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p.stdout, p.stderr = follow(stdout), follow(stderr)
	go func() {
		defer close(p.over)
		defer cancel()
		<-p.stdout.ended
		<-p.stderr.ended
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-p.over
	})
	return p
}

// signal sends one.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// wait waits for the end.
func (p *process) wait() result {
	p.t.Helper()
	select {
	case <-p.over:
	case <-time.After(patience):
		p.t.Fatalf("mqtt %q doesn't end; stderr: %s", p.cmd.Args[1:], p.stderr.text())
	}
	return result{p.cmd.ProcessState.ExitCode(), p.stdout.text(), p.stderr.text()}
}

// lines collects what a process writes. Its channel of changes wakes who waits for something in it.
type lines struct {
	state chan collected // one value, or nobody's turn
	ended chan struct{}
}

type collected struct {
	text []byte
	more chan struct{} // closed when there is more, or the end
	over bool
}

func follow(r io.Reader) *lines {
	l := &lines{state: make(chan collected, 1), ended: make(chan struct{})}
	l.state <- collected{more: make(chan struct{})}
	go func() {
		defer close(l.ended)
		in := bufio.NewReaderSize(r, 64<<10)
		buf := make([]byte, 64<<10)
		for {
			n, err := in.Read(buf)
			s := <-l.state
			close(s.more)
			l.state <- collected{append(s.text, buf[:n]...), make(chan struct{}), err != nil}
			if err != nil {
				return
			}
		}
	}()
	return l
}

func (l *lines) now() collected {
	s := <-l.state
	l.state <- s
	return s
}

func (l *lines) text() string { return string(l.now().text) }

// await waits until enough says that what was written is enough.
func (l *lines) await(t testing.TB, what string, enough func(text string) bool) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		s := l.now()
		if enough(string(s.text)) {
			return string(s.text)
		}
		if s.over {
			t.Fatalf("the program ended without %s; it wrote: %s", what, s.text)
		}
		select {
		case <-s.more:
		case <-deadline:
			t.Fatalf("no %s; the program wrote: %s", what, s.text)
		}
	}
}

// awaitText waits for a piece of text.
func (l *lines) awaitText(t testing.TB, piece string) string {
	t.Helper()
	return l.await(t, fmt.Sprintf("%q", piece), func(text string) bool { return strings.Contains(text, piece) })
}

// server is a mochi server in this process.
type server struct {
	*mochi.Server
	url      string
	port     string
	listener *mochiend.Listener
	stopped  sync.Once
}

// newServer starts a server that lets everybody do everything, but for what hooks say.
func newServer(t testing.TB, hooks ...mochi.Hook) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return serve(t, l, hooks...)
}

func serve(t testing.TB, l net.Listener, hooks ...mochi.Hook) *server {
	t.Helper()
	s := &server{Server: mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)}), listener: mochiend.New("tcp", l)}
	s.Options.Capabilities.MaximumClientWritesPending = 1 << 20 // mochi drops what a slow subscriber hasn't taken
	s.Options.Capabilities.MaximumInflight = 65_535             // likewise
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	s.url = "mqtt://" + l.Addr().String()
	if len(hooks) == 0 {
		hooks = []mochi.Hook{new(auth.AllowHook)}
	}
	for _, h := range append(hooks, new(mochiend.NoWindow)) {
		require.NoError(t, s.AddHook(h, nil))
	}
	require.NoError(t, s.AddListener(s.listener))
	require.NoError(t, s.Serve())
	t.Cleanup(s.stop)
	return s
}

// stop ends the server. It may be called again.
func (s *server) stop() { s.stopped.Do(func() { s.listener.End(s.Server) }) }

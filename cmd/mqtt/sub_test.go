package main_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
)

// subscribed tells of each SUBSCRIBE that a server has answered, and refuses filters that begin with "closed".
type subscribed struct {
	mochi.HookBase
	made chan string // filters
}

func (*subscribed) ID() string { return "subscribed" }

func (*subscribed) Provides(b byte) bool {
	return b == mochi.OnSubscribed || b == mochi.OnACLCheck || b == mochi.OnConnectAuthenticate
}

func (*subscribed) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

func (*subscribed) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	return write || !strings.HasPrefix(topic, "closed")
}

func (h *subscribed) OnSubscribed(_ *mochi.Client, pk packets.Packet, _ []byte) {
	for _, f := range pk.Filters {
		h.made <- f.Filter
	}
}

// newTeller is a server that tells of subscriptions.
func newTeller(t testing.TB) (*server, *subscribed) {
	h := &subscribed{made: make(chan string, 100)}
	return newServer(t, h), h
}

func (s *server) say(t testing.TB, topic, payload string, qos byte, retain bool) {
	t.Helper()
	require.NoError(t, s.Publish(topic, []byte(payload), retain, qos))
}

func TestSub(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.say(t, "a/1", "one", 1, true)
	for _, c := range []struct {
		name   string
		args   []string
		stdout string
	}{
		{"B324 payloads", []string{"-t", "a/1"}, "one\n"},
		{"B324 topic first", []string{"-t", "a/1", "-v"}, "a/1 one\n"},
		{"a filter without -t", []string{"a/+"}, "one\n"},
		{"no line feed", []string{"-t", "a/1", "-N"}, "one"},
		{"raw", []string{"-t", "a/1", "-o", "raw"}, "one"},
		{"hexadecimal", []string{"-t", "a/1", "-o", "hex", "-v"}, "a/1 6f6e65\n"},
		{"a format", []string{"-t", "a/1", "-F", `%q|%r|%t|%l\t%5.2t`, "-q", "1"}, "1|1|a/1|3\t   a/\n"},
		{"retained", []string{"-t", "a/1", "--retained-only"}, "one\n"},
		{"MQTT 3.1.1", []string{"-t", "a/1", "-V", "311", "-q", "2"}, "one\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, append([]string{"subscribe", "--url", s.url, "-C", "1"}, c.args...)...)
			require.Equal(t, result{0, c.stdout, ""}, r)
		})
	}
	t.Run("the topic of -L", func(t *testing.T) {
		r := run(t, "sub", "-L", s.url+"/a/1", "-C", "1")
		require.Equal(t, result{0, "one\n", ""}, r)
	})
	t.Run("-W is exit code 27", func(t *testing.T) {
		r := run(t, "sub", "--url", s.url, "-t", "nothing", "-W", "0.05")
		require.Equal(t, 27, r.code)
		require.Contains(t, r.stderr, "--timeout 50ms")
	})
	t.Run("-W bounds the connecting too", func(t *testing.T) {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer silent.Close()
		r := run(t, "sub", "--url", "mqtt://"+silent.Addr().String(), "-t", "nothing", "-W", "0.1")
		require.Equal(t, 27, r.code, r.stderr)
	})
	t.Run("--idle is a good end", func(t *testing.T) {
		r := run(t, "sub", "--url", s.url, "-t", "a/1", "--idle", "0.3")
		require.Equal(t, result{0, "one\n", ""}, r)
	})
	t.Run("-E ends without a message", func(t *testing.T) {
		r := run(t, "sub", "--url", s.url, "-t", "nothing", "-E")
		require.Equal(t, result{0, "", ""}, r)
	})
	t.Run("left out", func(t *testing.T) {
		r := run(t, "sub", "--url", s.url, "-t", "a/#", "-T", "b/#", "-T", "a/+", "--idle", "0.3")
		require.Equal(t, result{0, "", ""}, r)
		r = run(t, "sub", "--url", s.url, "-t", "a/#", "-R", "--idle", "0.3")
		require.Equal(t, result{0, "", ""}, r)
	})
}

func TestSubUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says string
		args []string
	}{
		{"no topic given", nil},
		{"--qos 3", []string{"-t", "a", "-q", "3"}},
		{"--output \"xml\"", []string{"-t", "a", "-o", "xml"}},
		{"--format and --output", []string{"-t", "a", "-o", "raw", "-F", "%t"}},
		{"--verbose and --output raw", []string{"-t", "a", "-o", "raw", "-v"}},
		{"--no-newline and --output ndjson", []string{"-t", "a", "-o", "ndjson", "-N"}},
		{`"%y"`, []string{"-t", "a", "-F", "%t%y"}},
		{`ends with "%"`, []string{"-t", "a", "-F", "100%"}},
		{"--count 0", []string{"-t", "a", "-C", "0"}},
		{"--filter-out", []string{"-t", "a", "-T", "a/#/b"}},
		{"a/#/b", []string{"-t", "a/#/b", "--url", "mqtt://127.0.0.1:1"}},
		{"--retained-only and --no-retained", []string{"-t", "a", "-R", "--retained-only"}},
		{"--exec and --out-dir", []string{"-t", "a", "--exec", "true", "--out-dir", "x"}},
		{"--exec-failed \"no\"", []string{"-t", "a", "--exec", "true", "--exec-failed", "no"}},
		{"are for --exec", []string{"-t", "a", "--exec-parallel", "2"}},
		{"--exec-failed reject needs MQTT 5.0", []string{"-t", "a", "--exec", "true", "--exec-failed", "reject", "-V", "311"}},
		{"--no-local needs MQTT 5.0", []string{"-t", "a", "--no-local", "-V", "31"}},
		{"--out-dir: ", []string{"-t", "a", "--out-dir", "/dev/null/x"}},
	} {
		t.Run(c.says, func(t *testing.T) {
			r := run(t, append([]string{"sub"}, c.args...)...)
			require.Equal(t, 2, r.code, r.stderr)
			require.Contains(t, r.stderr, c.says)
			require.Contains(t, r.stderr, "usage: mqtt sub [FILTER]... [flags]\n")
		})
	}
}

func TestSubKeepsEveryByte(t *testing.T) {
	t.Parallel()
	payloads := []string{"a\x00b", "\xff\xfe", "two\nlines\r\n", "", "\x1b[31m", "ä\u2028", `{"a":"\u0000"}`}
	s, h := newTeller(t)
	p := start(t, "sub", "--url", s.url, "-t", "#", "-o", "ndjson", "-C", fmt.Sprint(len(payloads)))
	raw := start(t, "sub", "--url", s.url, "-t", "#", "-o", "raw", "-C", fmt.Sprint(len(payloads)))
	<-h.made
	<-h.made
	for i, payload := range payloads {
		s.say(t, fmt.Sprint("x/", i), payload, 0, false)
	}
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	for i, line := range strings.SplitAfter(strings.TrimSuffix(r.stdout, "\n"), "\n") {
		record, err := ndjson.Parse([]byte(line))
		require.NoError(t, err, line)
		require.Equal(t, payloads[i], string(record.Payload))
		require.Equal(t, fmt.Sprint("x/", i), record.Topic)
		require.False(t, record.Time.IsZero())
	}
	require.Equal(t, strings.Join(payloads, ""), raw.wait().stdout)
}

func TestSubRefused(t *testing.T) {
	t.Parallel()
	s, _ := newTeller(t)
	t.Run("B324 each filter and why", func(t *testing.T) {
		r := run(t, "sub", "--url", s.url, "-t", "open", "-t", "closed/a", "-t", "closed/b")
		require.Equal(t, 7, r.code)
		require.Contains(t, r.stderr, `refused to subscribe to "closed/a": not authorized (0x87), "closed/b": not authorized (0x87)`)
		require.NotContains(t, r.stderr, `"open"`)
	})
	t.Run("B324 MQTT 3.1.1", func(t *testing.T) {
		r := run(t, "sub", "--url", s.url, "-t", "closed/a", "-V", "311")
		require.Equal(t, 7, r.code)
		require.Contains(t, r.stderr, `"closed/a": unspecified error (0x80)`)
	})
}

func TestSubWithoutServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	r := run(t, "sub", "--url", "mqtt://"+l.Addr().String(), "-t", "a")
	require.Equal(t, 3, r.code, r.stderr)
	require.Empty(t, r.stdout)
}

func TestSubOverALostServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &subscribed{made: make(chan string, 100)}
	s := serve(t, l, h)
	p := start(t, "sub", "--url", s.url, "-t", "a", "-t", "later/closed", "-q", "1", "-C", "4", "-d")
	p.stderr.awaitText(t, "<- SUBACK") // mochi calls its hook before that leaves
	s.say(t, "a", "before", 1, false)
	p.stdout.awaitText(t, "before\n")
	s.stop()
	p.stderr.awaitText(t, "is lost")
	l, err = net.Listen("tcp", l.Addr().String())
	require.NoError(t, err)
	after := &forgetful{subscribed{made: make(chan string, 100)}}
	s = serve(t, l, after)
	<-after.made
	<-after.made
	for i := range 3 {
		s.say(t, "a", fmt.Sprint("after ", i), 1, false)
	}
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "before\nafter 0\nafter 1\nafter 2\n", r.stdout)
	require.Equal(t, 1, strings.Count(r.stderr, "is lost"), r.stderr)
	require.Equal(t, 1, strings.Count(r.stderr, "mqtt: connected to"), r.stderr)
	require.Contains(t, r.stderr, `refused to subscribe to "later/closed": not authorized`)
}

// forgetful refuses what the server before it has granted.
type forgetful struct{ subscribed }

func (*forgetful) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	return write || !strings.HasPrefix(topic, "later")
}

func TestSubInterrupted(t *testing.T) {
	t.Parallel()
	s, h := newTeller(t)
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"without a goal", nil, 0},
		{"short of -C", []string{"-C", "2"}, 130},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, append([]string{"sub", "--url", s.url, "-t", "a", "-v"}, c.args...)...)
			<-h.made
			s.say(t, "a", "b", 0, false)
			p.stdout.awaitText(t, "a b\n")
			p.signal(syscall.SIGINT)
			r := p.wait()
			require.Equal(t, c.code, r.code, r.stderr)
		})
	}
	t.Run("with a reader that has stopped", func(t *testing.T) {
		out, in, err := os.Pipe()
		require.NoError(t, err)
		defer out.Close()
		cmd := command(t.Context(), t, call{args: []string{"sub", "--url", s.url, "-t", "a", "--drain", "50ms"}})
		cmd.Stdout = in
		require.NoError(t, cmd.Start())
		in.Close()
		<-h.made
		s.say(t, "a", strings.Repeat("x", 300_000), 0, false) // more than a pipe holds
		_, err = out.Read(make([]byte, 1))
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		cmd.Wait()
		require.Equal(t, 130, cmd.ProcessState.ExitCode())
	})
}

func TestSubIntoAClosedPipe(t *testing.T) {
	t.Parallel()
	s, h := newTeller(t)
	cmd := command(t.Context(), t, call{args: []string{"sub", "--url", s.url, "-t", "a", "-q", "1", "-c", "-i", "head"}})
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	<-h.made
	s.say(t, "a", "first", 1, false)
	_, err = out.Read(make([]byte, 100))
	require.NoError(t, err)
	out.Close() // and no further message
	require.NoError(t, cmd.Wait())
	s.say(t, "a", "second", 1, false)
	r := run(t, "sub", "--url", s.url, "-t", "a", "-q", "1", "-c", "-i", "head", "-C", "1")
	require.Equal(t, result{0, "second\n", ""}, r)
}

func TestSubFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	s, h := newTeller(t)
	keep := []string{"sub", "--url", s.url, "-t", "a", "-q", "1", "-c", "-i", "full", "-C", "1"}
	cmd := command(t.Context(), t, call{args: keep})
	cmd.Stdout = full
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	<-h.made
	s.say(t, "a", "b", 1, false)
	cmd.Wait()
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Contains(t, stderr.String(), "no space left")
	require.Equal(t, "b\n", run(t, keep...).stdout, "it was not acknowledged")
}

func TestSubSession(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	keep := []string{"sub", "--url", s.url, "-c", "-i", "keeper", "-q", "1"}
	require.Equal(t, 0, run(t, append(keep, "-t", "a", "-t", "b", "-E")...).code)
	s.say(t, "a", "while away", 1, false)
	require.Equal(t, result{0, "while away\n", ""}, run(t, append(keep, "-t", "a", "-C", "1")...))
	r := run(t, append(keep, "-U", "b", "-E")...)
	require.Equal(t, result{0, "", ""}, r)
	s.say(t, "b", "to nobody", 1, false)
	s.say(t, "a", "to us", 1, false)
	require.Equal(t, result{0, "to us\n", ""}, run(t, append(keep, "-t", "a", "-C", "1")...))
}

func TestSubPrettyOnATerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.say(t, "plant/1", `{"t":21.5}`, 0, true)
	s.say(t, "plant/2", "\x1b]0;title\x07", 0, true)
	term := startTerminal(t, 80, 24, call{args: []string{"sub", "--url", s.url, "-t", "plant/#", "-o", "pretty", "-C", "2"}})
	code, raw := term.wait()
	require.Equal(t, 0, code)
	require.Contains(t, raw, "\x1b[1;36mplant/1\x1b[0m")
	require.Contains(t, raw, "    \x1b[34m\"t\"\x1b[0m: \x1b[33m21.5\x1b[0m")
	require.Contains(t, raw, `\x1b]0;title\a`)
	r := run(t, "sub", "--url", s.url, "-t", "plant/1", "-o", "pretty", "-C", "1")
	require.Contains(t, r.stdout, "  {\n    \"t\": 21.5\n  }\n")
	require.NotContains(t, r.stdout, "\x1b")
}

// limited runs the program where no file can be larger than 512 bytes, or 1 KiB.
func limited(t testing.TB, args ...string) (code int, stderr string) {
	cmd := command(t.Context(), t, call{args: args})
	shell := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -f 1; exec "$@"`, "sh", program}, args...)...)
	shell.Env = cmd.Env
	var b strings.Builder
	shell.Stderr = &b
	shell.Run()
	return shell.ProcessState.ExitCode(), b.String()
}

func TestSubOutDir(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	dir := filepath.Join(t.TempDir(), "out")
	keep := []string{"sub", "--url", s.url, "-c", "-i", "files", "-q", "1", "-t", "#", "--out-dir", dir}
	require.Equal(t, 0, run(t, append(keep, "-E")...).code)
	topics := []string{"../../x", "/etc/x", "..", ".hidden", "a/b", "a", "a%2Fb", strings.Repeat("long/", 200), "ä"}
	for _, topic := range topics {
		s.say(t, topic, topic, 1, false)
	}
	half := len(topics) / 2
	require.Equal(t, 0, run(t, append(keep, "-C", fmt.Sprint(half))...).code)
	require.Equal(t, 0, run(t, append(keep, "-C", fmt.Sprint(len(topics)-half))...).code, "again, into the same directory")
	require.ElementsMatch(t, topics, contents(t, dir))

	s.say(t, "big", strings.Repeat("x", 4000), 1, false)
	code, stderr := limited(t, append(keep, "-C", "1")...)
	require.Equal(t, 1, code, stderr)
	require.Contains(t, stderr, "file too large")
	require.Len(t, contents(t, dir), len(topics), "no half file is left")
	require.Equal(t, 0, run(t, append(keep, "-C", "1")...).code)
	require.Len(t, contents(t, dir), len(topics)+1, "it came again")
}

func contents(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.Regexp(t, `^\d{8}T\d{6}\.\d{6}Z-\d{6,}-[0-9a-f]{8}-[A-Za-z0-9_.%-]*~?$`, e.Name())
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		all = append(all, string(b))
	}
	return all
}

func TestSubExec(t *testing.T) {
	t.Parallel()
	s := newServer(t, new(auth.AllowHook))
	keep := []string{"sub", "--url", s.url, "-c", "-i", "runner", "-q", "1", "-t", "#"}
	require.Equal(t, 0, run(t, append(keep, "-E")...).code)
	s.say(t, "a/1", "one\n", 1, false)
	require.Equal(t, 0, run(t, append(keep, "-C", "1", "--exec", `[ $MQTT_MESSAGE_TOPIC = a/1 ]`)...).code)
	s.say(t, "a/2", "two\n", 1, false)
	r := run(t, append(keep, "-C", "1", "--exec", `[ $MQTT_MESSAGE_TOPIC = a/1 ]`)...)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, `--exec failed for a message on "a/2": exit status 1`)
	const show = `echo "$MQTT_MESSAGE_TOPIC $MQTT_MESSAGE_QOS $MQTT_MESSAGE_RETAIN $MQTT_MESSAGE_LENGTH"; cat`
	require.Equal(t, "a/2 1 0 4\ntwo\n", run(t, append(keep, "-C", "1", "--exec", show)...).stdout, "the first was acknowledged, the second not")

	s.say(t, "a/3", "three", 1, false)
	r = run(t, append(keep, "-C", "1", "--exec", "exit 3", "--exec-failed", "skip")...)
	require.Equal(t, 0, r.code)
	require.Contains(t, r.stderr, "exit status 3")
	s.say(t, "a/4", "four", 1, false)
	r = run(t, append(keep, "-C", "1", "--exec", "exit 4", "--exec-failed", "reject")...)
	require.Equal(t, 0, r.code, r.stderr)
	s.say(t, "a/5", "five", 1, false)
	r = run(t, append(keep, "-C", "1", "-o", "ndjson", "--exec", "cat")...)
	require.Contains(t, r.stdout, `"payload":"five"`, "nothing before it came again")

	for i := range 6 {
		s.say(t, "p", fmt.Sprintln(i), 1, false)
	}
	r = run(t, append(keep, "-C", "6", "--exec", "cat", "--exec-parallel", "3")...)
	require.Equal(t, 0, r.code, r.stderr)
	require.ElementsMatch(t, strings.Fields("0 1 2 3 4 5"), strings.Fields(r.stdout))

	r = run(t, "sub", "--url", s.url, "-t", "x", "-V", "311", "--exec", "true", "--exec-failed", "reject")
	require.Equal(t, 2, r.code)
}

func TestSubExecInterrupted(t *testing.T) {
	t.Parallel()
	s, h := newTeller(t)
	for _, c := range []struct {
		name, drain string
		code        int
		out         string
	}{
		{"the command may finish", "60s", 0, "begin\nend\n"},
		{"for as long as --drain", "50ms", 130, "begin\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			require.NoError(t, syscall.Mkfifo(fifo, 0o600))
			p := start(t, "sub", "--url", s.url, "-t", "a", "--drain", c.drain, "--exec", "echo begin; read line <"+fifo+"; echo end")
			<-h.made
			s.say(t, "a", "b", 0, false)
			p.stdout.awaitText(t, "begin\n")
			p.signal(syscall.SIGINT)
			if c.code == 0 {
				require.NoError(t, os.WriteFile(fifo, []byte("go on\n"), 0))
			}
			r := p.wait()
			require.Equal(t, c.code, r.code, r.stderr)
			require.Equal(t, c.out, r.stdout)
		})
	}
}

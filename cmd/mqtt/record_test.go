package main_test

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestRecordReplayRecord(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one.ndjson", "one.ndjson.zst"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			one, two := filepath.Join(dir, name), filepath.Join(dir, "two-"+name)
			first, second := newKeeper(t, mqtttest.BrokerConfig{}), newKeeper(t, mqtttest.BrokerConfig{})

			p := start(t, "record", "-L", first.url+"/a/#", "-C", "5", "-f", one)
			p.stderr.awaitText(t, "recording to "+one)
			publish(t, client(t, first.url, mqtt.Config{MaxInFlight: 1}), everything()...)
			r := p.wait()
			require.Equal(t, 0, r.code, r.stderr)
			require.Contains(t, r.stderr, "recorded 5 messages")
			requireEverything(t, messagesOf(recorded(t, one)), "")

			p = start(t, "record", "--url", second.url, "-t", "#", "-C", "5", "-f", two)
			p.stderr.awaitText(t, "recording to")
			r = run(t, "replay", "--url", second.url, one, "--speed", "max", "--max-inflight", "1", "--map", "a/#=b/a/#")
			require.Equal(t, 0, r.code, r.stderr)
			require.Contains(t, r.stderr, "5 messages acknowledged, 0 failed")
			r = p.wait()
			require.Equal(t, 0, r.code, r.stderr)
			requireEverything(t, messagesOf(recorded(t, two)), "b/")
		})
	}
}

// TestRecordOfALargeMessage has one in the middle that a client who doesn't ask for it wouldn't be sent.
func TestRecordOfALargeMessage(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	file := filepath.Join(t.TempDir(), "large.ndjson.zst")
	p := start(t, "record", "--url", k.url, "-t", "n", "-C", "3", "-f", file)
	p.stderr.awaitText(t, "recording to")
	large := strings.Repeat("large", 1<<20)
	all := numbers("n", mqtt.AtLeastOnce, 0, 3)
	all[1].Payload = []byte(large)
	publish(t, client(t, k.url, mqtt.Config{}), all...)
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, []string{"0", large, "2"}, payloads(recorded(t, file)))
}

// TestRecordKilled kills the recorder in the middle of what it does, again and again. The server keeps its session.
func TestRecordKilled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"all.ndjson", "all.ndjson.zst"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeeper(t, mqtttest.BrokerConfig{})
			file := filepath.Join(t.TempDir(), name)
			c := client(t, s.url, mqtt.Config{})
			args := []string{"record", "--url", s.url, "-c", "-i", "recorder", "-t", "n/#", "-q", "1", "-f", file, "--append"}
			const rounds, each = 4, 200
			for n := range rounds {
				p := start(t, args...)
				p.stderr.awaitText(t, "recording to")
				publish(t, c, numbers("n/1", mqtt.AtLeastOnce, n*each, (n+1)*each)...)
				p.signal(syscall.SIGKILL)
				p.wait()
			}
			r := run(t, append(args, "--idle", "2s")...)
			require.Equal(t, 0, r.code, r.stderr)
			require.Equal(t, counted(0, rounds*each), firsts(payloads(recorded(t, file))))
		})
	}
}

func TestRecordMendsWhatAKillLeft(t *testing.T) {
	t.Parallel()
	s := newKeeper(t, mqtttest.BrokerConfig{})
	file := filepath.Join(t.TempDir(), "all.ndjson")
	whole := `{"time":"2026-01-02T03:04:05.000000Z","topic":"a","qos":1,"retain":false,"payload":"x"}` + "\n"
	require.NoError(t, os.WriteFile(file, []byte(whole+whole[:40]), 0o600))
	r := run(t, "record", "--url", s.url, "-t", "a", "-f", file)
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "is there already; give --append")

	p := start(t, "record", "--url", s.url, "-t", "a", "-f", file, "--append", "-C", "1")
	p.stderr.awaitText(t, "recording to")
	publish(t, client(t, s.url, mqtt.Config{}), mqtt.Message{Topic: "a", Payload: []byte("y")})
	r = p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "40 bytes at its end are cut off")
	require.Equal(t, []string{"x", "y"}, payloads(recorded(t, file)))
}

// TestRecordOnAFullDisk has the system refuse what is beyond some size. Nothing that isn't in the file is acknowledged.
func TestRecordOnAFullDisk(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"all.ndjson", "all.ndjson.zst"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newKeeper(t, mqtttest.BrokerConfig{})
			file := filepath.Join(t.TempDir(), name)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			args := []string{"record", "--url", s.url, "-c", "-i", "recorder", "-t", "n", "-q", "1", "-f", file, "--append"}
			cmd := command(ctx, t, call{args: args})
			cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `ulimit -f 4; exec "$0" "$@"`, program}, args...)
			errors, err := cmd.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			stderr := follow(errors)
			stderr.awaitText(t, "recording to")
			publish(t, client(t, s.url, mqtt.Config{}), numbers("n", mqtt.AtLeastOnce, 0, 1000)...)
			<-stderr.ended
			cmd.Wait()
			require.Equal(t, 1, cmd.ProcessState.ExitCode(), stderr.text())
			require.Contains(t, stderr.text(), "file too large; the")
			require.Contains(t, stderr.text(), "make room, and go on with --append")
			before := len(recorded(t, file))
			require.Less(t, before, 1000)

			r := run(t, append(args, "--idle", "2s")...)
			require.Equal(t, 0, r.code, r.stderr)
			require.Equal(t, counted(0, 1000), firsts(payloads(recorded(t, file))))
		})
	}
}

// TestRecordToAPipe ends in order when its reader has gone.
func TestRecordToAPipe(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	p := start(t, "record", "--url", k.url, "-t", "n", "-f", path)
	pipe, err := os.Open(path)
	require.NoError(t, err)
	p.stderr.awaitText(t, "recording to")
	c := client(t, k.url, mqtt.Config{})
	publish(t, c, numbers("n", mqtt.AtLeastOnce, 0, 1)...)
	text, err := bufio.NewReader(pipe).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, text, `"payload":"0"`)
	require.NoError(t, pipe.Close())
	publish(t, c, numbers("n", mqtt.AtLeastOnce, 1, 2)...)
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "recorded 1 messages")
}

func TestRecordInPieces(t *testing.T) {
	t.Parallel()
	s := newKeeper(t, mqtttest.BrokerConfig{})
	dir := t.TempDir()
	p := start(t, "record", "--url", s.url, "-t", "n", "-f", filepath.Join(dir, "n.ndjson"), "--rotate-size", "1", "-C", "3")
	p.stderr.awaitText(t, "recording to")
	c := client(t, s.url, mqtt.Config{})
	for n := range 3 {
		publish(t, c, numbers("n", mqtt.AtLeastOnce, n, n+1)...)
	}
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	pieces, err := filepath.Glob(filepath.Join(dir, "n-*.ndjson"))
	require.NoError(t, err)
	r = run(t, append([]string{"replay", "--dry-run", "--speed", "max"}, pieces...)...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, strings.Repeat("+0.000000s n QoS 1, 1 bytes\n", 3), r.stdout)
}

func TestRecordEnds(t *testing.T) {
	t.Parallel()
	s := newKeeper(t, mqtttest.BrokerConfig{})
	for _, c := range []struct {
		name      string
		args      []string
		interrupt bool
		code      int
	}{
		{"an interrupt", nil, true, 0},
		{"an interrupt before -C", []string{"-C", "1"}, true, 130},
		{"-W", []string{"-W", "0.1"}, false, 27},
		{"--duration", []string{"--duration", "0.1"}, false, 0},
		{"--idle", []string{"--idle", "0.1"}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, append([]string{"record", "--url", s.url, "-t", "#"}, c.args...)...)
			if c.interrupt {
				p.stderr.awaitText(t, "recording to standard output")
				p.signal(syscall.SIGINT)
			}
			r := p.wait()
			require.Equal(t, c.code, r.code, r.stderr)
			require.Contains(t, r.stderr, "recorded 0 messages")
			require.Empty(t, r.stdout)
		})
	}
}

func TestRecordUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "no topic filter given"},
		{[]string{"-t", "a#"}, `--topic "a#"`},
		{[]string{"-t", "a", "-T", "#b"}, `--filter-out "#b"`},
		{[]string{"-t", "a", "-q", "3"}, "--qos 3"},
		{[]string{"-t", "a", "-C", "-1"}, "--count -1"},
		{[]string{"-t", "a", "--append"}, "give its name with -f"},
		{[]string{"-t", "a", "--rotate-size", "big"}, "give a number of bytes"},
		{[]string{"-t", "a", "-c"}, "--keep-session needs --id"},
	} {
		r := run(t, append([]string{"record"}, c.args...)...)
		require.Equal(t, 2, r.code, "%q", c.args)
		require.Contains(t, r.stderr, c.says)
	}
}

func TestRecordInATerminal(t *testing.T) {
	t.Parallel()
	s := newKeeper(t, mqtttest.BrokerConfig{})
	file := filepath.Join(t.TempDir(), "n.ndjson")
	term := startTerminal(t, 160, 10, call{args: []string{"record", "--url", s.url, "-t", "n", "-f", file}})
	term.awaitText("recording to")
	publish(t, client(t, s.url, mqtt.Config{}), numbers("n", mqtt.AtLeastOnce, 0, 7)...)
	term.awaitText("recorded 7 messages, ")
	term.keys("\x03")
	code, _ := term.wait()
	require.Equal(t, 0, code)
	require.Len(t, recorded(t, file), 7)
}

package main_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// recordingOf writes lines to a file.
func recordingOf(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rec.ndjson")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	return path
}

// took are topics and payloads that the server got.
func (k *keeper) took() (all []string) {
	for _, r := range k.Received() {
		all = append(all, r.Message.Topic+" "+string(r.Message.Payload))
	}
	return all
}

func TestReplayOfABrokenLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, third, says string }{
		{"no JSON", `{"topic":`, "line 3: isn't a message in JSON"},
		{"no topic", `{"payload":"x"}`, `line 3: has no "topic"`},
		{"a topic that none can be", `{"topic":"a/#"}`, "line 3: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t, mqtttest.BrokerConfig{})
			file := recordingOf(t, `{"topic":"a","payload":"1","qos":1}`, `{"topic":"a","payload":"2","qos":2}`, c.third, `{"topic":"a","payload":"4"}`)
			r := run(t, "replay", "--url", k.url, file)
			require.Equal(t, 1, r.code, r.stderr)
			require.Contains(t, r.stderr, file+", "+c.says)
			require.Contains(t, r.stderr, "2 messages acknowledged, 0 failed")
			require.Equal(t, []string{"a 1", "a 2"}, k.took())
		})
	}
}

func TestReplayChanges(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	in := `{"topic":"a/1","payload":"x","retain":true,"qos":2,"properties":{"content-type":"t"}}` + "\n" + `{"topic":"b","payload":"y"}`
	r := runCall(t, call{stdin: strings.NewReader(in), args: []string{"replay", "--url", k.url, "-", "--map", "a/+=c/+/x", "-q", "1", "--retain", "drop",
		"--without-properties"}})
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, []string{"c/1/x x", "b y"}, k.took())
	for _, m := range k.Received() {
		require.Equal(t, codec.AtLeastOnce, m.Message.QoS)
		require.False(t, m.Message.Retain)
		require.Nil(t, m.Message.Properties)
	}
}

// TestReplayOfAMessageInItsLastSecond has one that came as mosquitto sends it in the second in which it ends.
func TestReplayOfAMessageInItsLastSecond(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	r := run(t, "replay", "--url", k.url, recordingOf(t, `{"topic":"a","payload":"1","properties":{"message-expiry-interval":0}}`))
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, []string{"a 1"}, k.took())
}

func TestReplayThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{Authorize: func(_, topic string, _ bool) codec.ReasonCode {
		if topic == "no" {
			return codec.NotAuthorized
		}
		return codec.Success
	}})
	file := recordingOf(t, `{"topic":"a","qos":1}`, `{"topic":"no","qos":1}`, `{"topic":"b","qos":1}`)
	r := run(t, "replay", "--url", k.url, "-f", file)
	require.Equal(t, 8, r.code, r.stderr)
	require.Contains(t, r.stderr, "2 messages acknowledged, 1 failed")
	require.Contains(t, r.stderr, "1 of 3 messages were not acknowledged; the first of them: ")
	require.Contains(t, r.stderr, "not authorized")
}

// TestReplayOfWhatEndsEachConnection has a server that answers one message with what is no answer, again and again.
func TestReplayOfWhatEndsEachConnection(t *testing.T) {
	t.Parallel()
	r := run(t, "replay", "--url", answeringNonsense(t), recordingOf(t, `{"topic":"a","qos":1}`))
	require.Equal(t, 8, r.code, r.stderr)
	require.Contains(t, r.stderr, "0 messages acknowledged, 1 failed")
	require.Contains(t, r.stderr, "3 connections in a row have ended before the oldest message was acknowledged")
}

func TestReplayBeyondWhatTheServerAllows(t *testing.T) {
	t.Parallel()
	qos := codec.AtLeastOnce
	k := newKeeper(t, mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{MaximumQoS: &qos}})
	r := run(t, "replay", "--url", k.url, recordingOf(t, `{"topic":"a","qos":2}`, `{"topic":"b","qos":1}`))
	require.Equal(t, 8, r.code, r.stderr)
	require.Contains(t, r.stderr, "1 messages acknowledged, 1 failed")
}

func TestReplayInterrupted(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	file := recordingOf(t, `{"time":"2026-01-02T03:04:05Z","topic":"a","qos":1}`, `{"time":"2026-01-03T03:04:05Z","topic":"b","qos":1}`)
	p := start(t, "replay", "--url", k.url, file)
	k.await(func(s mqtttest.BrokerStats) bool { return s.Received > 0 })
	p.signal(syscall.SIGTERM)
	r := p.wait()
	require.Equal(t, 130, r.code, r.stderr)
	require.Contains(t, r.stderr, "1 messages acknowledged, 0 failed")
}

// TestReplayInterruptedWhileNothingComes has standard input open, and nothing more in it.
func TestReplayInterruptedWhileNothingComes(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	p := start(t, "replay", "--url", k.url, "-")
	_, err := io.WriteString(p.stdin, `{"topic":"a","qos":1}`+"\n")
	require.NoError(t, err)
	k.await(func(s mqtttest.BrokerStats) bool { return s.Received > 0 })
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 130, r.code, r.stderr)
	require.Equal(t, "mqtt: 1 messages acknowledged, 0 failed\nmqtt: interrupted\n", r.stderr)
}

// TestReplayOfANamedPipe opens it once.
func TestReplayOfANamedPipe(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	p := start(t, "replay", "--url", k.url, path)
	in, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = in.WriteString(`{"topic":"a","payload":"1","qos":1}`)
	require.NoError(t, err)
	require.NoError(t, in.Close())
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, []string{"a 1"}, k.took())
}

func TestReplayWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	var lines []string
	for _, n := range counted(0, 3000) {
		lines = append(lines, `{"topic":"a","qos":1,"payload":"`+n+`"}`)
	}
	p := start(t, "replay", "--url", k.url, recordingOf(t, lines...), "--speed", "0")
	for n := range 3 {
		k.await(func(s mqtttest.BrokerStats) bool { return s.Received > 500*n })
		k.stop()
		k.start()
	}
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "3000 messages acknowledged, 0 failed")
	var got []string
	for _, m := range k.Received() {
		got = append(got, string(m.Message.Payload))
	}
	require.Equal(t, counted(0, 3000), firsts(got))
}

func TestReplayDryRun(t *testing.T) {
	t.Parallel()
	file := recordingOf(t, `{"time":"2026-01-02T03:04:05Z","topic":"a/1","qos":1,"payload":"xyz"}`, `{"time":"2026-01-02T03:04:06.5Z","topic":"b","retain":true}`)
	r := run(t, "replay", "--dry-run", "--map", "a/#=c/#", file)
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "+0.000000s c/1 QoS 1, 3 bytes\n+1.500000s b QoS 0, 0 bytes, retained\n", r.stdout)
	r = run(t, "replay", "--dry-run", "--speed", "3", "--loop", "2", "--from", "1", file)
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, "round 1 +0.000000s b QoS 0, 0 bytes, retained\nround 2 +0.000000s b QoS 0, 0 bytes, retained\n", r.stdout)
}

func TestReplayUsage(t *testing.T) {
	t.Parallel()
	file := recordingOf(t, `{"topic":"a"}`)
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "no file given"},
		{[]string{"nosuch.ndjson"}, "nosuch.ndjson: no such file"},
		{[]string{"-", "--loop", "2"}, "standard input can be read once"},
		{[]string{file, "--loop", "-1"}, "--loop -1"},
		{[]string{file, "--speed", "fast"}, "give how many times as fast"},
		{[]string{file, "--map", "a"}, "give FROM=TO"},
		{[]string{file, "--qos", "3"}, "--qos 3"},
		{[]string{file, "--retain", "maybe"}, "give keep or drop"},
		{[]string{file, "--from", "noon"}, "give how long after the first message"},
		{[]string{file, "--dry-run", "--loop", "0"}, "no end together"},
	} {
		r := run(t, append([]string{"replay"}, c.args...)...)
		require.Equal(t, 2, r.code, "%q: %s", c.args, r.stderr)
		require.Contains(t, r.stderr, c.says)
	}
}

func TestReplayInATerminal(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	file := recordingOf(t, `{"time":"2026-01-02T03:04:05Z","topic":"a","qos":1}`, `{"time":"2026-01-03T03:04:05Z","topic":"b","qos":1}`)
	term := startTerminal(t, 120, 10, call{args: []string{"replay", "--url", k.url, file}})
	term.awaitText("replayed 1 messages, ")
	term.keys("\x03")
	code, _ := term.wait()
	require.Equal(t, 130, code)
}

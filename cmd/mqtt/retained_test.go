package main_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// keep has a server retain messages, as topic=payload.
func keep(t *testing.T, s *server, messages ...string) {
	t.Helper()
	for _, m := range messages {
		topic, payload, _ := strings.Cut(m, "=")
		require.NoError(t, s.Publish(topic, []byte(payload), true, 1))
	}
}

// holding starts a server that retains messages, as topic=payload.
func holding(t *testing.T, messages ...string) *server {
	t.Helper()
	s := newServer(t)
	keep(t, s, messages...)
	return s
}

// many are messages for holding.
func many(n int) (messages []string) {
	for i := range n {
		messages = append(messages, fmt.Sprintf("many/%d=%d", i, i))
	}
	return messages
}

// retained runs `mqtt retained` with this server, which has to go well.
func (s *server) retained(t *testing.T, args ...string) result {
	t.Helper()
	r := run(t, append(append([]string{"retained"}, args...), "--url", s.url)...)
	require.Equal(t, 0, r.code, "%q: %s", args, r.stderr)
	return r
}

// kept are the topics whose messages a server retains.
func kept(t *testing.T, s *server, filter string) (topics []string) {
	t.Helper()
	const subscription = 7
	require.NoError(t, s.Subscribe(filter, subscription, func(_ *mochi.Client, _ packets.Subscription, p packets.Packet) {
		topics = append(topics, p.TopicName)
	}))
	require.NoError(t, s.Unsubscribe(filter, subscription))
	slices.Sort(topics)
	return topics
}

func TestRetainedLsAndGet(t *testing.T) {
	s := holding(t, "a/1=one", "a/2=\x00\xff", "b/1=other", "a/strange\n=x")
	r := s.retained(t, "ls", "a/#")
	require.ElementsMatch(t, []string{"        3  QoS 1  a/1", "        2  QoS 1  a/2", `        1  QoS 1  "a/strange\n"`}, strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n"))
	require.Equal(t, "3 retained messages, 6 bytes\n", r.stderr, "it is sure that these are all")

	r = s.retained(t, "ls", "b/#", "-o", "ndjson", "-V", "311")
	require.Equal(t, `{"topic":"b/1","size":5,"qos":1}`+"\n", r.stdout)

	r = s.retained(t, "ls", "b/#", "--sentinel", "", "--idle", "0.2")
	require.Contains(t, r.stdout, "b/1")
	require.Contains(t, r.stderr, "is a guess, as none came for 200ms (--idle)")

	for _, args := range [][]string{{"a/2"}, {"-t", "a/2"}} {
		r = s.retained(t, append([]string{"get"}, args...)...)
		require.Equal(t, "\x00\xff", r.stdout)
	}

	r = run(t, "retained", "get", "-L", s.url+"/a/none")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Contains(t, r.stderr, "no message is retained for a/none")
}

func TestRetainedWrongUse(t *testing.T) {
	url := newServer(t).url // what a filter may be is the library's to say
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"retained"}, "there are ls, get, rm, dump and load"},
		{[]string{"retained", "list"}, `no command "list"`},
		{[]string{"retained", "ls"}, "the filter is missing"},
		{[]string{"retained", "ls", "a", "b"}, `unexpected argument "b"`},
		{[]string{"retained", "ls", "a", "-t", "b"}, "--topic names a topic already"},
		{[]string{"retained", "ls", "-L", "mqtt://h/a", "-t", "b"}, "--topic and --topic-url both say what the topic is"},
		{[]string{"retained", "ls", "a/#/b", "--url", url}, "wildcard in the wrong place"},
		{[]string{"retained", "ls", "$share/g/a"}, "shared subscription"},
		{[]string{"retained", "ls", "a", "-o", "xml"}, "--output"},
		{[]string{"retained", "ls", "a", "-q", "3"}, "--qos 3"},
		{[]string{"retained", "ls", "a", "--idle", "0"}, "--idle 0"},
		{[]string{"retained", "ls", "a", "--sentinel", "a/#"}, `--sentinel "a/#"`},
		{[]string{"retained", "get", "a/+"}, "one topic"},
		{[]string{"retained", "rm", "$SYS/#", "--yes"}, "belongs to the server"},
		{[]string{"retained", "load"}, "the file"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := run(t, c.args...)
			require.Equal(t, 2, r.code, r.stderr)
			require.Contains(t, r.stderr, c.says)
		})
	}
}

func TestRetainedRm(t *testing.T) {
	s := holding(t, "a/1=one", "a/2=two", "b/1=other")
	r := s.retained(t, "rm", "a/#")
	require.ElementsMatch(t, []string{"a/1", "a/2"}, strings.Fields(r.stdout))
	require.Contains(t, r.stderr, "2 retained messages would be cleared; --yes does it")
	require.Len(t, kept(t, s, "#"), 3, "a dry run has cleared something")

	r = runCall(t, call{args: []string{"retained", "rm", "a/#", "--url", s.url}, env: []string{"MQTT_YES=true"}})
	require.Equal(t, 0, r.code, r.stderr)
	require.Len(t, kept(t, s, "#"), 3, "what the environment says is no yes")

	r = s.retained(t, "rm", "a/#", "--yes")
	require.ElementsMatch(t, []string{"a/1", "a/2"}, strings.Fields(r.stdout))
	require.Contains(t, r.stderr, "2 retained messages cleared")
	require.Equal(t, []string{"b/1"}, kept(t, s, "#"))

	r = s.retained(t, "rm", "#", "--yes")
	require.Equal(t, "b/1\n", r.stdout)
}

func TestRetainedRmSaysWhatIsStillThere(t *testing.T) {
	var s *server
	swallow := func(topic string, payload []byte) bool { return topic == "a/2" && len(payload) == 0 }
	s = newServer(t, &rights{swallow: swallow})
	keep(t, s, "a/1=one", "a/2=two")
	r := run(t, "retained", "rm", "a/#", "--url", s.url, "--yes")
	if len(kept(t, s, "a/#")) == 0 {
		t.Fatal("the server was to keep it")
	}
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "1 of 2 retained messages is still there or there again, as a/2")

	s = newServer(t, &rights{closed: "b/"})
	keep(t, s, "b/1=one")
	r = run(t, "retained", "rm", "b/#", "--url", s.url, "--yes")
	require.Equal(t, 6, r.code, r.stderr)
	require.Contains(t, r.stderr, "b/1: mqtt: publish: PUBACK: not authorized")
}

func TestRetainedDumpAndLoad(t *testing.T) {
	from, to := newServer(t), newServer(t)
	keep(t, from, "a/1=one", "a/2=\x00\xff", "b=1")
	keep(t, from, many(300)...)
	r := runCall(t, call{args: []string{"retained", "dump", "b", "-f", "-", "--url", from.url}, dir: t.TempDir()})
	require.Contains(t, r.stdout, `{"topic":"b","qos":1,"retain":true,"payload":"1"`, r.stderr)
	for _, name := range []string{"all.ndjson", "all.ndjson.zst"} {
		file := filepath.Join(t.TempDir(), name)
		r := from.retained(t, "dump", "#", "-f", file)
		require.Contains(t, r.stderr, "303 retained messages, ")
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, strings.HasSuffix(name, ".zst"), string(b[:4]) == "\x28\xb5\x2f\xfd", "compressed when its name says so")

		r = to.retained(t, "load", file, "--dry-run")
		require.Contains(t, r.stderr, "303 retained messages would be published")
		require.Empty(t, kept(t, to, "#"))

		r = to.retained(t, "load", file)
		require.Contains(t, r.stderr, "303 retained messages published")
		require.Equal(t, kept(t, from, "#"), kept(t, to, "#"))
		r = run(t, "retained", "get", "a/2", "--url", to.url)
		require.Equal(t, "\x00\xff", r.stdout)

		r = to.retained(t, "rm", "#", "--yes")
		require.Empty(t, kept(t, to, "#"))
	}
}

func TestRetainedDumpLeavesTheLastOneAloneUntilItIsWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "all.ndjson")
	require.NoError(t, os.WriteFile(file, []byte("yesterday's\n"), 0o644))
	r := run(t, "retained", "dump", "a/#/b", "-f", file, "--url", newServer(t).url) // which the library refuses
	require.Equal(t, 2, r.code, r.stderr)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "yesterday's\n", string(b))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing else is left")
}

func TestRetainedLoadOfWhatEndsEachConnection(t *testing.T) {
	t.Parallel()
	r := run(t, "retained", "load", recordingOf(t, `{"topic":"a","qos":1,"payload":"1"}`), "--url", answeringNonsense(t))
	require.Equal(t, 8, r.code, r.stderr)
	require.Contains(t, r.stderr, "3 connections in a row have ended before the oldest message was acknowledged")
}

func TestRetainedLoadStopsAtWhatItCannotRead(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct{ name, in, says string }{
		{"no JSON", `{"topic":"a","payload":"1"}` + "\nnonsense\n", "line 2: isn't a message in JSON"},
		{"would clear", `{"topic":"a","payload":""}`, "line 1: has no payload, and so would clear"},
		{"no topic", `{"topic":"a","payload":"1"}` + "\n" + `{"topic":"a/#","payload":"1"}`, "line 2: topic name contains a wildcard"},
		{"what was before counts", `{"topic":"a","payload":"1"}` + "\n" + `{"topic":"a/#","payload":"1"}`, "1 retained message published"},
		{"a property that can't be", `{"topic":"a","payload":"1","properties":{"message-expiry-interval":-5}}`, "line 1: mqtt: publish: Message.Properties"},
		{"damaged", "\x28\xb5\x2f\xfd", "line 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runCall(t, call{args: []string{"retained", "load", "-", "--url", s.url}, stdin: strings.NewReader(c.in)})
			require.Equal(t, 1, r.code, r.stderr)
			require.Contains(t, r.stderr, c.says)
		})
	}
	in := `{"topic":"$SYS/x","payload":"1"}` + "\n\n" + `{"topic":"b","payload":"2"}`
	r := runCall(t, call{args: []string{"retained", "load", "-", "--url", s.url}, stdin: strings.NewReader(in)})
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "1 retained message published")
	require.Contains(t, r.stderr, "1 of $SYS left out")
	r = run(t, "retained", "load", filepath.Join(t.TempDir(), "none"), "--url", s.url)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "no such file")
}

func TestRetainedLoadIsInterruptedWhileItReads(t *testing.T) {
	s := newServer(t)
	p := start(t, "retained", "load", "-", "--url", s.url, "-d")
	io.WriteString(p.stdin, `{"topic":"a","payload":"1"}`+"\n")
	p.stderr.awaitText(t, "<- PUBACK")
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 130, r.code, r.stderr)
	require.Contains(t, r.stderr, "1 retained message published")
	require.Equal(t, []string{"a"}, kept(t, s, "#"))
}

func TestRetainedLoadSaysThatTheServerIsGoneAndBack(t *testing.T) {
	s := newServer(t)
	p := start(t, "retained", "load", "-", "--url", s.url, "-d")
	io.WriteString(p.stdin, `{"topic":"a","payload":"1"}`+"\n")
	p.stderr.awaitText(t, "<- PUBACK")
	s.stop()
	p.stderr.awaitText(t, "is lost")
	l, err := net.Listen("tcp", "127.0.0.1:"+s.port)
	require.NoError(t, err)
	again := serve(t, l)
	p.stderr.awaitText(t, "mqtt: connected to ")
	io.WriteString(p.stdin, `{"topic":"b","payload":"2"}`+"\n")
	p.stdin.Close()
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "2 retained messages published")
	require.Contains(t, kept(t, again, "#"), "b")
}

func TestRetainedKnowsWhatAFullQueueIs(t *testing.T) {
	lose := func(payload string) mochi.Hook {
		return &rights{swallow: func(topic string, p []byte) bool {
			return strings.HasPrefix(topic, "mqtt-retained/") && (payload == "" || string(p) == payload)
		}}
	}
	s := newServer(t, lose("1"))
	keep(t, s, "a/1=one")
	r := run(t, "retained", "ls", "a/#", "--url", s.url, "--idle", "0.3")
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "queue for us was full")

	s = newServer(t, lose(""))
	keep(t, s, "a/1=one")
	r = s.retained(t, "ls", "a/#", "--idle", "0.3")
	require.Contains(t, r.stdout, "a/1")
	require.Contains(t, r.stderr, "is a guess")
	require.Contains(t, r.stderr, "perhaps its topic isn't allowed (--sentinel)")

	s = newServer(t, &rights{closed: "mqtt-retained/"})
	keep(t, s, "a/1=one")
	r = s.retained(t, "ls", "a/#", "--idle", "0.3")
	require.Contains(t, r.stderr, "not authorized")
}

func TestRetainedLsOfAReaderThatLeaves(t *testing.T) {
	s := holding(t, many(3000)...)
	p := start(t, "retained", "ls", "many/#", "-q", "0", "--url", s.url)
	p.stdout.awaitText(t, "many/")
	require.Equal(t, 0, p.wait().code)

	in, out, err := os.Pipe()
	require.NoError(t, err)
	c := command(t.Context(), t, call{args: []string{"retained", "dump", "many/#", "-q", "0", "--url", s.url}})
	c.Stdout = out
	require.NoError(t, c.Start())
	out.Close()
	_, err = io.ReadFull(in, make([]byte, 10))
	require.NoError(t, err)
	in.Close()
	c.Wait()
	require.Equal(t, 0, c.ProcessState.ExitCode())
}

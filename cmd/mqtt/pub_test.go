package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPubOne(t *testing.T) {
	s := newServer(t)
	file := filepath.Join(t.TempDir(), "payload")
	require.NoError(t, os.WriteFile(file, []byte("of a\nfile\n\x00\xFF"), 0o600))
	for _, c := range []struct {
		name    string
		args    []string
		stdin   string
		payload string
	}{
		{"B322 QoS 0", []string{"-m", "hello"}, "", "hello"},
		{"B322 QoS 1", []string{"-m", "hello", "-q", "1"}, "", "hello"},
		{"B322 QoS 2", []string{"-m", "hello", "-q", "2"}, "", "hello"},
		{"3.1.1", []string{"-m", "hello", "-q", "1", "-V", "311"}, "", "hello"},
		{"a file", []string{"-f", file, "-q", "1"}, "", "of a\nfile\n\x00\xFF"},
		{"an empty message", []string{"-n", "-q", "1"}, "", ""},
		{"an empty text", []string{"-m", "", "-q", "1"}, "", ""},
		{"all of standard input", []string{"-s", "-q", "1"}, "a\nb\n", "a\nb\n"},
		{"made up", []string{"--size", "10", "-q", "1"}, "", "1 cdefghij"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWitness(t, s)
			r := runCall(t, call{args: append([]string{"pub", "--url", s.url, "-t", "a/b"}, c.args...), stdin: strings.NewReader(c.stdin)})
			require.Equal(t, 0, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Empty(t, r.stderr)
			require.Equal(t, []string{c.payload}, w.payloads(t, 1))
		})
	}
}

func TestPubWhatTheFlagsSay(t *testing.T) {
	s := newServer(t)
	w := newWitness(t, s)
	r := run(t, "publish", "-L", s.url+"/a/topic", "-m", "x", "-q", "2", "-r", "-v",
		"-D", "publish", "content-type", "text/plain", "-D", "publish", "user-property", "key", "a value",
		"-D", "publish", "message-expiry-interval", "60", "-D", "publish", "response-topic", "back", "-D", "publish", "correlation-data", "12")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "mqtt: sent 1, acknowledged 1, failed 0 in ")
	m := w.await(t, 1)[0]
	require.Equal(t, "a/topic", m.TopicName)
	require.EqualValues(t, 2, m.FixedHeader.Qos)
	require.True(t, m.FixedHeader.Retain)
	p := m.Properties
	require.Equal(t, "text/plain", p.ContentType)
	require.Equal(t, "back", p.ResponseTopic)
	require.Equal(t, "12", string(p.CorrelationData))
	require.EqualValues(t, 60, p.MessageExpiryInterval)
	require.Len(t, p.User, 1)
	require.Equal(t, "a value", p.User[0].Val)
}

func TestPubRepeats(t *testing.T) {
	s := newServer(t)
	t.Run("the same", func(t *testing.T) {
		w := newWitness(t, s)
		r := run(t, "pub", "--url", s.url, "-t", "a", "-m", "x", "--count", "3", "--rate", "1000", "-q", "1")
		require.Equal(t, 0, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 3, acknowledged 3, failed 0")
		require.Equal(t, []string{"x", "x", "x"}, w.payloads(t, 3))
	})
	t.Run("made up", func(t *testing.T) {
		w := newWitness(t, s)
		r := run(t, "pub", "--url", s.url, "-t", "a", "--size", "4", "--count", "3", "-q", "1", "--quiet")
		require.Equal(t, 0, r.code, r.stderr)
		require.Empty(t, r.stderr)
		require.Equal(t, []string{"1 cd", "2 cd", "3 cd"}, w.payloads(t, 3))
	})
}

func TestPubUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"B325 no topic", []string{"-m", "x"}, "no topic: give -t TOPIC"},
		{"B325 bad port", []string{"-t", "a", "-m", "x", "-p", "99999"}, "--port 99999: a port is 1 to 65535"},
		{"a port that is no number", []string{"-t", "a", "-m", "x", "-p", "x"}, `invalid argument "x" for "-p, --port"`},
		{"no payload", []string{"-t", "a"}, "nothing to publish: give -m"},
		{"two payloads", []string{"-t", "a", "-m", "x", "-n"}, "--message and --null-message both say what to publish"},
		{"a file a line", []string{"-t", "a", "-l", "-f", "x"}, "--file and --stdin-line both say what to publish"},
		{"wildcard", []string{"-t", "a/#", "-m", "x"}, `-t "a/#" can't be published to: topic name contains a wildcard`},
		{"wildcard of -L", []string{"-L", "mqtt://localhost/a/+", "-m", "x"}, `-L "a/+" can't be published to`},
		{"two topics", []string{"-L", "mqtt://localhost/a", "-t", "b", "-m", "x"}, `-t "b" and the topic of -L, "a", are two`},
		{"empty topic", []string{"-t", "", "--ndjson"}, "no topic"},
		{"QoS", []string{"-t", "a", "-m", "x", "-q", "3"}, "--qos 3: a QoS is 0, 1 or 2"},
		{"count", []string{"-t", "a", "-m", "x", "--count", "0"}, "--count 0: give 1 or more"},
		{"count of lines", []string{"-t", "a", "-l", "--count", "3"}, "--count repeats one message"},
		{"rate of one", []string{"-t", "a", "-m", "x", "--rate", "3"}, "--rate paces many messages"},
		{"rate", []string{"-t", "a", "-l", "--rate", "-3"}, "--rate -3"},
		{"a rate of nothing", []string{"-t", "a", "-l", "--rate", "0"}, "--rate 0"},
		{"a rate that is no number", []string{"-t", "a", "-l", "--rate", "NaN"}, "--rate NaN"},
		{"size", []string{"-t", "a", "--size", "-3"}, "--size -3"},
		{"file", []string{"-t", "a", "-f", "nosuch"}, "--file: open nosuch: no such file"},
		{"properties on 3.1.1", []string{"-t", "a", "-m", "x", "-V", "311", "-D", "publish", "content-type", "a"}, "-D publish is for MQTT 5.0"},
		{"an argument", []string{"-t", "a", "x"}, `unexpected argument "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, append([]string{"pub"}, c.args...)...)
			require.Equal(t, 2, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, "mqtt: "+c.says)
			require.Contains(t, r.stderr, "usage: mqtt pub")
		})
	}
}

func TestPubTheCommandLineSaysTheTopicBeforeTheEnvironmentDoes(t *testing.T) {
	s := newServer(t)
	w := newWitness(t, s)
	for _, c := range []struct {
		args []string
		env  string
	}{
		{[]string{"-L", s.url + "/a"}, "MQTT_TOPIC=b"},
		{[]string{"-t", "a"}, "MQTT_TOPIC_URL=" + s.url + "/b"},
	} {
		r := runCall(t, call{args: append([]string{"pub", "-m", "x"}, c.args...), env: []string{c.env}})
		require.Equal(t, 0, r.code, r.stderr)
	}
	for _, m := range w.await(t, 2) {
		require.Equal(t, "a", m.TopicName)
	}
}

func TestPubNoSecretIsPrinted(t *testing.T) {
	s := newServer(t)
	r := run(t, "pub", "-d", "--url", strings.Replace(s.url, "://", "://somebody:hunter2@", 1), "-t", "a", "-m", "x", "-q", "1")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "-> PUBLISH")
	require.NotContains(t, r.stderr, "hunter2")
	r = run(t, "pub", "-d", "--url", refusing(t, 0x87), "-u", "somebody", "-P", "hunter2", "-t", "a", "-m", "x")
	require.Equal(t, 6, r.code, r.stderr)
	require.NotContains(t, r.stderr, "hunter2")
}

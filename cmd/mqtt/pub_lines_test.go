package main_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

func TestPubLines(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		name, stdin string
		args        []string
		payloads    []string
	}{
		{"B323 a message a line", "a\nb\n", []string{"-l"}, []string{"a", "b"}},
		{"the last line needs no end", "a\nb", []string{"-l"}, []string{"a", "b"}},
		{"binary", "\x00\xFFa\x00\n\xC3\n", []string{"-l"}, []string{"\x00\xFFa\x00", "\xC3"}},
		{"a carriage return is kept", "a\r\nb\r\n", []string{"-l"}, []string{"a\r", "b\r"}},
		{"empty lines", "\n\na\n", []string{"-l"}, []string{"", "", "a"}},
		{"by NUL", "a\nb\x00\x00c", []string{"--null"}, []string{"a\nb", "", "c"}},
		{"by NUL, with -l", "a\x00b\x00", []string{"-l", "--null"}, []string{"a", "b"}},
		{"longer than a buffer", strings.Repeat("x", 200_000) + "\nb\n", []string{"-l"}, []string{strings.Repeat("x", 200_000), "b"}},
		{"paced", "a\nb\nc\n", []string{"-l", "--rate", "500"}, []string{"a", "b", "c"}},
		{"QoS 0", "a\nb\n", []string{"-l", "-q", "0"}, []string{"a", "b"}},
		{"QoS 2", "a\nb\n", []string{"-l", "-q", "2"}, []string{"a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWitness(t, s)
			args := append([]string{"pub", "--url", s.url, "-t", "a", "-q", "1"}, c.args...)
			r := runCall(t, call{args: args, stdin: strings.NewReader(c.stdin)})
			require.Equal(t, 0, r.code, r.stderr)
			require.Contains(t, r.stderr, fmt.Sprintf("sent %d, acknowledged %[1]d, failed 0", len(c.payloads)))
			require.Equal(t, c.payloads, w.payloads(t, len(c.payloads)))
		})
	}
}

func TestPubALineIsNotHeldBack(t *testing.T) {
	s := newServer(t)
	w := newWitness(t, s)
	p := start(t, "pub", "--url", s.url, "-t", "a", "-q", "1", "-l")
	for i, line := range []string{"a", "b", "c"} {
		_, err := fmt.Fprintln(p.stdin, line)
		require.NoError(t, err)
		w.await(t, i+1)
	}
	p.stdin.Close()
	require.Equal(t, 0, p.wait().code)
}

func TestPubNothing(t *testing.T) {
	s := newServer(t)
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	for _, way := range []string{"-l", "--null", "--ndjson"} {
		r := runCall(t, call{args: []string{"pub", "--url", s.url, "-t", "a", way}, stdin: null})
		require.Equal(t, 0, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 0, acknowledged 0, failed 0")
	}
}

func TestPubRecords(t *testing.T) {
	s := newServer(t)
	records := []ndjson.Record{
		{Message: mqtt.Message{Topic: "a/b", Payload: []byte("x\n\"\xFF"), QoS: 1, Retain: true}},
		{Message: mqtt.Message{Topic: "c", Payload: []byte("ü"), QoS: 2, Properties: &mqtt.PublishProperties{
			ContentType: "text/plain", CorrelationData: []byte{0xFF}, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}}},
		{Message: mqtt.Message{Topic: "d"}},
	}
	var stdin []byte
	for i := range records {
		stdin = append(ndjson.Append(stdin, &records[i]), '\n') // with an empty line behind each
	}
	t.Run("as they are", func(t *testing.T) {
		w := newWitness(t, s)
		r := runCall(t, call{args: []string{"pub", "--url", s.url, "--ndjson"}, stdin: bytes.NewReader(stdin)})
		require.Equal(t, 0, r.code, r.stderr)
		require.Contains(t, r.stderr, "sent 3, acknowledged 3, failed 0")
		for i, m := range w.await(t, 3) {
			want := records[i]
			require.Equal(t, want.Topic, m.TopicName)
			require.Equal(t, string(want.Payload), string(m.Payload))
			require.EqualValues(t, want.QoS, m.FixedHeader.Qos)
			require.Equal(t, want.Retain, m.FixedHeader.Retain)
			if want.Properties != nil {
				require.Equal(t, want.Properties.ContentType, m.Properties.ContentType)
				require.Equal(t, want.Properties.CorrelationData, m.Properties.CorrelationData)
				require.Equal(t, "v", m.Properties.User[0].Val)
			}
		}
	})
	t.Run("with what flags say instead", func(t *testing.T) {
		s := newServer(t)
		w := newWitness(t, s)
		r := runCall(t, call{args: []string{"pub", "--url", s.url, "--ndjson", "-t", "other", "-q", "0", "--retain=false",
			"-D", "publish", "content-type", "b", "-D", "publish", "user-property", "l", "w"}, stdin: bytes.NewReader(stdin)})
		require.Equal(t, 0, r.code, r.stderr)
		for i, m := range w.await(t, 3) {
			require.Equal(t, "other", m.TopicName)
			require.EqualValues(t, 0, m.FixedHeader.Qos)
			require.False(t, m.FixedHeader.Retain)
			require.Equal(t, "b", m.Properties.ContentType)
			require.Len(t, m.Properties.User, []int{1, 2, 1}[i])
		}
	})
}

func TestPubABrokenLine(t *testing.T) {
	s := newServer(t)
	const good = `{"topic":"a","qos":1,"payload":"x"}` + "\n"
	for _, c := range []struct{ name, line, says string }{
		{"not JSON", "nonsense", "line 3 isn't a message in JSON"},
		{"no topic", `{"payload":"x"}`, `line 3 has no "topic"`},
		{"misspelt", `{"topic":"a","quos":1}`, `line 3 isn't a message in JSON: json: unknown field "quos"`},
		{"not UTF-8", "{\"topic\":\"a\",\"payload\":\"\xFF\"}", "line 3 isn't UTF-8"},
		{"a topic that can't be", `{"topic":"a/#","payload":"x"}`, "line 3: Message.Topic: topic name contains a wildcard"},
		{"long, and not JSON", strings.Repeat("\x00", 200_000), "line 3 isn't a message in JSON: it doesn't begin with {"},
		{"cut off", `{"topic":"a","payl`, "line 3 isn't a message in JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWitness(t, s)
			stdin := good + good + c.line + "\n" + good
			r := runCall(t, call{args: []string{"pub", "--url", s.url, "--ndjson"}, stdin: strings.NewReader(stdin)})
			require.Equal(t, 1, r.code, r.stderr)
			require.Contains(t, r.stderr, "mqtt: "+c.says)
			require.Contains(t, r.stderr, "sent 2, acknowledged 2, failed 0")
			require.Len(t, w.payloads(t, 2), 2)
		})
	}
}

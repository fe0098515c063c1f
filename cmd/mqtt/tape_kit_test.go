package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
)

// client is a client of the test's own.
func client(t testing.TB, url string, cfg mqtt.Config) *mqtt.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cfg.Backoff = mqtt.Backoff{Min: 20 * time.Millisecond, Max: 100 * time.Millisecond}
	c, err := mqtt.Connect(ctx, url, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Abort() })
	return c
}

// publish publishes, and waits for the acknowledgements.
func publish(t testing.TB, c *mqtt.Client, messages ...mqtt.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, m := range messages {
		_, err := c.PublishAsync(ctx, m)
		require.NoError(t, err)
	}
	require.NoError(t, c.Flush(ctx))
}

// numbers are messages that count.
func numbers(topic string, qos mqtt.QoS, from, to int) (all []mqtt.Message) {
	for n := from; n < to; n++ {
		all = append(all, mqtt.Message{Topic: topic, QoS: qos, Payload: fmt.Append(nil, n)})
	}
	return all
}

// firsts are payloads without those that were there before.
func firsts(payloads []string) (out []string) {
	seen := map[string]bool{}
	for _, p := range payloads {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// counted are the payloads of numbers.
func counted(from, to int) (out []string) {
	for n := from; n < to; n++ {
		out = append(out, fmt.Sprint(n))
	}
	return out
}

// recorded reads a recording, which has to be whole.
func recorded(t testing.TB, path string) (all []ndjson.Record) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	if strings.HasSuffix(path, ".zst") && len(b) > 0 {
		d, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1))
		require.NoError(t, err)
		defer d.Close()
		b, err = io.ReadAll(d)
		require.NoError(t, err)
	}
	for text := range bytes.Lines(b) {
		require.True(t, bytes.HasSuffix(text, []byte("\n")), "torn: %s", text)
		r, err := ndjson.Parse(text)
		require.NoError(t, err, "%s", text)
		all = append(all, *r)
	}
	return all
}

func payloads(all []ndjson.Record) (out []string) {
	for _, r := range all {
		out = append(out, string(r.Payload))
	}
	return out
}

// again is a server in the place of one that has ended. It knows nothing of what that one had.
func (s *server) again(t testing.TB) *server {
	t.Helper()
	return serve(t, listenAgain(t, "127.0.0.1:"+s.port))
}

// everything are messages of all kinds, as they come back.
func everything() []mqtt.Message {
	expiry := time.Hour
	return []mqtt.Message{
		{Topic: "a/text", Payload: []byte("hällo\n\"x\""), QoS: 0},
		{Topic: "a/binary", Payload: []byte{0, 0xFF, 0x80, '\n', '"'}, QoS: 1},
		{Topic: "a/empty", Payload: []byte{}, QoS: 1},
		{Topic: "a/kept", Payload: []byte("kept"), QoS: 2, Retain: true},
		{Topic: "a/properties", Payload: []byte("p"), QoS: 1, Properties: &mqtt.PublishProperties{
			PayloadFormatIndicator: 1, MessageExpiryInterval: &expiry, ResponseTopic: "r/x", CorrelationData: []byte{0xC0, 0},
			ContentType: "text/plain", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}},
	}
}

// requireEverything compares what came with everything. An interval may have counted down, and what has another QoS is passed on at
// another time.
func requireEverything(t testing.TB, got []mqtt.Message, prefix string) {
	t.Helper()
	want := everything()
	require.Len(t, got, len(want))
	byTopic := func(a, b mqtt.Message) int { return strings.Compare(a.Topic, b.Topic) }
	slices.SortFunc(got, byTopic)
	slices.SortFunc(want, byTopic)
	for i := range want {
		want[i].Topic = prefix + want[i].Topic
		if p := got[i].Properties; p != nil && p.MessageExpiryInterval != nil {
			require.InDelta(t, time.Hour, *p.MessageExpiryInterval, float64(2*time.Minute))
			p.MessageExpiryInterval = want[i].Properties.MessageExpiryInterval
		}
		if len(got[i].Payload) == 0 {
			got[i].Payload = []byte{}
		}
		require.Equal(t, want[i], got[i])
	}
}

func messagesOf(all []ndjson.Record) (out []mqtt.Message) {
	for _, r := range all {
		out = append(out, r.Message)
	}
	return out
}

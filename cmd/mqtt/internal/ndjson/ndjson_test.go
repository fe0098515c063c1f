package ndjson

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// FuzzLine writes messages and reads them back.
func FuzzLine(f *testing.F) {
	f.Add("a/b", []byte("text"), byte(1), true, "key", "value", []byte("c"), int64(1))
	f.Add("a", []byte{0, 0xFF, '"', '\\', '\n', 0x7F}, byte(0), false, "", "", []byte{0xC0}, int64(-1))
	f.Add("\u2028", []byte("\u0000\U0010FFFF"), byte(2), false, "\"", "", []byte{}, int64(0))
	f.Fuzz(func(t *testing.T, topic string, payload []byte, flags byte, retain bool, key, value string, correlation []byte, expiry int64) {
		topic, key, value = strings.ToValidUTF8(topic, "?"), strings.ToValidUTF8(key, "?"), strings.ToValidUTF8(value, "?")
		r := Record{Time: time.UnixMicro(expiry).UTC(), Dup: flags&4 != 0, Redelivered: flags&8 != 0,
			Message: mqtt.Message{Topic: topic, Payload: payload, QoS: mqtt.QoS(flags & 3 % 3), Retain: retain}}
		if flags&16 != 0 {
			r.SubscriptionIdentifiers = []uint32{1, uint32(flags)}
		}
		if flags&32 != 0 {
			in := time.Duration(uint32(expiry)) * time.Second
			r.Properties = &mqtt.PublishProperties{PayloadFormatIndicator: flags >> 7, MessageExpiryInterval: &in, ResponseTopic: topic,
				CorrelationData: correlation, ContentType: value, UserProperties: []mqtt.UserProperty{{Key: key, Value: value}, {Key: value, Value: key}}}
		}
		if y := r.Time.Year(); y < 1 || y > 9999 {
			r.Time = time.Time{}
		}
		line := Append(nil, &r)
		require.True(t, json.Valid(line), "%s", line)
		require.Equal(t, 1, strings.Count(string(line), "\n"))
		back, err := Parse(line)
		require.NoError(t, err, "%s", line)
		require.Equal(t, string(payload), string(back.Payload))
		back.Payload = r.Payload
		if p := r.Properties; p != nil && p.CorrelationData == nil {
			p.CorrelationData = back.Properties.CorrelationData
		}
		require.Equal(t, &r, back, "%s", line)
	})
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ line, payload, err string }{
		{`{"topic":"a","payload":"b"}`, "b", ""},
		{`{"topic":"a"}`, "", ""},
		{`{"topic":"a","payload":null}`, "", ""},
		{`{"topic":"a","payload":{"x": 1}}`, `{"x": 1}`, ""},
		{`{"topic":"a","payload":"AP8=","encoding":"base64"}`, "\x00\xff", ""},
		{`{"topic":"a","payload":"?","encoding":"base64"}`, "", "base64"},
		{`{"topic":"a","payload":"?","encoding":"hex"}`, "", `"encoding" "hex"`},
		{`{"topic":"a","payload":1,"encoding":"base64"}`, "", "no string"},
		{`{"topic":"a","paylod":"b"}`, "", "paylod"},
		{`{"payload":"b"}`, "", `no "topic"`},
		{`{"topic":"a","qos":3}`, "", "0, 1 or 2"},
		{`{"topic":"a"} {}`, "", "more than one"},
		{`{"topic":"a`, "", "JSON"},
		{"{\"topic\":\"a\",\"payload\":\"\xff\"}", "", "UTF-8"},
		{``, "", "JSON"},
	} {
		t.Run(c.line, func(t *testing.T) {
			r, err := Parse([]byte(c.line))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.payload, string(r.Payload))
		})
	}
}

// TestNoLineIsLonger has of each part of a message what takes most as JSON: bytes that are escaped, properties that are short.
func TestNoLineIsLonger(t *testing.T) {
	worst := func(n int) string { return strings.Repeat("\x01", n) }
	expiry := 4_294_967_295 * time.Second
	r := Record{Time: time.Now(), Message: mqtt.Message{Topic: worst(65_535), Payload: []byte(worst(1000)), QoS: 2, Retain: true, Properties: &mqtt.PublishProperties{
		PayloadFormatIndicator: 1, MessageExpiryInterval: &expiry, ResponseTopic: worst(65_535), CorrelationData: []byte(worst(1000)), ContentType: worst(1000)}},
		Dup: true, Redelivered: true}
	wire := 65_535 + 1000 + 65_535 + 1000 + 1000
	for range 1000 {
		r.Properties.UserProperties = append(r.Properties.UserProperties, mqtt.UserProperty{Key: worst(1)})
		r.SubscriptionIdentifiers = append(r.SubscriptionIdentifiers, 268_435_455)
		wire += 1 + 2 + 1 + 2 + 1 + 4
	}
	line := Append(nil, &r)
	require.Less(t, len(line), 6*wire+LongestLine-6*268_435_455)
	require.Greater(t, len(line), 5*wire)
}

func BenchmarkAppend(b *testing.B) {
	r := Record{Time: time.Now(), Message: mqtt.Message{Topic: "plant/3/temperature", Payload: []byte(`{"t":21.5,"unit":"C"}`), QoS: 1}}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], &r)
	}
	b.SetBytes(int64(len(buf)))
}

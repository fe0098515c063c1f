package sub

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestPretty(t *testing.T) {
	expiry := 90 * time.Second
	m := mqtt.Message{Topic: "a\nb", Payload: []byte("two\nlines"), QoS: 1, Retain: true, Properties: &mqtt.PublishProperties{ContentType: "text/\x1bplain",
		MessageExpiryInterval: &expiry, ResponseTopic: "r", CorrelationData: []byte{0}, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v\u202e"}}}}
	require.Equal(t, "13:05:06.007 a\\nb  QoS 1, 9 bytes, retained, content type text/\\x1bplain, expires in 1m30s, answer to r, correlation \"\\x00\", k: v\\u202e\n"+
		"  two\n  lines\n", string(pretty{}.format(nil, received(m), noon)))
}

func TestPrettyPayload(t *testing.T) {
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	for _, c := range []struct{ name, payload, plain, painted string }{
		{"empty", "", "", ""},
		{"text", "a\tb", "a\tb", "a\tb"},
		{"what a terminal obeys", "\x1b[2J\r\u009b", `\x1b[2J\r\u009b`, `\x1b[2J\r\u009b`},
		{"bytes", "\xff\x00", "00000000  ff 00                                             |..|\n", "00000000  ff 00                                             |..|\n"},
		{"JSON", `{"a":[1,"x\"y",null],"b":{}}`, "{\n  \"a\": [\n    1,\n    \"x\\\"y\",\n    null\n  ],\n  \"b\": {}\n}",
			"{\n  K\"a\"E: [\n    V1E,\n    T\"x\\\"y\"E,\n    VnullE\n  ],\n  K\"b\"E: {}\n}"},
		{"no JSON", `{"a":`, `{"a":`, `{"a":`},
		{"a number stays as it is", "21.50", "21.50", "21.50"},
		{"JSON that would grow without bound", deep, deep, deep},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.plain, pretty{}.payload([]byte(c.payload)))
			require.Equal(t, c.painted, pretty{colours{key: "K", text: "T", value: "V", end: "E"}}.payload([]byte(c.payload)))
		})
	}
}

func FuzzPretty(f *testing.F) {
	f.Add([]byte(`{"a":"\\"}`))
	f.Add([]byte("\"\\"))
	f.Add([]byte("[\"\u009b\"]"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := pretty{colours{key: "K", text: "T", value: "V", end: "E"}}.payload(payload)
		for _, r := range text {
			require.False(t, r == 0x1B || r == '\r' || r >= 0x80 && r < 0xA0, "%q", text)
		}
	})
}

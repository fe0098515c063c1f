package sub

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// noon is a time of which no two parts are alike.
var noon = time.Date(2025, 3, 4, 13, 5, 6, 7_008_009, time.FixedZone("XYZ", 5*3600+1800))

func received(m mqtt.Message) *mqtt.Received { return &mqtt.Received{Message: m} }

func TestFormatLanguage(t *testing.T) {
	expiry := 90 * time.Second
	full := received(mqtt.Message{Topic: "a/b", Payload: []byte("h\x00\xff"), QoS: 2, Retain: true, Properties: &mqtt.PublishProperties{
		PayloadFormatIndicator: 1, MessageExpiryInterval: &expiry, ContentType: "text/plain", ResponseTopic: "r", CorrelationData: []byte{0, 1},
		UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}})
	full.SubscriptionIdentifiers = []uint32{7, 8}
	bare := received(mqtt.Message{Topic: "a/b", Payload: []byte("hi")})
	for _, c := range []struct {
		format, full, bare string
	}{
		{"", "", ""},
		{"100%% @@ \\\\ \\0\\a\\e\\n\\r\\t\\v", "100% @ \\ \x00\a\x1b\n\r\t\v", "100% @ \\ \x00\a\x1b\n\r\t\v"},
		{"%t %p", "a/b h\x00\xff", "a/b hi"},
		{"%x %X %l %q %r", "6800ff 6800FF 3 2 1", "6869 6869 2 0 0"},
		{"%m", "42", "0"},
		{"[%A][%C][%D][%E][%F][%P][%R][%S]", "[][text/plain][\x00\x01][90][1][k:v k:w][r][7]", "[][][][][][][][]"},
		{"[%5A][%05E][%-5F][%05S]", "[     ][00090][1    ][00007]", "[     ][00000][     ][00000]"},
		{"[%6t][%-6t][%06t][%.1t][%4.2t][%-4.2t][%.0t]", "[   a/b][a/b   ][   a/b][a][  a/][a/  ][]", "[   a/b][a/b   ][   a/b][a][  a/][a/  ][]"},
		{"[%5p][%-5p][%05p][%8x][%-8X]", "[  h\x00\xff][h\x00\xff  ][00h\x00\xff][  6800ff][6800FF  ]", "[   hi][hi   ][000hi][    6869][6869    ]"},
		{"[%1p][%2x]", "[h\x00\xff][6800ff]", "[hi][6869]"},
		{"[%3l][%03l][%-3l][%-03l]", "[  3][003][3  ][3  ]", "[  2][002][2  ][2  ]"},
		{"[%5q][%5r][%5D][%5%]", "[2][1][\x00\x01][%]", "[0][0][][%]"},
		{"%I %U @Y-@m-@d @N", "2025-03-04T13:05:06+0530 1741073706.007008009 2025-03-04 007008009", "2025-03-04T13:05:06+0530 1741073706.007008009 2025-03-04 007008009"},
		{"[%30I][%.4I]", "[      2025-03-04T13:05:06+0530][2025]", "[      2025-03-04T13:05:06+0530][2025]"},
	} {
		t.Run(c.format, func(t *testing.T) {
			l, err := readLanguage(c.format, nil)
			require.NoError(t, err)
			l.ids = func(*mqtt.Received) uint16 { return 42 }
			require.Equal(t, c.full, string(l.format(nil, full, noon)))
			require.Equal(t, c.bare, string(l.format(nil, bare, noon)))
			l.end = "\n"
			require.Equal(t, "x"+c.bare+"\n", string(l.format([]byte("x"), bare, noon)))
		})
	}
}

func TestFormatLanguageRefuses(t *testing.T) {
	for _, c := range []struct{ format, says string }{
		{"%", `ends with "%"`},
		{"a@", `ends with "@"`},
		{`a\`, `ends with "\\"`},
		{"%-", `ends within "%-"`},
		{"%10", `ends within "%10"`},
		{"%-010.5", "ends within"},
		{"%y", `has "%y"`},
		{"%5y", `has "%5y"`},
		{`\q`, `has "\\q"`},
		{"%999999t", "the widest is 100000"},
		{"%99999999999999999999999t", "the widest is"},
		{"%.100001t", "the widest is"},
	} {
		t.Run(c.format, func(t *testing.T) {
			_, err := readLanguage(c.format, nil)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestFormatLanguageJSON(t *testing.T) {
	expiry := 90 * time.Second
	m := received(mqtt.Message{Topic: "a/\"b", Payload: []byte(`{"t": 1.50, "u":"ä"}`), QoS: 1, Properties: &mqtt.PublishProperties{
		PayloadFormatIndicator: 1, MessageExpiryInterval: &expiry, ContentType: "c", ResponseTopic: "r", CorrelationData: []byte("d"),
		UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}})
	m.SubscriptionIdentifiers = []uint32{7}
	const head = `{"tst":"2025-03-04T13:05:06.007008Z+0530","topic":"a/\"b","qos":1,"retain":0,"payloadlen":21,"mid":42,"properties":{` +
		`"payload-format-indicator":1,"message-expiry-interval":90,"content-type":"c","response-topic":"r","correlation-data":"d",` +
		`"subscription-identifier":7,"user-properties":{"k":"v","k":"w"}},"payload":`
	var told string
	warn := func(format string, args ...any) { told = fmt.Sprintf(format, args...) }
	write := func(format string, m *mqtt.Received) string {
		l, err := readLanguage(format, warn)
		require.NoError(t, err)
		require.True(t, l.wantsIDs)
		l.ids = func(*mqtt.Received) uint16 { return 42 }
		text := string(l.format(nil, m, noon))
		require.True(t, text == "" || json.Valid([]byte(text)), text)
		return text
	}
	require.Equal(t, head+`"{\"t\": 1.50, \"u\":\"ä\"}"}`, write("%j", m))
	require.Equal(t, head+`{"t":1.50,"u":"ä"}}`, write("%J", m))

	bare := received(mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{}})
	const bareHead = `{"tst":"2025-03-04T13:05:06.007008Z+0530","topic":"a","qos":0,"retain":0,"payloadlen":0,"payload":`
	require.Equal(t, bareHead+`""}`, write("%j", bare))
	require.Equal(t, bareHead+`null}`, write("%J", bare))
	require.Empty(t, told)
	bare.Payload = []byte("no JSON")
	require.Empty(t, write("%J", bare))
	require.Contains(t, told, `"a" isn't JSON`)
}

func TestPacketIdentifiers(t *testing.T) {
	var cfg mqtt.Config
	told := 0
	cfg.Trace = &mqtt.Trace{PacketReceived: func(mqtt.PacketInfo) { told++ }}
	of := watchIDs(&cfg)
	come := func(topic string, qos mqtt.QoS, dup bool, id uint16) {
		cfg.Trace.PacketReceived(mqtt.PacketInfo{Type: "PUBLISH", Topic: topic, QoS: qos, Dup: dup, PacketID: id})
	}
	come("a", 1, false, 1)
	come("a", 0, false, 0)
	come("a", 2, true, 2) // handed out already
	come("a", 2, false, 3)
	cfg.Trace.PacketReceived(mqtt.PacketInfo{Type: "SUBACK", PacketID: 9})
	require.Equal(t, uint16(1), of(received(mqtt.Message{Topic: "a", QoS: 1})))
	require.Equal(t, uint16(3), of(received(mqtt.Message{Topic: "a", QoS: 2})))
	require.Equal(t, uint16(0), of(received(mqtt.Message{Topic: "a", QoS: 2})))
	require.Equal(t, 5, told)
	for range mostArrivals + 10 { // nobody takes them: it doesn't block
		come("b", 1, false, 7)
	}
}

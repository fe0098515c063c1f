package conformance

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// data5 is about data representation (§1.5).
var data5 = rows{
	"MQTT-1.5.4-1": func(s *scene) {
		for _, bad := range []string{"\xed\xa0\x80", "\xc0\xaf", "\xff", "a\x80b"} {
			s.refusesText(bad)
		}
		for _, topic := range []string{"03 ED A0 80", "03 ED BF BF", "02 C0 AF", "01 FF"} {
			body := "00 " + topic + " 00"
			s.drops(mqtt.Config{}, header(0x30, body), 0x81, "3.3.2.1")
		}
		s.drops(mqtt.Config{}, header(0x30, "00 01 61 05 03 00 02 C0 AF"), 0x81, "3.3.2.3.9") // Content Type
	},
	"MQTT-1.5.4-2": func(s *scene) {
		s.refusesText("a\x00b")
		s.drops(mqtt.Config{}, "30 06 00 03 61 00 62 00", 0x81, "3.3.2.1")
		s.drops(mqtt.Config{}, header(0x30, "00 01 61 07 26 00 01 00 00 01 62"), 0x81, "3.3.2.3.7")
	},
	"MQTT-1.5.4-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "30 07 00 04 EF BB BF 61 00")
		require.Equal(s, "\xef\xbb\xbfa", s.next().Topic)
		s.asyncMessage(mqtt.Message{Topic: "\xef\xbb\xbfa"})
		leaves(s, conn, "30 07 00 04 EF BB BF 61 00")
		s.asyncMessage(mqtt.Message{Topic: "a\ufeffb"})
		leaves(s, conn, "30 08 00 05 61 EF BB BF 62 00")
	},
	"MQTT-1.5.5-1": func(s *scene) {
		conn := s.up(mqtt.Config{MaxPacketSize: 4 << 20})
		for _, n := range []int{127, 128, 16_383, 16_384, 2_097_151, 2_097_152} { // Remaining Length
			s.asyncMessage(mqtt.Message{Topic: "a", Payload: make([]byte, n-4)})
			b := raw(s, conn)
			require.Equal(s, append([]byte{0x30}, vbi(n)...), b[:1+len(vbi(n))])
			require.Len(s, b, 1+len(vbi(n))+n)
			require.NoError(s, conn.SendBytes(b))
			require.Len(s, s.next().Payload, n-4)
		}
		for _, n := range []int{127, 128, 16_383, 16_384} { // property length
			s.asyncMessage(mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{ContentType: strings.Repeat("c", n-3)}})
			b := raw(s, conn)
			require.Equal(s, vbi(n), b[len(b)-n-len(vbi(n)):len(b)-n])
		}
		for _, id := range []uint32{1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 267_999_999} {
			go s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a", Identifier: id})
			b := raw(s, conn)
			property := append([]byte{0x0B}, vbi(int(id))...)
			require.Equal(s, append([]byte{byte(len(property))}, property...), b[4:5+len(property)])
		}
		s.expels(mqtt.Config{}, "D0 80 00", 0x81, "1.5.5")
		s.drops(mqtt.Config{}, "30 05 00 01 61 80 00", 0x81, "1.5.5")
		s.drops(mqtt.Config{}, "30 07 00 01 61 03 0B 81 00", 0x81, "3.3.2.3.8")
	},
	"MQTT-1.5.7-1": func(s *scene) {
		s.up(mqtt.Config{})
		for _, bad := range []string{"\xff", "\x00", strings.Repeat("x", 65_536)} {
			s.refusesPropertyText(bad)
		}
		for _, pair := range []string{"00 01 FF 00 01 62", "00 01 61 00 01 FF", "00 01 00 00 01 62", "00 01 61 00 01 00"} {
			s.drops(mqtt.Config{}, header(0x30, "00 01 61 07 26 "+pair), 0x81, "3.3.2.3.7")
		}
	},
	"no-id:1.5.4/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, topic := range []string{"\x01", "\x1f", "\x7f", "\u009f", "\ufdd0", "\uffff", "\U0001fffe"} {
			reply(s, conn, &codec.Publish{Topic: topic})
			require.Equal(s, topic, s.next().Topic)
			s.asyncMessage(mqtt.Message{Topic: topic})
			require.Equal(s, topic, expectNow[*codec.Publish](s, conn).Topic)
		}
	},
	"no-id:1.5.5/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "30 80 80 80")
		quiet(s, conn)
		feed(s, conn, "80") // the fourth still says that there are more
		s.expelled(conn, 0x81, "1.5.5")
		s.expels(mqtt.Config{}, "30 80 80 80 80 01", 0x81, "1.5.5")
	},
}

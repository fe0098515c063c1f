package conformance

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// unsubscribe5 is about UNSUBSCRIBE and UNSUBACK (§3.10, §3.11).
var unsubscribe5 = rows{
	"MQTT-3.10.1-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		go s.client.Unsubscribe(s.Context(), "a")
		require.Equal(s, byte(0xA2), raw(s, conn)[0])
	},
	"MQTT-3.10.3-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, bad := range []string{"\xff", "a/\xed\xa0\x80", "a\x00"} {
			argument(s, s.client.Unsubscribe(s.Context(), "good", bad), "Unsubscription.Filters[1]")
		}
		quiet(s, conn)
		go s.client.Unsubscribe(s.Context(), "é", "a/\U0001F600/#")
		_, list, _ := strings.Cut(string(raw(s, conn)), "\x00\x01\x00") // behind the identifier and no properties
		require.Equal(s, "\x00\x02\xc3\xa9"+"\x00\x08a/\xf0\x9f\x98\x80/#", list)
	},
	"MQTT-3.10.3-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Unsubscribe(s.Context()), "Unsubscription.Filters")
		quiet(s, conn)
	},
	"MQTT-3.10.4-1": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{}))
		exact, wild, shared := s.declared(conn, "a/b", 0), s.declared(conn, "a/+", 0), s.declared(conn, "$share/g/a/b", 0)
		done := later(func() error { return s.client.Unsubscribe(s.Context(), "a/b") })
		quiet(s, conn) // a stream wants it still
		require.NoError(s, <-done)
		closed := later(func() error { return exact.Close(s.Context()) })
		p := mqtttest.Expect[*codec.Unsubscribe](s, conn)
		require.Equal(s, []string{"a/b"}, p.Filters)
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-closed)
		reply(s, conn, incoming(codec.AtMostOnce, 0, "m"))
		require.Equal(s, "m", string(s.nextOf(wild).Payload))
		closed = later(func() error { return shared.Close(s.Context()) })
		require.Equal(s, []string{"$share/g/a/b"}, mqtttest.Expect[*codec.Unsubscribe](s, conn).Filters)
		waiting(s, closed)
	},
	"MQTT-3.10.4-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.subscribe(conn, "a/b", mqtt.AtLeastOnce)
		p, done := s.unsubscribing(conn, "a/b")
		reply(s, conn, incoming(codec.AtLeastOnce, 7, "straggler"), &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-done)
		require.Equal(s, "straggler", string(s.next().Payload))
		leaves(s, conn, "40 02 00 07")
		stream := s.declared(conn, "a/b", 0)
		closed := later(func() error { return stream.Close(s.Context()) })
		p = mqtttest.Expect[*codec.Unsubscribe](s, conn)
		reply(s, conn, incoming(codec.AtLeastOnce, 8, "straggler"))
		leaves(s, conn, "40 02 00 08")
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-closed)
		s.none()
	},
	"MQTT-3.10.4-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.subscribe(conn, "a/b", mqtt.ExactlyOnce)
		reply(s, conn, incoming(codec.ExactlyOnce, 7, "begun"))
		p, done := s.unsubscribing(conn, "a/b")
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-done)
		require.Equal(s, "begun", string(s.next().Payload))
		leaves(s, conn, "50 02 00 07")
		reply(s, conn, &codec.PubRel{PacketID: 7})
		leaves(s, conn, "70 02 00 07")
	},
	"MQTT-3.10.4-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.unsubscribing(conn, "a")
		quiet(s, conn)
		waiting(s, done)
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-done)
	},
	"MQTT-3.10.4-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.unsubscribing(conn, "a")
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID + 1, Codes: []codec.ReasonCode{0}})
		waiting(s, done)
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.NoSubscriptionExisted}})
		require.NoError(s, <-done)
	},
	"MQTT-3.10.4-6": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.unsubscribing(conn, "a", "b", "c")
		require.Equal(s, []string{"a", "b", "c"}, p.Filters)
		quiet(s, conn)
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0, 0, 0}})
		require.NoError(s, <-done)
	},
	"MQTT-3.11.2-1": func(s *scene) { s.tooLong(0xB0, "1F 00 40 "+strings.Repeat("78", 64)) },
	"MQTT-3.11.2-2": func(s *scene) { s.tooLong(0xB0, "26 00 01 61 00 40 "+strings.Repeat("78", 64)) },
	"MQTT-3.11.3-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.unsubscribing(conn, "a", "b", "c")
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0, 0x11, 0x87}})
		grants := as[*mqtt.SubscribeError](s, <-done).Grants
		for i, want := range []mqtt.Grant{{Filter: "a"}, {Filter: "b", Code: 0x11}, {Filter: "c", Code: 0x87}} {
			require.Equal(s, want, grants[i])
		}
		codes := make(chan []codec.ReasonCode, 1)
		go func() {
			got, _ := s.client.UnsubscribeWith(s.Context(), mqtt.Unsubscription{Filters: []string{"a", "b", "c"}})
			codes <- got
		}()
		p = expectNow[*codec.Unsubscribe](s, conn)
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0x87, 0, 0x11}})
		require.Equal(s, []codec.ReasonCode{0x87, 0, 0x11}, <-codes)
		for _, codes := range [][]codec.ReasonCode{{0}, {0, 0, 0, 0}} {
			conn := s.up(mqtt.Config{})
			p, _ := s.unsubscribing(conn, "a", "b", "c")
			reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: codes})
			s.reproached(conn, codec.ProtocolError)
		}
	},
	"MQTT-3.11.3-2": func(s *scene) {
		for _, code := range []string{"01", "02", "10", "82", "FF"} {
			s.expels(mqtt.Config{}, "B0 04 00 01 00 "+code, codec.ProtocolError, "")
		}
	},
}

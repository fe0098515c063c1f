package conformance

import (
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// flags5 is about the fixed header of PUBLISH (§3.3.1).
var flags5 = rows{
	"MQTT-3.3.1-1": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		s.inFlight(conn, mqtt.AtLeastOnce, "1")
		s.inFlight(conn, mqtt.ExactlyOnce, "2")
		s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce, Retain: true})
		require.Equal(s, byte(0x33), raw(s, conn)[0])
		for range 2 {
			conn = s.resume(conn)
			for _, first := range []byte{0x3A, 0x3C, 0x3B} {
				require.Equal(s, first, raw(s, conn)[0])
			}
		}
	},
	"MQTT-3.3.1-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.async(mqtt.AtMostOnce, "")
		require.Equal(s, byte(0x30), raw(s, conn)[0])
		s.asyncMessage(mqtt.Message{Topic: "a", Retain: true})
		require.Equal(s, byte(0x31), raw(s, conn)[0])
		s.drops(mqtt.Config{}, "38 04 00 01 61 00", 0x81, "3.3.1.1")
	},
	"MQTT-3.3.1-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		again := incoming(codec.AtLeastOnce, 7, "m")
		again.Dup = true
		reply(s, conn, again)
		m := s.next()
		require.True(s, m.Dup)
		require.Equal(s, uint16(7), mqtttest.Expect[*codec.PubAck](s, conn).PacketID)
		s.asyncMessage(m.Message)
		require.Equal(s, byte(0x32), raw(s, conn)[0])
	},
	"MQTT-3.3.1-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a", QoS: 3}), "Message.QoS")
		quiet(s, conn)
		for _, first := range []byte{0x36, 0x37, 0x3E, 0x3F} {
			s.drops(mqtt.Config{}, header(first, "00 01 61 00 01 00"), 0x81, "3.3.1.2")
		}
	},
	"MQTT-3.3.1-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for q := range mqtt.QoS(3) {
			for retain, bit := range map[bool]byte{false: 0, true: 1} {
				s.asyncMessage(mqtt.Message{Topic: "a", QoS: q, Retain: retain})
				require.Equal(s, 0x30|byte(q)<<1|bit, raw(s, conn)[0])
			}
		}
	},
	"MQTT-3.3.1-6": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.asyncMessage(mqtt.Message{Topic: "a", Retain: true})
		leaves(s, conn, "31 04 00 01 61 00")
	},
	"MQTT-3.3.1-9": func(s *scene) {
		require.Equal(s, byte(0x00), s.options(mqtt.Subscription{RetainHandling: mqtt.RetainSend})[0]&0x30)
	},
	"MQTT-3.3.1-10": func(s *scene) {
		require.Equal(s, byte(0x10), s.options(mqtt.Subscription{RetainHandling: mqtt.RetainSendIfNew})[0]&0x30)
	},
	"MQTT-3.3.1-11": func(s *scene) {
		require.Equal(s, byte(0x20), s.options(mqtt.Subscription{RetainHandling: mqtt.RetainDontSend})[0]&0x30)
	},
	"MQTT-3.3.1-12": func(s *scene) {
		require.Zero(s, s.options(mqtt.Subscription{})[0]&0x08)
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.AtMostOnce, 0, ""))
		require.False(s, s.next().Retain)
	},
	"MQTT-3.3.1-13": func(s *scene) {
		require.Equal(s, byte(0x08), s.options(mqtt.Subscription{RetainAsPublished: true})[0]&0x08)
		conn := s.up(mqtt.Config{})
		feed(s, conn, "31 04 00 01 61 00")
		require.True(s, s.next().Retain)
	},
}

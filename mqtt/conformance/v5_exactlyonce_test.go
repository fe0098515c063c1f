package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// exactlyOnce5 is about QoS 2 (§4.3.3).
var exactlyOnce5 = rows{
	"MQTT-4.3.3-1": func(s *scene) { s.freshIDs(mqtt.ExactlyOnce) },
	"MQTT-4.3.3-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.async(mqtt.ExactlyOnce, "m")
		require.Equal(s, byte(0x34), raw(s, conn)[0])
	},
	"MQTT-4.3.3-3": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		undecided(s, d)
		conn = s.resume(conn)
		again := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [3]any{true, p.PacketID, "m"}, [3]any{again.Dup, again.PacketID, string(again.Payload)})
	},
	"MQTT-4.3.3-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, code := range []codec.ReasonCode{0, 0x10} {
			_, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
			reply(s, conn, &codec.PubRec{PacketID: p.PacketID, Code: code})
			require.Equal(s, p.PacketID, expectNow[*codec.PubRel](s, conn).PacketID)
		}
		for _, code := range []codec.ReasonCode{0x80, 0x87} {
			d, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
			reply(s, conn, &codec.PubRec{PacketID: p.PacketID, Code: code})
			refused(s, outcome(s, d), "PUBREC", code)
			quiet(s, conn)
		}
	},
	"MQTT-4.3.3-5": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		d, id := s.released(conn, "m")
		undecided(s, d)
		for range 2 {
			conn = s.resume(conn)
			require.Equal(s, id, expectNow[*codec.PubRel](s, conn).PacketID)
		}
		reply(s, conn, &codec.PubComp{PacketID: id})
		require.NoError(s, outcome(s, d))
		conn = s.resume(conn)
		quiet(s, conn)
	},
	"MQTT-4.3.3-6": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		_, id := s.released(conn, "m")
		conn = s.resume(conn)
		require.Equal(s, id, expectNow[*codec.PubRel](s, conn).PacketID)
		quiet(s, conn) // no PUBLISH
	},
	"MQTT-4.3.3-7": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		brief := &mqtt.PublishProperties{MessageExpiryInterval: new(time.Second)}
		one := s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce, Properties: brief})
		id := mqtttest.Expect[*codec.Publish](s, conn).PacketID
		two := s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce, Properties: brief})
		second := mqtttest.Expect[*codec.Publish](s, conn).PacketID
		reply(s, conn, &codec.PubRec{PacketID: second})
		mqtttest.Expect[*codec.PubRel](s, conn)
		s.server.HoldDials(true)
		conn.Close()
		elapse(time.Minute)
		s.server.HoldDials(false)
		conn = s.accept(codec.ConnAck{SessionPresent: true})
		require.Equal(s, id, mqtttest.Expect[*codec.Publish](s, conn).PacketID)
		require.Equal(s, second, mqtttest.Expect[*codec.PubRel](s, conn).PacketID)
		reply(s, conn, &codec.PubRec{PacketID: id}, &codec.PubComp{PacketID: second})
		require.NoError(s, outcome(s, two))
		require.Equal(s, id, mqtttest.Expect[*codec.PubRel](s, conn).PacketID)
		reply(s, conn, &codec.PubComp{PacketID: id})
		require.NoError(s, outcome(s, one))
	},
	"MQTT-4.3.3-8": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		reply(s, conn, incoming(codec.ExactlyOnce, 0x0102, ""))
		m := s.next()
		quiet(s, conn)
		require.NoError(s, m.Ack())
		leaves(s, conn, "50 02 01 02")
	},
	"MQTT-4.3.3-9": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		for range 3 {
			reply(s, conn, incoming(codec.ExactlyOnce, 9, "m"))
			require.NoError(s, s.next().Reject(codec.NotAuthorized, ""))
			leaves(s, conn, "50 03 00 09 87")
		}
	},
	"MQTT-4.3.3-10": func(s *scene) {
		store := mqtt.NewMemoryStore()
		conn := s.kept(mqtt.Config{Store: store})
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "m"))
		require.Equal(s, "m", string(s.next().Payload))
		again := incoming(codec.ExactlyOnce, 9, "m")
		again.Dup = true
		answered := func() {
			s.Helper()
			require.Equal(s, uint16(9), mqtttest.Expect[*codec.PubRec](s, conn).PacketID)
			s.none()
		}
		answered()
		reply(s, conn, again)
		answered()
		conn = s.resume(conn)
		reply(s, conn, again)
		answered()
		s.end() // and in another process with the same store
		conn = s.kept(mqtt.Config{Store: store}, codec.ConnAck{SessionPresent: true})
		s.client.Messages()
		reply(s, conn, again)
		answered()
		reply(s, conn, &codec.PubRel{PacketID: 9})
		require.Zero(s, mqtttest.Expect[*codec.PubComp](s, conn).Code)
	},
	"MQTT-4.3.3-11": func(s *scene) {
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.ExactlyOnce, 9, ""))
		s.next()
		leaves(s, conn, "50 02 00 09")
		reply(s, conn, &codec.PubRel{PacketID: 9})
		leaves(s, conn, "70 02 00 09")
		reply(s, conn, &codec.PubRel{PacketID: 9}) // not known any more
		leaves(s, conn, map[bool]string{true: "70 03 00 09 92", false: "70 02 00 09"}[s.v == mqtt.V5])
	},
	"MQTT-4.3.3-12": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for range 3 {
			reply(s, conn, incoming(codec.ExactlyOnce, 9, "m"))
			require.Equal(s, "m", string(s.next().Payload))
			leaves(s, conn, "50 02 00 09")
			reply(s, conn, &codec.PubRel{PacketID: 9})
			leaves(s, conn, "70 02 00 09")
		}
	},
	"MQTT-4.3.3-13": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		s.client.Messages()
		p := incoming(codec.ExactlyOnce, 9, "m")
		p.Properties = &codec.PublishProperties{MessageExpiryInterval: new(uint32(1))}
		reply(s, conn, p)
		elapse(20 * time.Second)
		require.NoError(s, s.next().Ack())
		require.Equal(s, uint16(9), mqtttest.Expect[*codec.PubRec](s, conn).PacketID)
		elapse(20 * time.Second)
		reply(s, conn, &codec.PubRel{PacketID: 9})
		leaves(s, conn, "70 02 00 09")
	},
}

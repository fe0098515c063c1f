package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// connack5 is about CONNACK itself (§3.2.0 to §3.2.2.2).
var connack5 = rows{
	"MQTT-3.2.0-1": func(s *scene) {
		for _, packet := range []string{
			"30 04 00 01 61 00", "90 04 00 01 00 00", "D0 00", "40 02 00 01", "62 02 00 01", "B0 04 00 01 00 00",
		} {
			s.rejected(mqtt.Config{}, packet, codec.ProtocolError)
			s.rejected(mqtt.Config{}, packet+"20 03 00 00 00", codec.ProtocolError)
		}
	},
	"MQTT-3.2.0-2": func(s *scene) {
		s.expels(mqtt.Config{}, "20 03 00 00 00", codec.ProtocolError, "3.2")
		conn, done := s.answered(mqtt.Config{}, "20 03 00 00 00 20 03 00 00 00")
		require.NoError(s, <-done)
		s.expelled(conn, codec.ProtocolError, "3.2")
	},
	"MQTT-3.2.2-1": func(s *scene) {
		for bit := 1; bit < 8; bit++ {
			s.rejected(mqtt.Config{}, fmt.Sprintf("20 03 %02X 00 00", 1<<bit), codec.MalformedPacket)
		}
	},
	"MQTT-3.2.2-2": func(s *scene) {
		packet, _ := s.connectPacket(mqtt.Config{})
		require.True(s, packet.CleanStart)
		s.rejected(mqtt.Config{}, "20 03 01 00 00", codec.ProtocolError)
	},
	"MQTT-3.2.2-3": func(s *scene) {
		for _, present := range []bool{true, false} {
			conn := s.kept(mqtt.Config{})
			s.inFlight(conn, mqtt.AtLeastOnce, "m")
			conn.Close()
			conn = s.accept(codec.ConnAck{SessionPresent: present})
			require.Equal(s, present, expectNow[*codec.Publish](s, conn).Dup, "resumed, or anew")
			ack, _ := s.client.ConnAck()
			require.Equal(s, present, ack.SessionPresent)
		}
	},
	// A client without SessionDurable or a Store has no session before its first connection, and says so by Clean Start.
	// With one of them the application has declared that a session of the server's is its own.
	"MQTT-3.2.2-4": func(s *scene) {
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection} {
			s.rejected(mqtt.Config{Session: session}, "20 03 01 00 00", codec.ProtocolError)
		}
		conn := s.up(mqtt.Config{Session: mqtt.SessionConnection})
		conn.Close()
		conn = s.accept(codec.ConnAck{SessionPresent: true}) // the last session ended with its connection
		s.reproached(conn, codec.ProtocolError)
		conn = s.kept(mqtt.Config{}, codec.ConnAck{SessionPresent: true})
		s.works(conn)
	},
	"MQTT-3.2.2-5": func(s *scene) {
		conn := s.kept(mqtt.Config{OnSessionLost: mqtt.LostFail})
		s.subscribe(conn, "a/b", mqtt.ExactlyOnce)
		one, _ := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		two, _ := s.inFlight(conn, mqtt.ExactlyOnce, "2")
		three, _ := s.released(conn, "3")
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "in"))
		s.next()
		leaves(s, conn, "50 02 00 09")
		conn.Close()
		conn = s.accept(codec.ConnAck{})
		require.Equal(s, "a/b", mqtttest.Expect[*codec.Subscribe](s, conn).Subscriptions[0].Filter, "the subscription is gone")
		quiet(s, conn) // and so is what was in flight
		for _, d := range []*mqtt.Delivery{one, two, three} {
			require.ErrorIs(s, outcome(s, d), mqtt.ErrUncertain)
		}
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "another"))
		require.Equal(s, "another", string(s.next().Payload), "and the identifiers that came")
	},
	"MQTT-3.2.2-6": func(s *scene) {
		s.rejected(mqtt.Config{}, "20 03 01 87 00", codec.ProtocolError)
		conn := s.kept(mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		conn.Close()
		conn = s.dialled()
		mqtttest.Expect[*codec.Connect](s, conn)
		feed(s, conn, "20 03 01 89 00")
		s.reproached(conn, codec.ProtocolError) // nothing was sent again before
		undecided(s, d)
	},
	"MQTT-3.2.2-7": func(s *scene) {
		for _, code := range []codec.ReasonCode{0x80, 0x83, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x97, 0x9F} {
			s.turnedAway(mqtt.Config{}, fmt.Sprintf("20 03 00 %02X 00", byte(code)), code)
		}
	},
	"MQTT-3.2.2-8": func(s *scene) {
		for _, code := range []string{"01", "10", "7F", "8E", "8F", "92", "FF"} {
			s.rejected(mqtt.Config{}, "20 03 00 "+code+" 00", codec.ProtocolError)
			require.Contains(s, s.client.Stats().Link.LastError.Error(), "0x"+code)
		}
	},
}

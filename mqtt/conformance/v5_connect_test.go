package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// manyConfigs are different in all that the connect flags tell.
func manyConfigs() (all []mqtt.Config) {
	for _, will := range []*mqtt.Will{nil, {Topic: "w"}, {Topic: "w", QoS: 1, Retain: true}, {Topic: "w", QoS: 2, Payload: []byte("p")}} {
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection, mqtt.SessionDurable} {
			for _, user := range []string{"", "u"} {
				for _, password := range [][]byte{nil, {}, {0, 255}} {
					all = append(all, mqtt.Config{ClientID: "c", Will: will, Session: session, Username: user, Password: password})
				}
			}
		}
	}
	return all
}

// connect5 is about the flags of CONNECT and the sessions that they ask for (§3.1.2).
var connect5 = rows{
	"MQTT-3.1.0-1": func(s *scene) {
		s.idle(mqtt.Config{Subscriptions: []mqtt.Subscription{{Filter: "a"}}})
		s.async(mqtt.AtLeastOnce, "waits")
		s.connecting()
		for range 3 {
			conn := s.dialled()
			require.Equal(s, byte(0x10), raw(s, conn)[0])
			quiet(s, conn) // the rest waits for CONNACK
			conn.SetVersion(codec.Version(s.v))
			reply(s, conn, &codec.ConnAck{})
			mqtttest.Expect[*codec.Subscribe](s, conn)
			conn.Close()
		}
	},
	"MQTT-3.1.0-2": func(s *scene) {
		s.idle(mqtt.Config{})
		done := s.connecting()
		conn := s.dialled()
		require.ErrorIs(s, s.client.Connect(s.Context()), mqtt.ErrConnected)
		conn.Handshake(s)
		require.NoError(s, <-done)
		require.ErrorIs(s, s.client.Connect(s.Context()), mqtt.ErrConnected)
		quiet(s, conn)
		require.Equal(s, 1, s.server.Dials())
	},
	"MQTT-3.1.2-1": func(s *scene) {
		_, b := s.connectPacket(mqtt.Config{})
		rest, _ := after(b[1:])
		require.Equal(s, bytesOf("00 04 4D 51 54 54"), rest[:6])
		s.turnedAway(mqtt.Config{}, "20 03 00 84 00", codec.UnsupportedProtocolVersion)
	},
	"MQTT-3.1.2-2": func(s *scene) {
		require.Equal(s, byte(5), s.connectOf(mqtt.Config{}).level)
		for _, answer := range []string{"20 03 00 84 00", "20 02 00 01"} { // the second is how 3.x says it
			s.turnedAway(mqtt.Config{}, answer, codec.UnsupportedProtocolVersion)
			s.v = mqtt.VersionAuto
			_, done := s.answered(mqtt.Config{}, answer)
			lower := s.dialled()
			require.Equal(s, codec.V311, lower.Handshake(s).Version)
			require.NoError(s, <-done)
			s.v = mqtt.V5
		}
	},
	"MQTT-3.1.2-3": func(s *scene) {
		for _, cfg := range manyConfigs() {
			require.Zero(s, s.connectOf(cfg).flags&1)
		}
	},
	"MQTT-3.1.2-4": func(s *scene) {
		cfg := mqtt.Config{Session: mqtt.SessionConnection, OnSessionLost: mqtt.LostFail, MaxInFlight: 2}
		conn := s.up(cfg)
		one, _ := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		two, _ := s.released(conn, "2")
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "in"))
		require.Equal(s, "in", string(s.next().Payload))
		leaves(s, conn, "50 02 00 09")
		conn.Close()
		conn = s.dialled()
		require.True(s, conn.Handshake(s).CleanStart)
		quiet(s, conn) // nothing is sent again
		require.ErrorIs(s, outcome(s, one), mqtt.ErrUncertain)
		require.ErrorIs(s, outcome(s, two), mqtt.ErrUncertain)
		s.inFlight(conn, mqtt.AtLeastOnce, "3") // identifiers and places are free again
		s.inFlight(conn, mqtt.ExactlyOnce, "4")
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "in"))
		require.Equal(s, "in", string(s.next().Payload), "its identifier was forgotten")
	},
	"MQTT-3.1.2-5": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		_, one := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		_, two := s.inFlight(conn, mqtt.ExactlyOnce, "2")
		_, three := s.released(conn, "3")
		_, four := s.inFlight(conn, mqtt.AtLeastOnce, "4")
		conn = s.resume(conn)
		for _, sent := range []*codec.Publish{one, two} {
			sent.Dup = true
			require.Equal(s, sent, expectNow[*codec.Publish](s, conn))
		}
		require.Equal(s, three, expectNow[*codec.PubRel](s, conn).PacketID)
		four.Dup = true
		require.Equal(s, four, expectNow[*codec.Publish](s, conn))
		quiet(s, conn)
	},
	"MQTT-3.1.2-6": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		one, _ := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		two, _ := s.released(conn, "2")
		conn.Close()
		conn = s.dialled()
		require.False(s, conn.Handshake(s, codec.ConnAck{}).CleanStart)
		require.Equal(s, "a", mqtttest.Expect[*codec.Subscribe](s, conn).Subscriptions[0].Filter)
		again := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [2]any{"1", false}, [2]any{string(again.Payload), again.Dup}, "as a new message")
		quiet(s, conn)
		undecided(s, one)
		require.ErrorIs(s, outcome(s, two), mqtt.ErrUncertain)
		lost := awaitEvent[mqtt.EventSessionLost](s)
		require.Equal(s, [2]int{1, 1}, [2]int{lost.Republished, lost.Uncertain})
	},
	"MQTT-3.1.2-8": func(s *scene) {
		will := mqtt.Config{Will: &mqtt.Will{Topic: "w"}}
		conn := s.up(will)
		go s.client.Close(s.Context())
		require.Zero(s, mqtttest.Expect[*codec.Disconnect](s, conn).Code)
		conn.ExpectClosed(s)
		if s.v == mqtt.V5 {
			conn = s.up(will)
			go s.client.CloseWith(s.Context(), mqtt.Disconnect{Code: codec.DisconnectWithWill})
			require.Equal(s, codec.DisconnectWithWill, mqtttest.Expect[*codec.Disconnect](s, conn).Code)
		}
		conn = s.up(will)
		go s.client.Abort()
		conn.ExpectClosed(s) // without a word
		conn = s.up(will)
		feed(s, conn, "00 00")
		s.expelled(conn, codec.MalformedPacket, "")
		conn = s.up(mqtt.Config{Will: will.Will, KeepAlive: 10 * time.Second, PingTimeout: 3 * time.Second})
		mqtttest.Expect[*codec.PingReq](s, conn)
		if p, err := conn.Read(s.Context()); err == nil {
			require.NotZero(s, p.(*codec.Disconnect).Code)
		}
		require.ErrorIs(s, s.disconnected(), mqtt.ErrNoPingResp)
	},
	"MQTT-3.1.2-9": func(s *scene) {
		c := s.connectOf(mqtt.Config{ClientID: "c", Will: &mqtt.Will{Topic: "w/t", Payload: []byte("bye"), QoS: mqtt.AtLeastOnce}})
		require.Equal(s, byte(0x0C), c.flags&0x3C)
		require.Equal(s, "\x00\x01c"+"\x00"+"\x00\x03w/t"+"\x00\x03bye", c.payload, "no properties is a length of 0")
		c = s.connectOf(mqtt.Config{ClientID: "c", Will: &mqtt.Will{Topic: "w/t", Properties: &mqtt.WillProperties{WillDelayInterval: 7 * time.Second}}})
		require.Equal(s, "\x00\x01c"+"\x05\x18\x00\x00\x00\x07"+"\x00\x03w/t"+"\x00\x00", c.payload)
	},
	"MQTT-3.1.2-11": func(s *scene) {
		for _, cfg := range manyConfigs() {
			if c := s.connectOf(cfg); cfg.Will == nil {
				require.Zero(s, c.flags&0x1C, "Will Flag and Will QoS")
			} else {
				require.Equal(s, byte(cfg.Will.QoS)<<3|4, c.flags&0x1C)
			}
		}
	},
	"MQTT-3.1.2-12": func(s *scene) {
		s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: "w", QoS: 3}}, "Will.QoS")
		for q := range mqtt.QoS(3) {
			require.Equal(s, byte(q)<<3, s.connectOf(mqtt.Config{Will: &mqtt.Will{Topic: "w", QoS: q}}).flags&0x18)
		}
	},
	"MQTT-3.1.2-13": func(s *scene) {
		for _, cfg := range manyConfigs() {
			retain := cfg.Will != nil && cfg.Will.Retain
			require.Equal(s, retain, s.connectOf(cfg).flags&0x20 != 0)
		}
	},
	"MQTT-3.1.2-16": func(s *scene) {
		c := s.connectOf(mqtt.Config{ClientID: "c"})
		require.Equal(s, [2]any{byte(0), "\x00\x01c"}, [2]any{c.flags & 0x80, c.payload})
	},
	"MQTT-3.1.2-17": func(s *scene) {
		c := s.connectOf(mqtt.Config{ClientID: "c", Username: "u"})
		require.Equal(s, [2]any{byte(0x80), "\x00\x01c" + "\x00\x01u"}, [2]any{c.flags & 0xC0, c.payload})
	},
	"MQTT-3.1.2-18": func(s *scene) {
		c := s.connectOf(mqtt.Config{ClientID: "c", Username: "u"})
		require.Equal(s, [2]any{byte(0), "\x00\x01c" + "\x00\x01u"}, [2]any{c.flags & 0x40, c.payload})
	},
	"MQTT-3.1.2-19": func(s *scene) {
		c := s.connectOf(mqtt.Config{ClientID: "c", Password: []byte{0, 255}})
		require.Equal(s, [2]any{byte(0x40), "\x00\x01c" + "\x00\x02\x00\xff"}, [2]any{c.flags & 0xC0, c.payload})
		c = s.connectOf(mqtt.Config{ClientID: "c", Username: "u", Password: []byte{}})
		require.Equal(s, [2]any{byte(0xC0), "\x00\x01c" + "\x00\x01u" + "\x00\x00"}, [2]any{c.flags & 0xC0, c.payload})
	},
}

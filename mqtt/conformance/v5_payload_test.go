package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// payload5 is about the payload of CONNECT and what a server does about it (§3.1.3, §3.1.4).
var payload5 = rows{
	"MQTT-3.1.3-1": func(s *scene) {
		c := s.connectOf(mqtt.Config{
			ClientID: "id", Username: "user", Password: []byte("pass"),
			Will: &mqtt.Will{Topic: "w/t", Payload: []byte("bye"), Properties: &mqtt.WillProperties{ContentType: "ct"}},
		})
		require.Equal(s, "\x00\x02id"+"\x05\x03\x00\x02ct"+"\x00\x03w/t"+"\x00\x03bye"+"\x00\x04user"+"\x00\x04pass", c.payload)
	},
	"MQTT-3.1.3-2": func(s *scene) {
		s.idle(mqtt.Config{NoClientID: true})
		done := s.connecting()
		conn := s.accept(announcing(codec.ConnAckProperties{AssignedClientIdentifier: "auto-1"}))
		require.NoError(s, <-done)
		s.inFlight(conn, mqtt.AtLeastOnce, "m")
		conn.Close()
		conn = s.dialled()
		connect := conn.Handshake(s, codec.ConnAck{SessionPresent: true})
		require.Equal(s, [2]any{"auto-1", false}, [2]any{connect.ClientID, connect.CleanStart})
		require.True(s, expectNow[*codec.Publish](s, conn).Dup, "the session goes on under that name")

		store := mqtt.NewMemoryStore()
		conn = s.kept(mqtt.Config{Store: store})
		s.inFlight(conn, mqtt.AtLeastOnce, "m")
		s.end()
		_, err := mqtt.New(mqtt.Config{Store: store, ClientID: "another", Version: s.v})
		require.Error(s, err, "it is another's session")
		conn = s.kept(mqtt.Config{Store: store}, codec.ConnAck{SessionPresent: true})
		require.True(s, expectNow[*codec.Publish](s, conn).Dup)
	},
	"MQTT-3.1.3-3": func(s *scene) {
		require.Equal(s, "\x00\x00", s.connectOf(mqtt.Config{NoClientID: true}).payload)
		require.Equal(s, "\x00\x01c"+"\x00\x01u", s.connectOf(mqtt.Config{ClientID: "c", Username: "u"}).payload)
	},
	"MQTT-3.1.3-4": func(s *scene) {
		for _, bad := range []string{"\xff", "\xed\xa0\x80", "a\x00"} {
			s.refusedConfig(mqtt.Config{ClientID: bad}, "ClientID")
		}
		require.Equal(s, "\x00\x06中国", s.connectOf(mqtt.Config{ClientID: "中国"}).payload)
	},
	"MQTT-3.1.3-5": func(s *scene) {
		for range 100 {
			packet, _ := s.connectPacket(mqtt.Config{})
			require.Regexp(s, "^[0-9a-zA-Z]{1,23}$", packet.ClientID)
		}
	},
	"MQTT-3.1.3-6": func(s *scene) {
		assigned := announcing(codec.ConnAckProperties{AssignedClientIdentifier: "a1"})
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection} {
			s.idle(mqtt.Config{NoClientID: true, Session: session})
			done := s.connecting()
			conn := s.dialled()
			require.Empty(s, conn.Handshake(s, assigned).ClientID)
			require.NoError(s, <-done)
			s.works(conn)
		}
	},
	"MQTT-3.1.3-7": func(s *scene) {
		conn := s.up(mqtt.Config{NoClientID: true}, announcing(codec.ConnAckProperties{AssignedClientIdentifier: "auto-1"}))
		ack, _ := s.client.ConnAck()
		require.Equal(s, [2]string{"auto-1", "auto-1"}, [2]string{ack.AssignedClientIdentifier, ack.ClientID})
		for range 2 {
			conn.Close()
			conn = s.dialled()
			require.Equal(s, "auto-1", conn.Handshake(s, codec.ConnAck{SessionPresent: true}).ClientID)
		}
	},
	"MQTT-3.1.3-8": func(s *scene) {
		s.turnedAway(mqtt.Config{}, "20 03 00 85 00", codec.ClientIdentifierNotValid)
	},
	"MQTT-3.1.3-10": func(s *scene) {
		c := s.connectOf(mqtt.Config{ClientID: "c", Will: &mqtt.Will{Topic: "w", Properties: &mqtt.WillProperties{
			UserProperties: []mqtt.UserProperty{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}, {Key: "b", Value: "1"}},
		}}})
		want := string(bytesOf("15 26 00 01 62 00 01 31 26 00 01 61 00 01 32 26 00 01 62 00 01 31"))
		require.Equal(s, "\x00\x01c"+want+"\x00\x01w"+"\x00\x00", c.payload)
	},
	"MQTT-3.1.3-11": func(s *scene) {
		for _, bad := range []string{"\xff", "", "a/+", "#", "a\x00"} {
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: bad}}, "Will.Topic")
		}
	},
	"MQTT-3.1.3-12": func(s *scene) {
		for _, bad := range []string{"\xff", "\xed\xa0\x80", "a\x00"} {
			s.refusedConfig(mqtt.Config{Username: bad}, "Username")
		}
	},
	"MQTT-3.1.4-1": func(s *scene) {
		s.turnedAway(mqtt.Config{}, "20 03 00 81 00", codec.MalformedPacket)
		s.idle(mqtt.Config{})
		done := s.connecting()
		s.dialled().Close()
		require.Equal(s, "connack", as[*mqtt.ConnectError](s, <-done).Stage)
	},
	"MQTT-3.1.4-2": func(s *scene) {
		s.turnedAway(mqtt.Config{}, "20 03 00 86 00", codec.BadUserNameOrPassword)
		why := s.turnedAway(mqtt.Config{}, header(0x20, "00 87 "+sized("1F 00 02 6E 6F")), codec.NotAuthorized)
		require.Equal(s, "no", why.ReasonString)
		conn, done := s.answered(mqtt.Config{}, "")
		conn.Close()
		require.Equal(s, "connack", as[*mqtt.ConnectError](s, <-done).Stage)
	},
	"MQTT-3.1.4-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "E0 02 8E 00")
		conn.ExpectClosed(s)
		refused(s, s.ended(), "DISCONNECT", codec.SessionTakenOver)
		elapse(time.Hour)
		require.Equal(s, 1, s.server.Dials(), "two clients of one name would take over each other's session for ever")
	},
	"MQTT-3.1.4-5": func(s *scene) {
		conn, done := s.answered(mqtt.Config{}, "20 03 00 00 00")
		require.NoError(s, <-done)
		require.Equal(s, mqtt.StateConnected, s.client.State())
		s.works(conn)
	},
	"MQTT-3.1.4-6": func(s *scene) {
		s.idle(mqtt.Config{})
		d := s.async(mqtt.AtLeastOnce, "waits")
		done := s.connecting()
		conn := s.dialled()
		conn.Handshake(s, codec.ConnAck{Code: codec.ServerBusy})
		conn.ExpectClosed(s) // nothing follows
		refused(s, <-done, "CONNACK", codec.ServerBusy)
		undecided(s, d)
		conn = s.connect()
		p := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [2]any{"waits", false}, [2]any{string(p.Payload), p.Dup})
	},
	"no-id:3.1.3.2.3/a": func(s *scene) {
		utf8 := &mqtt.WillProperties{PayloadFormatIndicator: 1}
		s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: "w", Payload: []byte{0xFF}, Properties: utf8}}, "Will.Properties.PayloadFormatIndicator")
		packet, _ := s.connectPacket(mqtt.Config{Will: &mqtt.Will{Topic: "w", Payload: []byte("ä"), Properties: utf8}})
		require.Equal(s, byte(1), packet.Will.Properties.PayloadFormatIndicator)
		conn := s.up(mqtt.Config{})
		m := mqtt.Message{Topic: "a", Payload: []byte{0xFF}, Properties: &mqtt.PublishProperties{PayloadFormatIndicator: 1}}
		argument(s, s.client.Publish(s.Context(), m), "Message.Properties.PayloadFormatIndicator")
		m.Payload = []byte("ä")
		s.asyncMessage(m)
		leaves(s, conn, header(0x30, "00 01 61 02 01 01 C3 A4"))
	},
	"no-id:3.1.4/a": func(s *scene) {
		s.idle(mqtt.Config{Subscriptions: []mqtt.Subscription{{Filter: "a"}}, KeepAlive: time.Second})
		s.async(mqtt.AtMostOnce, "0")
		s.async(mqtt.AtLeastOnce, "1")
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](s, conn)
		conn.ExpectNothing(s, 20*time.Second) // no ping either
		reply(s, conn, &codec.ConnAck{})
		require.NoError(s, <-done)
		mqtttest.Expect[*codec.Subscribe](s, conn)
	},
	"no-id:3.2/a": func(s *scene) {
		s.idle(mqtt.Config{ConnectTimeout: 7 * time.Second})
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](s, conn)
		start := time.Now()
		conn.ExpectClosed(s)
		require.Equal(s, 7*time.Second, time.Since(start))
		require.Equal(s, "connack", as[*mqtt.ConnectError](s, <-done).Stage)
	},
}

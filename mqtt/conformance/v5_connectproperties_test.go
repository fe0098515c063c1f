package conformance

import (
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// properties5 is about keep alive and the properties of CONNECT (§3.1.2.10, §3.1.2.11).
var properties5 = rows{
	"MQTT-3.1.2-20": func(s *scene) {
		conn := s.up(mqtt.Config{KeepAlive: time.Second})
		for range 10 {
			start := time.Now()
			leaves(s, conn, "C0 00")
			require.LessOrEqual(s, time.Since(start), time.Second)
			reply(s, conn, &codec.PingResp{})
		}
		conn = s.up(mqtt.Config{KeepAlive: -1})
		conn.ExpectNothing(s, 24*time.Hour)
	},
	"MQTT-3.1.2-21": func(s *scene) {
		conn := s.up(mqtt.Config{KeepAlive: time.Minute}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(uint16(1))}))
		for range 3 {
			start := time.Now()
			mqtttest.Expect[*codec.PingReq](s, conn)
			require.LessOrEqual(s, time.Since(start), time.Second)
			reply(s, conn, &codec.PingResp{})
		}
		ack, _ := s.client.ConnAck()
		require.Equal(s, time.Second, ack.KeepAlive)
		conn = s.up(mqtt.Config{KeepAlive: time.Minute}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(uint16(0))}))
		conn.ExpectNothing(s, 24*time.Hour)
	},
	"MQTT-3.1.2-22": func(s *scene) {
		b := s.brokered(mqtt.Config{KeepAlive: 10 * time.Second}, mqtttest.BrokerConfig{})
		elapse(100 * time.Second)
		require.Equal(s, mqtt.StateConnected, s.client.State())
		require.Equal(s, 1, s.server.Dials())
		b.Close()
		if s.v == mqtt.V5 {
			conn := s.up(mqtt.Config{})
			feed(s, conn, "E0 02 8D 00")
			refused(s, s.disconnected(), "DISCONNECT", codec.KeepAliveTimeout)
		}
	},
	"MQTT-3.1.2-23": func(s *scene) {
		s.idle(mqtt.Config{SessionExpiry: time.Minute})
		s.connecting()
		conn := s.dialled()
		require.Equal(s, uint32(60), *conn.Handshake(s).Properties.SessionExpiryInterval)
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		conn = s.resume(conn)
		again := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [2]any{p.PacketID, true}, [2]any{again.PacketID, again.Dup})

		s.idle(mqtt.Config{Session: mqtt.SessionConnection, OnSessionLost: mqtt.LostFail})
		s.connecting()
		conn = s.dialled()
		connect := conn.Handshake(s)
		require.True(s, connect.Properties.SessionExpiryInterval == nil)
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		conn.Close()
		require.ErrorIs(s, outcome(s, d), mqtt.ErrUncertain)
		conn = s.accept()
		quiet(s, conn)
	},
	"MQTT-3.1.2-24": func(s *scene) {
		s.idle(mqtt.Config{MaxPacketSize: 64})
		s.connecting()
		conn := s.dialled()
		connect := conn.Handshake(s)
		if s.v == mqtt.V5 {
			require.Equal(s, uint32(64), connect.Properties.MaximumPacketSize)
		}
		publish := func(size int) []byte {
			m := incoming(codec.AtMostOnce, 0, "")
			b, err := m.Append(nil, codec.Version(s.v))
			require.NoError(s, err)
			m.Payload = make([]byte, size-len(b))
			b, err = m.Append(nil, codec.Version(s.v))
			require.NoError(s, err)
			require.Len(s, b, size)
			return b
		}
		s.client.Messages()
		require.NoError(s, conn.SendBytes(publish(64)))
		s.next()
		require.NoError(s, conn.SendBytes(publish(65)[:2])) // its header is enough
		s.expelled(conn, codec.PacketTooLarge, "")
		s.none()
	},
	"MQTT-3.1.2-26": func(s *scene) {
		s.drops(mqtt.Config{TopicAliasMaximum: 5}, "30 07 00 01 61 03 23 00 06", 0x94, "3.3.2.3.4")
	},
	"MQTT-3.1.2-27": func(s *scene) {
		packet, _ := s.connectPacket(mqtt.Config{})
		require.Zero(s, packet.Properties.TopicAliasMaximum)
		s.drops(mqtt.Config{}, "30 07 00 01 61 03 23 00 01", 0x94, "3.3.2.3.4")
	},
	"MQTT-3.1.2-28": func(s *scene) { // what comes unasked does no harm
		for _, asked := range []bool{false, true} {
			packet, _ := s.connectPacket(mqtt.Config{RequestResponseInformation: asked})
			require.Equal(s, asked, packet.Properties.RequestResponseInformation)
			conn := s.up(mqtt.Config{RequestResponseInformation: asked}, announcing(codec.ConnAckProperties{ResponseInformation: "base"}))
			ack, _ := s.client.ConnAck()
			require.Equal(s, "base", ack.ResponseInformation)
			s.works(conn)
		}
	},
	"MQTT-3.1.2-29": func(s *scene) {
		silent := mqtt.Config{RequestProblemInformation: new(false)}
		packet, _ := s.connectPacket(silent)
		require.False(s, *packet.Properties.RequestProblemInformation)
		for _, words := range []string{"1F 00 02 68 69", "26 00 01 61 00 01 31"} {
			for _, ack := range []string{
				header(0x40, "00 01 00 "+sized(words)), header(0x50, "00 01 00 "+sized(words)), header(0x62, "00 01 00 "+sized(words)),
				header(0x70, "00 01 00 "+sized(words)), header(0x90, "00 01 "+sized(words)+" 00"), header(0xB0, "00 01 "+sized(words)+" 00"),
			} {
				s.expels(silent, ack, codec.ProtocolError, "3.1.2.11.7")
				conn := s.up(mqtt.Config{}) // where it isn't forbidden it is let be
				feed(s, conn, ack)
				synctest.Wait()
				require.Equal(s, mqtt.StateConnected, s.client.State())
			}
		}
		conn := s.up(silent, announcing(codec.ConnAckProperties{ReasonString: "hi", UserProperties: []codec.UserProperty{{Key: "a", Value: "1"}}}))
		feed(s, conn, header(0x30, "00 01 61 "+sized("26 00 01 61 00 01 31")))
		require.Len(s, s.next().Properties.UserProperties, 1)
		feed(s, conn, header(0xE0, "8B "+sized("1F 00 02 68 69")))
		require.Equal(s, "hi", refused(s, s.disconnected(), "DISCONNECT", codec.ServerShuttingDown).ReasonString)
	},
	"no-id:3.1.2.11.3/a": func(s *scene) {
		s.refusedConfig(mqtt.Config{ReceiveMaximum: -1}, "ReceiveMaximum")
		s.refusedConfig(mqtt.Config{ReceiveMaximum: 65_536}, "ReceiveMaximum")
		packet, b := s.connectPacket(mqtt.Config{}) // the codec refuses what stands twice
		require.Equal(s, uint16(256), packet.Properties.ReceiveMaximum, "0 is the default")
		packet, _ = s.connectPacket(mqtt.Config{
			ReceiveMaximum: 1, MaxPacketSize: 100, TopicAliasMaximum: 2, RequestResponseInformation: true, RequestProblemInformation: new(false),
			UserProperties: []mqtt.UserProperty{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}},
		})
		require.Equal(s, uint16(1), packet.Properties.ReceiveMaximum)
		require.Len(s, packet.Properties.UserProperties, 2)
		require.Equal(s, 1, strings.Count(string(b), "\x21\x01\x00"))
	},
	"no-id:3.1.2.11.4/a": func(s *scene) {
		s.refusedConfig(mqtt.Config{MaxPacketSize: -1}, "MaxPacketSize")
		packet, _ := s.connectPacket(mqtt.Config{})
		require.Equal(s, uint32(1<<20), packet.Properties.MaximumPacketSize, "0 is the default")
		packet, _ = s.connectPacket(mqtt.Config{MaxPacketSize: 1})
		require.Equal(s, uint32(1), packet.Properties.MaximumPacketSize)
	},
	"no-id:3.1.2.11.6/a": func(s *scene) {
		for _, ask := range []bool{false, true} {
			_, b := s.connectPacket(mqtt.Config{ClientID: "c", RequestResponseInformation: ask, RequestProblemInformation: new(ask)})
			response, problem := "\x19\x01", "\x17\x00"
			require.Equal(s, ask, strings.Contains(string(b), response), "it is sent where it isn't the default")
			require.Equal(s, !ask, strings.Contains(string(b), problem))
		}
	},
	"no-id:3.1.2.10/a": func(s *scene) {
		conn := s.up(mqtt.Config{Will: &mqtt.Will{Topic: "w"}, KeepAlive: 10 * time.Second, PingTimeout: 3 * time.Second})
		mqtttest.Expect[*codec.PingReq](s, conn)
		start := time.Now()
		if p, err := conn.Read(s.Context()); err == nil {
			require.NotZero(s, p.(*codec.Disconnect).Code, "the will must be sent")
			conn.ExpectClosed(s)
		}
		require.Equal(s, 3*time.Second, time.Since(start))
		require.ErrorIs(s, s.disconnected(), mqtt.ErrNoPingResp)
	},
}

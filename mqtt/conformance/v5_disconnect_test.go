package conformance

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// clientCodes are the Reason Codes of DISCONNECT that a client may send (§3.14.2.1).
var clientCodes = []codec.ReasonCode{
	0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
}

// disconnect5 is about PINGRESP, DISCONNECT and what follows an error (§3.12 to §3.14, §4.13).
var disconnect5 = rows{
	"MQTT-3.12.4-1": func(s *scene) {
		conn := s.up(mqtt.Config{KeepAlive: 10 * time.Second, PingTimeout: 3 * time.Second})
		for range 3 {
			mqtttest.Expect[*codec.PingReq](s, conn)
			reply(s, conn, &codec.PingResp{})
		}
		synctest.Wait()
		require.Equal(s, mqtt.StateConnected, s.client.State())
		mqtttest.Expect[*codec.PingReq](s, conn)
		require.ErrorIs(s, s.disconnected(), mqtt.ErrNoPingResp)
	},
	"MQTT-3.14.0-1": func(s *scene) {
		for _, packet := range []string{"E0 02 89 00", "E0 00", "E0 01 8B"} {
			s.rejected(mqtt.Config{}, packet, codec.ProtocolError)
		}
	},
	"MQTT-3.14.1-1": func(s *scene) {
		for flags := 1; flags < 16; flags++ {
			s.expels(mqtt.Config{}, fmt.Sprintf("%02X 00", 0xE0|flags), codec.MalformedPacket, "2.1.3")
		}
	},
	"MQTT-3.14.2-1": func(s *scene) {
		for code := range 256 {
			lawful := false
			for _, c := range clientCodes {
				lawful = lawful || int(c) == code
			}
			conn := s.up(mqtt.Config{})
			client := s.client
			done := later(func() error { return client.CloseWith(s.Context(), mqtt.Disconnect{Code: codec.ReasonCode(code)}) })
			if !lawful {
				argument(s, <-done, "Disconnect.Code")
				continue
			}
			require.Equal(s, codec.ReasonCode(code), mqtttest.Expect[*codec.Disconnect](s, conn).Code)
		}
		for _, code := range []string{"01", "04", "10", "18", "85", "91", "FF"} {
			s.expels(mqtt.Config{}, "E0 02 "+code+" 00", codec.ProtocolError, "")
		}
	},
	"MQTT-3.14.2-2": func(s *scene) {
		conn := s.up(mqtt.Config{SessionExpiry: time.Hour})
		feed(s, conn, "E0 07 00 05 11 00 00 00 0A")
		s.reproached(conn, codec.ProtocolError)
		as[*mqtt.ProtocolError](s, s.disconnected())
		connect := s.dialled().Handshake(s, codec.ConnAck{SessionPresent: true})
		require.Equal(s, uint32(3600), *connect.Properties.SessionExpiryInterval, "as it was")
	},
	"MQTT-3.14.2-3": func(s *scene) {
		s.shedsLastWords(mqtt.Disconnect{Code: codec.DisconnectWithWill, ReasonString: "some long words"})
	},
	"MQTT-3.14.2-4": func(s *scene) {
		s.shedsLastWords(mqtt.Disconnect{Code: codec.DisconnectWithWill, UserProperties: []mqtt.UserProperty{{Key: "some long", Value: "words"}}})
	},
	"MQTT-3.14.4-1": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual, KeepAlive: time.Second})
		client := s.client
		reply(s, conn, incoming(codec.AtLeastOnce, 1, ""), incoming(codec.ExactlyOnce, 2, ""))
		one, two := s.next(), s.next()
		for range 20 {
			go func() {
				for client.Publish(s.Context(), mqtt.Message{Topic: "a"}) == nil {
				}
			}()
		}
		go client.CloseWith(canceled(s), mqtt.Disconnect{Code: codec.DisconnectWithWill})
		for last := false; ; {
			p, err := conn.Read(s.Context())
			if err != nil {
				require.True(s, last, "DISCONNECT is the last packet")
				break
			}
			require.False(s, last, "%v after DISCONNECT", p.Type())
			if last = p.Type() == codec.TypeDisconnect; last {
				one.Ack()
				two.Ack()
				reply(s, conn, &codec.PubRel{PacketID: 2}, incoming(codec.AtLeastOnce, 3, ""))
			}
		}
		conn = s.up(mqtt.Config{Ack: mqtt.AckManual})
		reply(s, conn, incoming(codec.AtLeastOnce, 1, ""))
		one = s.next()
		feed(s, conn, "00 00")
		require.Equal(s, codec.MalformedPacket, mqtttest.Expect[*codec.Disconnect](s, conn).Code)
		one.Ack()
		s.async(mqtt.AtMostOnce, "for the next connection")
		conn.ExpectClosed(s)
	},
	"MQTT-3.14.4-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		client := s.client
		done := later(func() error { return client.Close(s.Context()) })
		mqtttest.Expect[*codec.Disconnect](s, conn)
		start := time.Now()
		conn.ExpectClosed(s)
		require.LessOrEqual(s, time.Since(start), 2*time.Second)
		require.NoError(s, <-done)
		conn = s.up(mqtt.Config{})
		feed(s, conn, "00 00")
		mqtttest.Expect[*codec.Disconnect](s, conn)
		conn.ExpectClosed(s)
		conn = s.up(mqtt.Config{})
		go s.client.Reconnect(s.Context())
		mqtttest.Expect[*codec.Disconnect](s, conn)
		conn.ExpectClosed(s)
	},
	"MQTT-3.14.4-3": func(s *scene) {
		conn := s.kept(mqtt.Config{Will: &mqtt.Will{Topic: "w"}})
		go s.client.Close(s.Context())
		leaves(s, conn, "E0 00")
		conn = s.kept(mqtt.Config{Will: &mqtt.Will{Topic: "w"}})
		go s.client.CloseWith(s.Context(), mqtt.Disconnect{Code: codec.DisconnectWithWill})
		leaves(s, conn, "E0 01 04")
		for _, keep := range []bool{true, false} { // and a server that does so
			b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
			witness, err := mqtt.Connect(s.Context(), "mqtt://h", mqtt.Config{Dialer: b, Version: s.v})
			require.NoError(s, err)
			_, err = witness.Subscribe(s.Context(), mqtt.Subscription{Filter: "w"})
			require.NoError(s, err)
			client, err := mqtt.Connect(s.Context(), "mqtt://h", mqtt.Config{Dialer: b, Version: s.v, Will: &mqtt.Will{Topic: "w"}})
			require.NoError(s, err)
			if keep {
				client.Abort()
			} else {
				require.NoError(s, client.Close(s.Context()))
			}
			select {
			case <-witness.Messages():
				require.True(s, keep, "the will was sent")
			case <-time.After(time.Minute):
				require.False(s, keep, "the will was not sent")
			}
			witness.Abort()
			b.Close()
		}
	},
	"MQTT-4.13.1-1": func(s *scene) {
		for _, code := range []codec.ReasonCode{codec.MalformedPacket, codec.ProtocolError} {
			conn := s.up(mqtt.Config{})
			feed(s, conn, fmt.Sprintf("E0 02 %02X 00", byte(code)))
			conn.ExpectClosed(s)
			refused(s, s.disconnected(), "DISCONNECT", code)
			s.works(s.accept())
		}
	},
	"MQTT-4.13.2-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "D0 01 00")
		require.Equal(s, codec.MalformedPacket, mqtttest.Expect[*codec.Disconnect](s, conn).Code)
		conn.ExpectClosed(s)
		conn = s.up(mqtt.Config{})
		feed(s, conn, "E0 02 8B 00")
		conn.ExpectClosed(s) // the server needn't close first
		s.turnedAway(mqtt.Config{}, "20 03 00 88 00", codec.ServerUnavailable)
	},
	"no-id:3.14/a": func(s *scene) {
		for _, c := range []struct {
			bytes string
			code  codec.ReasonCode
		}{{"00 00", 0x81}, {"C0 00", 0x82}, {"30 06 00 00 03 23 00 01", 0x94}, {"30 FF FF FF 7F", 0x95}} {
			require.True(s, c.code.Failed(), "the will is sent")
			s.expels(mqtt.Config{}, c.bytes, c.code, "")
		}
	},
	"no-id:3.14.2.1/a": func(s *scene) {
		for _, c := range []struct {
			bytes string
			code  codec.ReasonCode
		}{{"E0 00", 0}, {"E0 01 8B", 0x8B}, {"E0 02 8B 00", 0x8B}, {"E0 01 00", 0}, {"E0 02 00 00", 0}} {
			conn := s.up(mqtt.Config{})
			feed(s, conn, c.bytes)
			conn.ExpectClosed(s)
			refused(s, s.disconnected(), "DISCONNECT", c.code)
		}
	},
	"no-id:3.14.2.2.2/a": func(s *scene) {
		conn := s.up(mqtt.Config{Session: mqtt.SessionConnection})
		argument(s, s.client.CloseWith(s.Context(), mqtt.Disconnect{SessionExpiry: new(time.Second)}), "Disconnect.SessionExpiry")
		quiet(s, conn)
		for _, expiry := range []time.Duration{0, 7 * time.Second} {
			conn = s.up(mqtt.Config{SessionExpiry: time.Hour})
			client := s.client
			go client.CloseWith(s.Context(), mqtt.Disconnect{SessionExpiry: new(expiry)})
			p := mqtttest.Expect[*codec.Disconnect](s, conn)
			require.Equal(s, uint32(expiry/time.Second), *p.Properties.SessionExpiryInterval)
		}
		conn = s.up(mqtt.Config{Session: mqtt.SessionConnection}) // none of its own accord either
		go s.client.Close(s.Context())
		leaves(s, conn, "E0 00")
	},
	"no-id:3.14.4/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "E0 02 8B 00")
		start := time.Now()
		conn.ExpectClosed(s)
		require.Less(s, time.Since(start), time.Second)
	},
	"no-id:4.13.1/a": func(s *scene) {
		for _, c := range []struct {
			bytes string
			code  codec.ReasonCode
		}{
			{"36 06 00 01 61 00 01 00", 0x81}, {"30 06 00 03 61 00 62 00", 0x81}, {"40 02 00 00", 0x82}, {"40 01 00", 0x81},
			{"90 04 00 01 00 03", 0x82}, {"B0 04 00 01 00 01", 0x82}, {"50 03 00 01 01", 0x82}, {"70 03 00 01 80", 0x82},
			{"20 03 00 00 00", 0x82}, {"82 07 00 01 00 00 01 61 00", 0x82}, {"D0 01 00", 0x81}, {"F1 00", 0x81},
			{"30 06 00 01 61 02 7F 00", 0x81}, {"30 07 00 01 61 03 23 00 01", 0x94}, {"30 FF FF FF 7F", 0x95},
		} {
			s.expels(mqtt.Config{}, c.bytes, c.code, "")
		}
	},
}

// shedsLastWords checks that DISCONNECT leaves without its words where they are more than the server takes.
func (s *scene) shedsLastWords(d mqtt.Disconnect) {
	s.Helper()
	for limit, whole := range map[uint32]bool{0: true, 200: true, 20: false} {
		conn := s.kept(mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumPacketSize: limit}))
		client := s.client
		go client.CloseWith(s.Context(), d)
		b := raw(s, conn)
		if limit > 0 {
			require.LessOrEqual(s, len(b), int(limit))
		}
		require.Equal(s, byte(d.Code), b[2])
		require.Equal(s, whole, strings.Contains(string(b), "some long"))
	}
}

package mqtt_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// The packets of a server that is wrong about authentication, with what it is told. X is the method.
var (
	// whatever was said before CONNACK
	hostileAuth = []hostile{
		{"MQTT-3.15.1-1", "flags", "F1 06 18 04 15 00 01 58", 0x81},
		{"MQTT-3.15.2-1", "0x19, which is the client's", "F0 06 19 04 15 00 01 58", 0},
		{"MQTT-3.15.2-1", "0x01, which is no code of AUTH", "F0 06 01 04 15 00 01 58", 0},
		{"no-id:3.15/a", "nothing at all", "F0 00", 0},
		{"no-id:3.15/a", "no method", "F0 02 18 00", 0x82},
		{"no-id:3.15/a", "data, and no method", "F0 05 18 03 16 00 00", 0x82},
		{"MQTT-4.12.0-5 B285", "another method", "F0 06 18 04 15 00 01 59", 0x82},
		{"MQTT-4.12.0-5 B285", "a method that is the beginning of ours", "F0 05 18 03 15 00 00", 0x82},
		{"B313", "the method twice", "F0 0A 18 08 15 00 01 58 15 00 01 58", 0x82},
		{"B313", "a property that AUTH has not", "F0 08 18 06 15 00 01 58 01 00", 0},
		{"B313", "a block that ends inside a property", "F0 06 18 04 15 00 02 58", 0x81},
	}
	hostileBeforeConnAck = []hostile{
		{"MQTT-4.12.0-2", "AUTH 0x00 before CONNACK", "F0 06 00 04 15 00 01 58", 0x82},
		{"MQTT-4.12.0-5", "CONNACK without a method", "20 03 00 00 00", 0x82},
		{"MQTT-4.12.0-5", "CONNACK with another method", "20 07 00 00 04 15 00 01 59", 0x82},
		{"B316", "DISCONNECT amid the exchange", "E0 00", 0x82},
		{"B316", "PUBLISH amid the exchange", "30 04 00 01 61 00", 0x82},
		{"B316", "PINGRESP amid the exchange", "D0 00", 0x82},
	}
	hostileUnasked = []hostile{
		{"B285", "AUTH 0x18 that nobody asked for", "F0 06 18 04 15 00 01 58", 0x82},
		{"B285", "AUTH 0x00 that nobody asked for", "F0 06 00 04 15 00 01 58", 0x82},
	}
)

func TestHostileAuthentication(t *testing.T) {
	for _, rounds := range []int{0, 2} {
		for _, h := range append(hostileBeforeConnAck, hostileAuth...) {
			bubble(t, fmt.Sprintf("%s before CONNACK, after %d rounds: %s", h.line, rounds, h.fault), func(t *testing.T) {
				a := authenticator()
				s := idle(t, a.config())
				done := s.connecting()
				conn := s.dialled()
				mqtttest.Expect[*codec.Connect](t, conn)
				for range rounds {
					send(t, conn, more(""))
					proves(t, conn, codec.ContinueAuthentication, "re:")
				}
				require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
				told := mqtttest.Expect[*codec.Disconnect](t, conn)
				if h.code != 0 {
					require.Equal(t, codec.ReasonCode(h.code), told.Code)
				}
				conn.ExpectClosed(t)
				err := <-done
				require.NotEmpty(t, as[*mqtt.ProtocolError](t, err).Section)
				require.Error(t, <-a.ends)
				s.works(s.connect(consent("")))
			})
		}
	}
	bubble(t, "MQTT-4.12.0-6 B285 AUTH before CONNACK and no Authenticator", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		send(t, conn, more("one"))
		expectExpelled(t, conn, mqtt.V5, codec.ProtocolError)
		require.Equal(t, "4.12.0-6", as[*mqtt.ProtocolError](t, <-done).Section)
	})
	bubble(t, "MQTT-4.12.0-6 CONNACK with a method and no Authenticator", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.connecting()
		conn := s.accept(consent(""))
		expectExpelled(t, conn, mqtt.V5, codec.ProtocolError)
		require.Equal(t, "4.12.0-6", as[*mqtt.ProtocolError](t, <-done).Section)
	})
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V31} {
		bubble(t, fmt.Sprintf("B285 AUTH on %s before CONNACK, and after", v), func(t *testing.T) {
			a := authenticator()
			cfg := a.config()
			cfg.Version, cfg.Lenient = v, true
			s := idle(t, cfg)
			done := s.connecting()
			conn := s.dialled()
			mqtttest.Expect[*codec.Connect](t, conn)
			require.NoError(t, conn.SendBytes(raw(t, "F0 06 18 04 15 00 01 58")))
			conn.ExpectClosed(t)
			as[*mqtt.ProtocolError](t, <-done)
			conn = s.connect()
			require.NoError(t, conn.SendBytes(raw(t, "F0 06 18 04 15 00 01 58")))
			expelled(t, s, conn, v, 0)
			require.Empty(t, a.asked())
		})
	}
}

func TestHostileReauthentication(t *testing.T) {
	// thrownOut checks that the connection ends for it, and that the client comes back.
	thrownOut := func(t *testing.T, s *scene, conn *mqtttest.Conn, code byte) {
		told := mqtttest.Expect[*codec.Disconnect](t, conn)
		if code != 0 {
			require.Equal(t, codec.ReasonCode(code), told.Code)
		}
		conn.ExpectClosed(t)
		conn.Close()
		conn = s.accept(consent(""))
		require.NotEmpty(t, as[*mqtt.ProtocolError](t, awaitEvent[mqtt.EventDisconnected](s).Err).Section)
		s.works(conn)
		s.renewed(conn)
	}
	for _, h := range append(hostileUnasked, hostileAuth...) {
		bubble(t, h.line+" on a connection that is up: "+h.fault, func(t *testing.T) {
			s, conn := trusted(t, authenticator())
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			thrownOut(t, s, conn, h.code)
		})
		bubble(t, h.line+" after a re-authentication: "+h.fault, func(t *testing.T) {
			s, conn := trusted(t, authenticator())
			s.renewed(conn)
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			thrownOut(t, s, conn, h.code)
		})
		bubble(t, h.line+" before our answer has left: "+h.fault, func(t *testing.T) {
			a := authenticator()
			s, conn := trusted(t, a)
			done := s.renewing()
			proves(t, conn, codec.ReAuthenticate, "hello")
			b, _ := more("one").Append(nil, codec.V5)
			require.NoError(t, conn.SendBytes(append(b, raw(t, h.bytes)...)))
			as[*mqtt.ProtocolError](t, as[*mqtt.AuthError](t, <-done))
			as[*mqtt.ProtocolError](t, <-a.ends)
			thrownOut(t, s, conn, h.code)
		})
	}
	for _, h := range hostileAuth {
		bubble(t, h.line+" amid a re-authentication: "+h.fault, func(t *testing.T) {
			s, conn := trusted(t, authenticator())
			done := s.renewing()
			proves(t, conn, codec.ReAuthenticate, "hello")
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			as[*mqtt.ProtocolError](t, as[*mqtt.AuthError](t, <-done))
			thrownOut(t, s, conn, h.code)
		})
	}
	bubble(t, "B285 AUTH before ours has left", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		a.begin = hangs
		done := s.renewing()
		pending(t, done)
		send(t, conn, agreed("so quick"))
		require.ErrorIs(t, <-done, mqtt.ErrNotConnected)
		a.begin = nil
		thrownOut(t, s, conn, 0x82)
	})
	bubble(t, "B285 AUTH while the Authenticator thinks", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		a.answer = thinks
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		send(t, conn, more("one"))
		pending(t, done)
		send(t, conn, agreed("impatient"))
		as[*mqtt.ProtocolError](t, as[*mqtt.AuthError](t, <-done))
		thrownOut(t, s, conn, 0x82)
	})
}

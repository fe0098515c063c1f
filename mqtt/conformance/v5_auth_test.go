package conformance

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// prover is an Authenticator of the method X, and the exchange that it begins.
type prover struct {
	first, next mqtt.AuthData
	err         error       // what Continue and Finish fail with
	ends        chan error  // what End was told
	starts      chan string // the servers of Begin
}

func newProver() *prover {
	return &prover{
		first: mqtt.AuthData{Data: []byte("hello")}, next: mqtt.AuthData{Data: []byte("more")},
		ends: make(chan error, 10), starts: make(chan string, 10),
	}
}

func (p *prover) Method() string { return "X" }

func (p *prover) Begin(_ context.Context, about mqtt.AuthRequest) (mqtt.AuthExchange, mqtt.AuthData, error) {
	p.starts <- about.Server
	return p, p.first, nil
}

func (p *prover) Continue(context.Context, mqtt.AuthData) (mqtt.AuthData, error) {
	return p.next, p.err
}

func (p *prover) Finish(context.Context, mqtt.AuthData) error { return p.err }

func (p *prover) End(err error) { p.ends <- err }

// xAuth is an AUTH of a method, in hexadecimal.
func xAuth(code, method string) string {
	return header(0xF0, code+" "+sized("15 00 01 "+method+" 16 00 01 64"))
}

// asking has a client that authenticates begin to connect, and takes its CONNECT.
func (s *scene) asking(cfg mqtt.Config, p *prover) (*mqtttest.Conn, *codec.Connect, <-chan error) {
	s.Helper()
	cfg.Authenticator = p
	s.idle(cfg)
	done := s.connecting()
	conn := s.dialled()
	return conn, mqtttest.Expect[*codec.Connect](s, conn), done
}

// trusted makes a client that has authenticated, and announces what else the server says.
func (s *scene) trusted(cfg mqtt.Config, p *prover, announced codec.ConnAckProperties) *mqtttest.Conn {
	s.Helper()
	conn, _, done := s.asking(cfg, p)
	announced.AuthenticationMethod = "X"
	reply(s, conn, &codec.ConnAck{Properties: &announced})
	require.NoError(s, <-done)
	require.NoError(s, <-p.ends)
	return conn
}

// renewing calls Reauthenticate beside the test, and takes its AUTH.
func (s *scene) renewing(conn *mqtttest.Conn) (*codec.Auth, <-chan error) {
	s.Helper()
	client := s.client
	done := later(func() error { return client.Reauthenticate(s.Context()) })
	return mqtttest.Expect[*codec.Auth](s, conn), done
}

// shedsAuth checks that AUTH leaves without its words where they are more than the server takes.
func (s *scene) shedsAuth(words mqtt.AuthData) {
	s.Helper()
	for limit, whole := range map[uint32]bool{0: true, 200: true, 20: false} {
		p := newProver()
		conn := s.trusted(mqtt.Config{}, p, codec.ConnAckProperties{MaximumPacketSize: limit})
		p.first = words
		go s.client.Reauthenticate(s.Context())
		b := raw(s, conn)
		require.Equal(s, byte(0xF0), b[0])
		if limit > 0 {
			require.LessOrEqual(s, len(b), int(limit))
		}
		require.Equal(s, whole, strings.Contains(string(b), "some long"))
	}
}

// auth5 is about AUTH and enhanced authentication (§3.15, §4.12).
var auth5 = rows{
	"MQTT-3.1.2-30": func(s *scene) {
		p := newProver()
		s.idle(mqtt.Config{Authenticator: p, KeepAlive: time.Second, Subscriptions: []mqtt.Subscription{{Filter: "a"}}})
		for q := range mqtt.QoS(3) {
			s.async(q, "waits")
		}
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](s, conn)
		for range 3 {
			conn.ExpectNothing(s, 5*time.Second)
			feed(s, conn, xAuth("18", "58"))
			mqtttest.Expect[*codec.Auth](s, conn)
		}
		reply(s, conn, &codec.ConnAck{Properties: &codec.ConnAckProperties{AuthenticationMethod: "X"}})
		require.NoError(s, <-done)
		mqtttest.Expect[*codec.Subscribe](s, conn)
	},
	"MQTT-3.15.1-1": func(s *scene) {
		for _, first := range []byte{0xF1, 0xF2, 0xF8, 0xFF} {
			packet := header(first, "18 "+sized("15 00 01 58"))
			s.expels(mqtt.Config{}, packet, codec.MalformedPacket, "2.1.3")
			s.rejected(mqtt.Config{Authenticator: newProver()}, packet, codec.MalformedPacket)
		}
	},
	"MQTT-3.15.2-1": func(s *scene) {
		for _, code := range []string{"01", "19", "80", "87", "FF"} {
			s.rejected(mqtt.Config{Authenticator: newProver()}, xAuth(code, "58"), codec.ProtocolError)
			conn := s.trusted(mqtt.Config{}, newProver(), codec.ConnAckProperties{})
			auth, _ := s.renewing(conn)
			require.Equal(s, codec.ReAuthenticate, auth.Code)
			feed(s, conn, xAuth(code, "58"))
			s.reproached(conn, codec.ProtocolError)
		}
		conn, _, _ := s.asking(mqtt.Config{}, newProver())
		feed(s, conn, xAuth("18", "58"))
		require.Equal(s, codec.ContinueAuthentication, mqtttest.Expect[*codec.Auth](s, conn).Code)
	},
	"MQTT-3.15.2-2": func(s *scene) { s.shedsAuth(mqtt.AuthData{Data: []byte("d"), ReasonString: "some long words"}) },
	"MQTT-3.15.2-3": func(s *scene) {
		s.shedsAuth(mqtt.AuthData{Data: []byte("d"), UserProperties: []mqtt.UserProperty{{Key: "some long", Value: "words"}}})
	},
	"MQTT-4.12.0-1": func(s *scene) {
		for _, code := range []codec.ReasonCode{codec.BadAuthenticationMethod, codec.NotAuthorized} {
			p := newProver()
			conn, _, done := s.asking(mqtt.Config{}, p)
			reply(s, conn, &codec.ConnAck{Code: code})
			conn.ExpectClosed(s)
			refused(s, <-done, "CONNACK", code)
			require.ErrorIs(s, <-p.ends, code)
		}
		conn, _, done := s.asking(mqtt.Config{}, newProver())
		conn.Close() // or without a word
		as[*mqtt.ConnectError](s, <-done)
	},
	"MQTT-4.12.0-2": func(s *scene) {
		s.rejected(mqtt.Config{Authenticator: newProver()}, xAuth("00", "58"), codec.ProtocolError)
	},
	"MQTT-4.12.0-3": func(s *scene) {
		conn, _, done := s.asking(mqtt.Config{}, newProver())
		for range 3 {
			feed(s, conn, xAuth("18", "58"))
			leaves(s, conn, header(0xF0, "18 "+sized("15 00 01 58 16 00 04 6D 6F 72 65")))
		}
		reply(s, conn, &codec.ConnAck{Properties: &codec.ConnAckProperties{AuthenticationMethod: "X"}})
		require.NoError(s, <-done)
	},
	"MQTT-4.12.0-4": func(s *scene) {
		p := newProver()
		conn, _, done := s.asking(mqtt.Config{}, p)
		feed(s, conn, xAuth("18", "58"))
		mqtttest.Expect[*codec.Auth](s, conn)
		reply(s, conn, &codec.ConnAck{Code: codec.NotAuthorized})
		conn.ExpectClosed(s)
		refused(s, <-done, "CONNACK", codec.NotAuthorized)
		require.ErrorIs(s, <-p.ends, codec.NotAuthorized)
	},
	"MQTT-4.12.0-5": func(s *scene) {
		for _, bad := range []string{xAuth("18", "59"), "20 03 00 00 00", header(0x20, "00 00 "+sized("15 00 01 59")), "F0 02 18 00"} {
			s.rejected(mqtt.Config{Authenticator: newProver()}, bad, codec.ProtocolError)
		}
		conn, connect, _ := s.asking(mqtt.Config{}, newProver())
		require.Equal(s, "X", connect.Properties.AuthenticationMethod)
		feed(s, conn, xAuth("18", "58"))
		require.Equal(s, "X", mqtttest.Expect[*codec.Auth](s, conn).AuthenticationMethod)
		conn = s.trusted(mqtt.Config{}, newProver(), codec.ConnAckProperties{})
		auth, _ := s.renewing(conn)
		require.Equal(s, "X", auth.AuthenticationMethod)
		feed(s, conn, xAuth("18", "59"))
		s.reproached(conn, codec.ProtocolError)
	},
	"MQTT-4.12.0-6": func(s *scene) {
		s.expels(mqtt.Config{}, xAuth("18", "58"), codec.ProtocolError, "")
		s.rejected(mqtt.Config{}, xAuth("18", "58"), codec.ProtocolError)
		s.rejected(mqtt.Config{}, header(0x20, "00 00 "+sized("15 00 01 58")), codec.ProtocolError)
	},
	"MQTT-4.12.0-7": func(s *scene) {
		packet, _ := s.connectPacket(mqtt.Config{})
		require.Empty(s, packet.Properties.AuthenticationMethod)
		conn := s.up(mqtt.Config{})
		require.Error(s, s.client.Reauthenticate(s.Context()))
		quiet(s, conn)
		require.Equal(s, mqtt.StateConnected, s.client.State())
	},
	"MQTT-4.12.1-1": func(s *scene) {
		s.idle(mqtt.Config{Authenticator: newProver()})
		require.ErrorIs(s, s.client.Reauthenticate(s.Context()), mqtt.ErrNotConnected)
		p := newProver()
		conn := s.trusted(mqtt.Config{}, p, codec.ConnAckProperties{})
		auth, done := s.renewing(conn)
		require.Equal(s, [2]any{codec.ReAuthenticate, "X"}, [2]any{auth.Code, auth.AuthenticationMethod})
		require.Error(s, s.client.Reauthenticate(s.Context()), "one runs")
		d, q := s.inFlight(conn, mqtt.AtLeastOnce, "meanwhile")
		reply(s, conn, &codec.PubAck{PacketID: q.PacketID})
		require.NoError(s, outcome(s, d))
		feed(s, conn, xAuth("18", "58"))
		require.Equal(s, codec.ContinueAuthentication, mqtttest.Expect[*codec.Auth](s, conn).Code)
		waiting(s, done)
		feed(s, conn, xAuth("00", "58"))
		require.NoError(s, <-done)
		require.NoError(s, <-p.ends)
	},
	"MQTT-4.12.1-2": func(s *scene) {
		p := newProver()
		conn := s.trusted(mqtt.Config{}, p, codec.ConnAckProperties{})
		_, done := s.renewing(conn)
		p.err = errors.New("no proof")
		feed(s, conn, xAuth("18", "58"))
		require.True(s, mqtttest.Expect[*codec.Disconnect](s, conn).Code.Failed())
		conn.ExpectClosed(s)
		require.ErrorIs(s, <-done, p.err)
		p = newProver()
		conn = s.trusted(mqtt.Config{}, p, codec.ConnAckProperties{})
		_, done = s.renewing(conn)
		reply(s, conn, &codec.Disconnect{Code: codec.NotAuthorized})
		conn.ExpectClosed(s)
		refused(s, <-done, "DISCONNECT", codec.NotAuthorized)
	},
	"no-id:3.1.2.11.10/a": func(s *scene) {
		s.refusedConfig(mqtt.Config{Authenticator: nameless{newProver()}}, "Authenticator")
		packet, _ := s.connectPacket(mqtt.Config{})
		require.Nil(s, packet.Properties.AuthenticationData)
	},
	"no-id:3.15/a": func(s *scene) {
		for _, packet := range []string{"F0 00", "F0 02 18 00", xAuth("18", "58"), xAuth("00", "58")} {
			s.expels(mqtt.Config{}, packet, codec.ProtocolError, "")
			s.rejected(mqtt.Config{}, packet, codec.ProtocolError)
		}
		for _, packet := range []string{"F0 00", "F0 02 18 00", xAuth("18", "59"), xAuth("18", "58")} {
			conn := s.trusted(mqtt.Config{}, newProver(), codec.ConnAckProperties{})
			feed(s, conn, packet) // nobody has begun to re-authenticate
			s.reproached(conn, codec.ProtocolError)
		}
	},
	"no-id:4.12/a": func(s *scene) {
		conn, connect, _ := s.asking(mqtt.Config{}, newProver())
		require.Equal(s, [2]string{"X", "hello"}, [2]string{connect.Properties.AuthenticationMethod, string(connect.Properties.AuthenticationData)})
		quiet(s, conn)
		p := newProver()
		p.first = mqtt.AuthData{} // the server has to speak first
		_, connect, _ = s.asking(mqtt.Config{}, p)
		require.Nil(s, connect.Properties.AuthenticationData)
	},
	"no-id:4.12/b": func(s *scene) {
		p := newProver()
		conn, _, done := s.asking(mqtt.Config{}, p)
		p.err = errors.New("no proof")
		feed(s, conn, xAuth("18", "58"))
		require.True(s, mqtttest.Expect[*codec.Disconnect](s, conn).Code.Failed())
		conn.ExpectClosed(s)
		err := <-done
		require.ErrorIs(s, err, p.err)
		require.Equal(s, "auth", as[*mqtt.ConnectError](s, err).Stage)
	},
}

// nameless is a prover without a method.
type nameless struct{ *prover }

func (nameless) Method() string { return "" }

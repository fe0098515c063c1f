package conformance

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// refusedConfig is what New says to cfg; it must be a *ConfigError about that field, and nothing is dialled.
func (s *scene) refusedConfig(cfg mqtt.Config, field string) {
	s.Helper()
	server := mqtttest.NewServer()
	defer server.Close()
	cfg.Dialer, cfg.Version = server, s.v
	_, err := mqtt.New(cfg)
	require.Equal(s, field, as[*mqtt.ConfigError](s, err).Field)
	require.Zero(s, server.Dials())
}

// answered has a new client connect and its CONNECT be answered by bytes; it gives the connection and what Connect will say.
func (s *scene) answered(cfg mqtt.Config, vector string) (*mqtttest.Conn, <-chan error) {
	s.Helper()
	s.idle(cfg)
	done := s.connecting()
	conn := s.dialled()
	mqtttest.Expect[*codec.Connect](s, conn)
	feed(s, conn, vector)
	return conn, done
}

// rejected has a new client's CONNECT be answered by bytes that it must not accept: it says why (5.0), closes, and Connect
// fails with a *ProtocolError.
func (s *scene) rejected(cfg mqtt.Config, vector string, code codec.ReasonCode) {
	s.Helper()
	conn, done := s.answered(cfg, vector)
	s.reproached(conn, code)
	fault := as[*mqtt.ProtocolError](s, <-done)
	require.Equal(s, code, fault.Code, vector)
	require.NotEmpty(s, fault.Section)
}

// expelled checks that a connection ends for what the server has sent: on 5.0 with a DISCONNECT of that code; and that the
// client tells it, by the section of the 5.0 specification that was broken, and comes back. An empty section is any.
func (s *scene) expelled(conn *mqtttest.Conn, code codec.ReasonCode, section string) {
	s.Helper()
	s.reproached(conn, code)
	fault := as[*mqtt.ProtocolError](s, s.disconnected())
	require.Equal(s, code, fault.Code)
	require.NotEmpty(s, fault.Section)
	if section != "" {
		require.Equal(s, section, fault.Section)
	}
	s.works(s.accept())
}

// reproached checks that the client ends a connection: on 5.0 it says why before.
func (s *scene) reproached(conn *mqtttest.Conn, code codec.ReasonCode) {
	s.Helper()
	if s.v == mqtt.V5 {
		require.Equal(s, code, mqtttest.Expect[*codec.Disconnect](s, conn).Code)
	}
	conn.ExpectClosed(s)
	conn.Close()
}

// expels makes a client that is connected, feeds it bytes, and checks that it ends the connection as expelled says.
func (s *scene) expels(cfg mqtt.Config, vector string, code codec.ReasonCode, section string) {
	s.Helper()
	conn := s.up(cfg)
	feed(s, conn, vector)
	s.expelled(conn, code, section)
}

// works proves that messages leave on a connection.
func (s *scene) works(conn *mqtttest.Conn) {
	s.Helper()
	require.NoError(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "works"}))
	require.Equal(s, "works", mqtttest.Expect[*codec.Publish](s, conn).Topic)
}

// disconnected waits for the client to tell that a connection, or an attempt at one, has ended, and gives the reason.
func (s *scene) disconnected() error {
	s.Helper()
	return awaitEvent[mqtt.EventDisconnected](s).Err
}

// awaitEvent gives the next event of a kind, past others.
func awaitEvent[E mqtt.Event](s *scene) E {
	s.Helper()
	limit := time.NewTimer(time.Hour)
	defer limit.Stop()
	for {
		select {
		case e, open := <-s.client.Events():
			if found, ok := e.(E); ok {
				return found
			}
			require.True(s, open, "the client has ended")
		case <-limit.C:
			s.Fatalf("no %T within an hour", *new(E))
		}
	}
}

// ended waits for the client's end and gives its reason.
func (s *scene) ended() error {
	s.Helper()
	synctest.Wait()
	select {
	case <-s.client.Done():
	default:
		s.Fatal("the client has not ended")
	}
	return s.client.Err()
}

// as finds an error of a type, or fails the test.
func as[E error](t testing.TB, err error) E {
	t.Helper()
	found, ok := errors.AsType[E](err)
	require.True(t, ok, "%v is no %T", err, *new(E))
	return found
}

// argument checks that a call has refused what it was given, and names it.
func argument(t testing.TB, err error, name string) {
	t.Helper()
	require.Equal(t, name, as[*mqtt.ArgumentError](t, err).Name)
}

// limited checks that a call has refused what the server doesn't allow.
func limited(t testing.TB, err error, code codec.ReasonCode) {
	t.Helper()
	require.Equal(t, code, as[*mqtt.LimitError](t, err).Code)
	require.ErrorIs(t, err, mqtt.ErrNotSent)
}

// refused checks that the server's refusal is told, and gives it.
func refused(t testing.TB, err error, packet string, code codec.ReasonCode) *mqtt.ReasonError {
	t.Helper()
	refusal := as[*mqtt.ReasonError](t, err)
	require.Equal(t, packet, refusal.Packet)
	require.Equal(t, code, refusal.Code)
	return refusal
}

package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// scene is a client of one version and the scripted server that it dials. A test may make several, one after the other.
type scene struct {
	*testing.T
	v      mqtt.Version
	server *mqtttest.Server
	client *mqtt.Client
}

// idle makes a client that has not dialled, in place of the scene's last one. cfg.Version is the scene's.
func (s *scene) idle(cfg mqtt.Config) {
	s.Helper()
	server := mqtttest.NewServer()
	cfg.Dialer, cfg.Version = server, s.v
	client, err := mqtt.New(cfg)
	require.NoError(s, err)
	s.end()
	s.server, s.client = server, client
	s.Cleanup(func() {
		client.Abort()
		server.Close()
	})
}

// end ends the scene's client, if it has one.
func (s *scene) end() {
	if s.client != nil {
		s.client.Abort()
		s.server.Close()
	}
}

// up makes a client that is connected, and gives the server's end. Without ack the server accepts and announces nothing.
func (s *scene) up(cfg mqtt.Config, ack ...codec.ConnAck) *mqtttest.Conn {
	s.Helper()
	s.idle(cfg)
	return s.connect(ack...)
}

// kept makes a client that is connected with a session that outlives its connections, in every version.
func (s *scene) kept(cfg mqtt.Config, ack ...codec.ConnAck) *mqtttest.Conn {
	s.Helper()
	cfg.Session, cfg.ClientID = mqtt.SessionDurable, "kept"
	return s.up(cfg, ack...)
}

// connect brings the client up.
func (s *scene) connect(ack ...codec.ConnAck) *mqtttest.Conn {
	s.Helper()
	done := s.connecting()
	conn := s.accept(ack...)
	require.NoError(s, <-done)
	return conn
}

// connecting calls Connect beside the test.
func (s *scene) connecting() <-chan error {
	return later(func() error { return s.client.Connect(s.Context()) })
}

// dialled takes the next connection and says nothing on it.
func (s *scene) dialled() *mqtttest.Conn {
	s.Helper()
	ctx, stop := context.WithTimeout(s.Context(), time.Hour)
	defer stop()
	conn, err := s.server.Accept(ctx)
	require.NoError(s, err, "the client has not dialled")
	return conn
}

// accept takes the next connection and answers its CONNECT.
func (s *scene) accept(ack ...codec.ConnAck) *mqtttest.Conn {
	s.Helper()
	conn := s.dialled()
	conn.Handshake(s, ack...)
	return conn
}

// resume cuts a connection and takes the next, on which the session goes on.
func (s *scene) resume(conn *mqtttest.Conn, announced ...codec.ConnAckProperties) *mqtttest.Conn {
	s.Helper()
	conn.Close()
	ack := codec.ConnAck{SessionPresent: true}
	if len(announced) > 0 {
		ack.Properties = &announced[0]
	}
	return s.accept(ack)
}

// announcing is a CONNACK that accepts, with properties.
func announcing(p codec.ConnAckProperties) codec.ConnAck { return codec.ConnAck{Properties: &p} }

// connectPacket is the CONNECT that a client with cfg sends, and its bytes.
func (s *scene) connectPacket(cfg mqtt.Config) (*codec.Connect, []byte) {
	s.Helper()
	s.idle(cfg)
	s.connecting()
	raw, err := s.dialled().ReadRaw(s.Context())
	require.NoError(s, err)
	return decode[*codec.Connect](s, raw, codec.FromClient), raw
}

// Package embedded is an MQTT server inside the program, for the examples that need one: on 127.0.0.1, at a port that was
// free. Who comes in may do everything. It keeps nothing over a restart.
package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"

	"github.com/sluicemq/sluice/internal/mochiend"
)

// Server is a server that runs until Stop. One goroutine may use it at a time.
type Server struct {
	URL string // what clients connect to: mqtt://, or mqtts:// when it was started with TLS; a restart keeps it

	secure   *tls.Config
	door     mochi.Hook
	listener net.Listener
	entrance *mochiend.Listener
	broker   *mochi.Server
	gate     *gate
}

// Start starts a server that lets everybody in. Nil is plain TCP; else secure holds the server's certificate. Whoever starts it
// calls Stop.
func Start(secure *tls.Config) (*Server, error) { return start(secure, new(auth.AllowHook)) }

func start(secure *tls.Config, door mochi.Hook) (*Server, error) {
	s := &Server{secure: secure, door: door}
	if err := s.serve("127.0.0.1:0"); err != nil {
		return nil, err
	}
	scheme := "mqtt"
	if secure != nil {
		scheme = "mqtts"
	}
	s.URL = fmt.Sprintf("%s://%s", scheme, s.listener.Addr())
	return s, nil
}

// Restart starts a stopped server again, at the address that it had. It has forgotten all sessions.
func (s *Server) Restart() error { return s.serve(s.listener.Addr().String()) }

// Stop ends the server and all its connections, and returns when none of its connections is left. A second Stop does
// nothing. What Hold holds must have been released.
func (s *Server) Stop() {
	if s.broker == nil {
		return
	}
	s.entrance.End(s.broker)
	s.broker = nil
}

func (s *Server) serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	s.listener = listener
	if s.secure != nil {
		listener = tls.NewListener(listener, s.secure)
	}
	s.gate, s.entrance = new(gate), mochiend.New("example", listener)
	broker := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	err = errors.Join(
		broker.AddHook(s.door, nil), broker.AddHook(s.gate, nil),
		broker.AddListener(s.entrance),
	)
	if err == nil {
		err = broker.Serve()
	}
	if err != nil {
		listener.Close()
		return fmt.Errorf("embedded server: %w", err)
	}
	s.broker = broker
	return nil
}

//go:build integration

package integration

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/internal/mochiend"
	"github.com/sluicemq/sluice/mqtt"
)

// embeddedServer is mochi in this process. It forgets everything over a stop.
type embeddedServer struct {
	address      string
	capabilities *mochi.Capabilities // nil: its own
	journal      *journal
	broker       *mochi.Server // nil while stopped
	door         *mochiend.Listener
}

func openMochi(t *testing.T) server { return openMochiWith(t, nil) }

func openMochiWith(t *testing.T, capabilities *mochi.Capabilities) *embeddedServer {
	t.Helper()
	s := &embeddedServer{capabilities: capabilities, journal: newJournal()}
	listener := freePort(t)
	s.address = listener.Addr().String()
	s.serve(t, listener)
	t.Cleanup(func() { s.stop(t) })
	return s
}

// freePort listens below the ports that the system gives to outgoing connections: such a connection, to a port that nobody
// listens at for the moment, can meet itself there.
func freePort(t *testing.T) net.Listener {
	t.Helper()
	var err error
	for range 100 {
		var listener net.Listener
		if listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))); err == nil {
			return listener
		}
	}
	require.NoError(t, err)
	return nil
}

func (s *embeddedServer) serve(t *testing.T, listener net.Listener) {
	t.Helper()
	broker := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler), Capabilities: s.capabilities})
	require.NoError(t, broker.AddHook(s.journal, nil))
	require.NoError(t, broker.AddHook(new(mochiend.NoWindow), nil))
	s.door = mochiend.New("tests", listener)
	require.NoError(t, broker.AddListener(s.door))
	require.NoError(t, broker.Serve())
	s.broker = broker
}

func (s *embeddedServer) access(cfg *mqtt.Config) { cfg.Servers = []string{"mqtt://" + s.address} }

func (s *embeddedServer) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", s.address)
	require.NoError(t, err)
	s.serve(t, listener)
}

func (s *embeddedServer) stop(t *testing.T) {
	t.Helper()
	if s.broker != nil {
		require.NoError(t, s.door.End(s.broker))
		s.broker = nil
	}
}

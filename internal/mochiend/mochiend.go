// Package mochiend ends a mochi server in this process. Its own Close reads the table of clients under a lock that it takes twice,
// and stands still for ever when a client is leaving in that moment.
package mochiend

import (
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Listener is one for mochi that knows who is in. Any goroutine may use it.
type Listener struct {
	id       string
	listener net.Listener
	inside   sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil when nobody is let in any more
}

var _ listeners.Listener = (*Listener)(nil)

// New gives a Listener of this name, which owns l.
func New(id string, l net.Listener) *Listener {
	return &Listener{id: id, listener: l, conns: make(map[net.Conn]struct{})}
}

// ID is its name.
func (l *Listener) ID() string { return l.id }

// Address is where it listens.
func (l *Listener) Address() string { return l.listener.Addr().String() }

// Protocol is its network.
func (l *Listener) Protocol() string { return l.listener.Addr().Network() }

// Init has nothing to do.
func (l *Listener) Init(*slog.Logger) error { return nil }

// Serve lets in who comes, until the end.
func (l *Listener) Serve(establish listeners.EstablishFn) {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return
		}
		if !l.enter(conn) {
			conn.Close()
			return
		}
		go func() {
			defer l.leave(conn)
			establish(l.id, conn) // its error is the end of the connection
		}()
	}
}

// Let lets a connection in that came another way, and returns when that has ended.
func (l *Listener) Let(broker *mochi.Server, conn net.Conn) error {
	if !l.enter(conn) {
		conn.Close()
		return net.ErrClosed
	}
	defer l.leave(conn)
	return broker.EstablishConnection(l.id, conn)
}

func (l *Listener) enter(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		return false
	}
	l.conns[conn] = struct{}{}
	l.inside.Add(1)
	return true
}

func (l *Listener) leave(conn net.Conn) {
	l.mu.Lock()
	delete(l.conns, conn)
	l.mu.Unlock()
	l.inside.Done()
}

// Close is for mochi, when nobody is in any more.
func (l *Listener) Close(listeners.CloseFn) { l.listener.Close() }

// End lets nobody in any more, tells who is in that the server shuts down, waits until all are out, and closes the server.
func (l *Listener) End(broker *mochi.Server) error {
	l.listener.Close()
	l.mu.Lock()
	conns := slices.Collect(maps.Keys(l.conns))
	l.conns = nil
	l.mu.Unlock()
	for _, client := range broker.Clients.GetAll() {
		if !client.Closed() && client.Net.Listener == l.id {
			broker.DisconnectClient(client, packets.ErrServerShuttingDown)
		}
	}
	for _, conn := range conns { // also those that have not said who they are
		conn.Close()
	}
	l.inside.Wait()
	return broker.Close()
}

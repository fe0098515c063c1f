//go:build integration

package integration

import (
	"context"
	"net"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

// line is the network of one client: a test can cut it, and mend it.
type line struct {
	mu     sync.Mutex
	conn   net.Conn      // the last
	whole  chan struct{} // closed while the line isn't cut
	dialed int
}

// lay gives cfg's client a line of its own.
func lay(cfg *mqtt.Config) *line {
	l := &line{whole: make(chan struct{})}
	close(l.whole)
	cfg.Dialer = l
	return l
}

// DialContext waits while the line is cut.
func (l *line) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	whole := l.whole
	l.dialed++
	l.mu.Unlock()
	select {
	case <-whole:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	return conn, nil
}

// cut breaks the connection, and lets none through until mend.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = make(chan struct{})
	l.conn.Close()
}

func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.whole)
}

// dials is how often the client has tried.
func (l *line) dials() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialed
}

//go:build integration

package integration

import (
	"context"
	"net"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// line is the network of one client: a test can cut it, and mend it.
type line struct {
	mu     sync.Mutex
	conn   *thread       // the last
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
	l.conn = &thread{stream: conn.(stream), closed: make(chan struct{})}
	return l.conn, nil
}

// hold keeps away from the client what the server sends from now on, until cut. What the client sends arrives.
func (l *line) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn.hold()
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

// stream is what TCP and unix sockets have in common.
type stream interface {
	net.Conn
	netx.HalfCloser
}

// thread is a connection of a line.
type thread struct {
	stream
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex
	held bool
}

// Read waits for the end when the line was held before it had read.
func (t *thread) Read(p []byte) (int, error) {
	n, err := t.stream.Read(p)
	if t.isHeld() {
		<-t.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (t *thread) Close() error {
	t.once.Do(func() { close(t.closed) })
	return t.stream.Close()
}

func (t *thread) hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = true
}

func (t *thread) isHeld() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held
}

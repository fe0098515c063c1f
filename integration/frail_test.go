//go:build integration

package integration

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

// errTorn is what a client sees of a connection that broke.
var errTorn = errors.New("the connection broke")

// frail is the network of one client, whose connections break by plan. What was sent before the break arrives, its answers
// are lost, and the next connection begins when the server is done with the one before. mochi needs that: of a message whose
// answer it can't write, it keeps the answer for the next connection, and forgets the message.
type frail struct {
	plan func(connection int) (sent, received limit) // where a connection breaks, counted from 1

	mu     sync.Mutex
	dialed int
	gone   chan struct{} // closed when the server is done with the last connection
}

// tear gives cfg's client connections that break by a plan, and has it reconnect at once.
func tear(cfg *mqtt.Config, plan func(connection int) (sent, received limit)) *frail {
	f := &frail{plan: plan, gone: make(chan struct{})}
	close(f.gone)
	cfg.Dialer, cfg.RetryFirst = f, true
	cfg.Backoff = mqtt.Backoff{Min: 1, Max: 1}
	return f
}

// DialContext waits for the end of the connection before.
func (f *frail) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock() // one client dials once at a time
	select {
	case <-f.gone:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	f.dialed++
	f.gone = make(chan struct{})
	t := &torn{TCPConn: conn.(*net.TCPConn), gone: f.gone}
	t.sent, t.received = f.plan(f.dialed)
	return t, nil
}

// torn is a connection that breaks when one of its limits is reached. It ends when the server closes it.
type torn struct {
	*net.TCPConn
	sent     limit // Write's
	gone     chan struct{}
	ending   sync.Once
	mu       sync.Mutex
	received limit
	broken   bool
}

// Write sends what the limit lets through.
func (t *torn) Write(p []byte) (int, error) {
	if t.isBroken() {
		return 0, errTorn
	}
	n, reached := t.sent.through(p)
	if reached {
		t.tear() // nothing that answers to these bytes is seen
	}
	n, err := t.TCPConn.Write(p[:n])
	if reached {
		t.CloseWrite()
		return n, errTorn
	}
	return n, err
}

// Read gives what comes before the break, and reads on without giving it, to let the server write.
func (t *torn) Read(p []byte) (int, error) {
	for {
		n, err := t.TCPConn.Read(p)
		n, open := t.admit(p[:n])
		switch {
		case n > 0:
			return n, nil
		case err != nil && !open:
			return 0, errTorn
		case err != nil:
			return 0, err
		}
	}
}

// admit says how much of what came the client sees, and whether the connection is whole.
func (t *torn) admit(p []byte) (n int, whole bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken {
		return 0, false
	}
	n, t.broken = t.received.through(p)
	if t.broken {
		t.CloseWrite()
	}
	return n, true
}

func (t *torn) isBroken() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken
}

func (t *torn) tear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = true
}

// Close ends the connection for the client. The server goes on until it has dealt with what was sent.
func (t *torn) Close() error {
	t.ending.Do(func() {
		t.tear()
		t.CloseWrite()
		go func() {
			io.Copy(io.Discard, t.TCPConn)
			t.TCPConn.Close()
			close(t.gone)
		}()
	})
	return nil
}

// limit is how much of one direction gets through: so many packets, or so many bytes.
type limit struct {
	packets, bytes int // zero: no limit

	passedPackets, passedBytes int
	length                     int // the bytes of a packet's length that came, after its first byte; -1: all of them
	rest                       int // of the packet, after its length
}

// through says how many of these bytes get through, and whether they reach the limit.
func (l *limit) through(p []byte) (n int, reached bool) {
	for i, b := range p {
		l.passedBytes++
		if l.ends(b) {
			l.passedPackets++
		}
		if l.bytes > 0 && l.passedBytes >= l.bytes || l.packets > 0 && l.passedPackets >= l.packets {
			return i + 1, true
		}
	}
	return len(p), false
}

// ends says whether a packet ends with this byte (§2.1.4).
func (l *limit) ends(b byte) bool {
	switch {
	case l.length == 0 && l.rest == 0: // the first byte
		l.length = 1
		return false
	case l.length > 0:
		l.rest += int(b&0x7F) << (7 * (l.length - 1))
		if l.length++; b&0x80 != 0 {
			return false
		}
		l.length = -1
	default:
		l.rest--
	}
	if l.rest == 0 {
		l.length = 0
		return true
	}
	return false
}

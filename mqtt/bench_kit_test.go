package mqtt_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// cable is one end of a connection in memory that takes no memory to read, to write and to set deadlines, which it doesn't keep:
// so what is counted is the client's.
type cable struct {
	net.Conn // never set: what measurements don't call
	in, out  *strand
}

// strand is one direction.
type strand struct {
	mu     sync.Mutex
	change sync.Cond
	ring   []byte
	from   int // where the first byte lies in ring
	n      int // bytes on their way
	over   bool
}

func newCable() (client, server *cable) {
	there, back := newStrand(), newStrand()
	return &cable{in: back, out: there}, &cable{in: there, out: back}
}

func newStrand() *strand {
	s := &strand{ring: make([]byte, 256<<10)}
	s.change.L = &s.mu
	return s
}

func (c *cable) Read(b []byte) (int, error) {
	s := c.in
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.n == 0 && !s.over {
		s.change.Wait()
	}
	if s.n == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.ring[s.from:min(s.from+s.n, len(s.ring))])
	s.from, s.n = (s.from+n)%len(s.ring), s.n-n
	s.change.Signal()
	return n, nil
}

func (c *cable) Write(b []byte) (n int, err error) {
	s := c.out
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(b) {
		switch {
		case s.over:
			return n, io.ErrClosedPipe
		case s.n == len(s.ring):
			s.change.Wait()
			continue
		}
		at := (s.from + s.n) % len(s.ring)
		k := copy(s.ring[at:min(at+len(s.ring)-s.n, len(s.ring))], b[n:])
		n, s.n = n+k, s.n+k
		s.change.Signal()
	}
	return n, nil
}

func (c *cable) Close() error {
	for _, s := range []*strand{c.in, c.out} {
		s.mu.Lock()
		s.over = true
		s.change.Broadcast()
		s.mu.Unlock()
	}
	return nil
}

func (c *cable) SetDeadline(time.Time) error      { return nil }
func (c *cable) SetReadDeadline(time.Time) error  { return nil }
func (c *cable) SetWriteDeadline(time.Time) error { return nil }

// answerer is a server that answers and does nothing else; it takes no memory for that.
type answerer struct {
	conn     *cable
	version  codec.Version
	read     []byte
	from, to int
	write    []byte
	places   int // PUBACKs and PUBCOMPs that came
}

// wired gives a client that is connected to an answerer, which nobody runs yet.
func wired(tb testing.TB, cfg mqtt.Config) (*mqtt.Client, *answerer) {
	tb.Helper()
	ours, theirs := newCable()
	cfg.Dialer, cfg.KeepAlive = dials(func(context.Context, string, string) (net.Conn, error) { return ours, nil }), -1
	client, err := mqtt.New(cfg)
	require.NoError(tb, err)
	a := &answerer{conn: theirs, version: codec.Version(cfg.Version), read: make([]byte, 128<<10)}
	if a.version == 0 {
		a.version = codec.V5
	}
	connected := later(func() error { return client.Connect(tb.Context()) })
	require.NoError(tb, a.turn())
	require.NoError(tb, <-connected)
	tb.Cleanup(func() { client.Abort() })
	return client, a
}

type dials func(ctx context.Context, network, address string) (net.Conn, error)

func (f dials) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

// run answers until the client goes.
func (a *answerer) run() {
	for a.turn() == nil {
	}
}

// turn answers all that one read brings.
func (a *answerer) turn() error {
	n, err := a.conn.Read(a.read[a.to:])
	if err != nil {
		return err
	}
	a.to += n
	for a.from < a.to {
		f, size, err := codec.Next(a.read[a.from:a.to], codec.Dialect{Version: a.version, From: codec.FromClient}, 0)
		if err != nil {
			return err
		}
		if size == 0 || size > a.to-a.from {
			break
		}
		a.from += size
		a.answer(f)
	}
	a.to = copy(a.read, a.read[a.from:a.to])
	a.from = 0
	return a.send()
}

func (a *answerer) send() error {
	_, err := a.conn.Write(a.write)
	a.write = a.write[:0]
	return err
}

func (a *answerer) answer(f codec.Frame) {
	id := func(at int) uint16 { return binary.BigEndian.Uint16(f.Body[at:]) }
	switch f.Type {
	case codec.TypeConnect:
		a.write, _ = new(codec.ConnAck).Append(a.write, a.version)
	case codec.TypePublish:
		at := 2 + int(id(0))
		switch f.Flags >> 1 & 3 {
		case 1:
			a.ack(codec.TypePubAck, id(at))
		case 2:
			a.ack(codec.TypePubRec, id(at))
		}
	case codec.TypePubRel:
		a.ack(codec.TypePubComp, id(0))
	case codec.TypePubRec:
		a.ack(codec.TypePubRel, id(0))
	case codec.TypePubAck, codec.TypePubComp:
		a.places++
	}
}

func (a *answerer) ack(kind codec.Type, id uint16) {
	a.write = codec.AppendAck(a.write, a.version, kind, id, codec.Success)
}

// flood sends n messages as fast as the client takes them, with no more of them unanswered than the default Receive Maximum, and
// returns when all have their answer, or the client has gone.
func (a *answerer) flood(n int, p *codec.Prepared) {
	const window = 256
	a.places = window
	for sent := 0; sent < n || a.places < window; {
		var err error
		if sent == n || a.places == 0 {
			err = a.turn()
		}
		for ; sent < n && a.places > 0 && len(a.write) < 32<<10; sent++ {
			a.write = p.Append(a.write, &codec.Sending{Version: a.version, PacketID: uint16(sent%65_535) + 1})
			if p.QoS() != codec.AtMostOnce {
				a.places--
			}
		}
		if err == nil {
			err = a.send()
		}
		if err != nil {
			return
		}
	}
}

// allocations gives how often memory is taken for one call of op, by whatever goroutine, not rounded. The collector doesn't run
// meanwhile: it empties pools, and what they then take anew isn't op's.
func allocations(calls int, op func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range calls / 10 {
		op()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		op()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(calls)
}

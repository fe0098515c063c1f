package actor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// writer owns the write half: every byte that leaves passes here, as few writes as there can be.
type writer struct {
	conn    net.Conn
	timeout time.Duration     // how long one write may take
	out     <-chan *outBuffer // from tracker
	back    chan<- *written   // to tracker, has room: one buffer and one PINGREQ
	ping    <-chan struct{}   // from pinger
	sent    func(PacketInfo)  // trace, may be nil

	two  [2][]byte
	pair net.Buffers // of two: it has no memory of its own
}

var pingReq = []byte{0xc0, 0}

// lingering is how long the server may take to end a connection after our DISCONNECT.
const lingering = time.Second

func (w *writer) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case b := <-w.out:
			n, err := w.writeAll(b)
			last := b.last
			b.slip = written{b, n, time.Now()}
			w.back <- &b.slip
			if err != nil {
				return err
			}
			if last {
				return w.leave(ctx)
			}
		case <-w.ping:
			if err := w.writePing(); err != nil {
				return err
			}
		}
	}
}

// writeAll writes a buffer with the payloads that belong between its bytes.
func (w *writer) writeAll(b *outBuffer) (n int, err error) {
	from := 0
	for _, c := range b.cuts {
		m, err := w.writeTwo(b.bytes[from:c.at], c.payload)
		if n += m; err != nil {
			return n, err
		}
		from = c.at
	}
	m, err := w.write(b.bytes[from:])
	return n + m, err
}

// writeTwo has the operating system take the first bytes of a payload together with what is in front of it.
func (w *writer) writeTwo(head, payload []byte) (n int, err error) {
	first := payload[:min(softBuffer, len(payload))]
	w.conn.SetWriteDeadline(time.Now().Add(w.timeout))
	if p, ok := w.conn.(pairWriter); ok {
		n, err = p.WriteTwo(head, first)
	} else {
		w.two = [2][]byte{head, first}
		w.pair = w.two[:]
		var written int64
		written, err = w.pair.WriteTo(w.conn)
		n = int(written)
	}
	if err != nil {
		return n, late(err)
	}
	m, err := w.write(payload[len(first):])
	return n + m, err
}

// pairWriter is what a transport of messages has, so that a packet isn't torn over two of them.
type pairWriter interface {
	WriteTwo(a, b []byte) (n int, err error)
}

// write hands the bytes to the operating system, in pieces small enough for the deadline to be one of no progress. A buffer of
// small packets is one piece, and so one message where a transport has messages.
func (w *writer) write(bytes []byte) (n int, err error) {
	size := softBuffer
	if len(bytes) <= 2*softBuffer {
		size = len(bytes)
	}
	for n < len(bytes) && err == nil {
		piece := bytes[n:min(n+size, len(bytes))]
		var m int
		w.conn.SetWriteDeadline(time.Now().Add(w.timeout))
		m, err = w.conn.Write(piece)
		n += m
	}
	return n, late(err)
}

// late names the error of a write that made no progress.
func late(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrWriteTimeout, err)
	}
	return err
}

func (w *writer) writePing() error {
	if w.sent != nil {
		w.sent(pingInfo)
	}
	start := time.Now() // the answer may be read before we are back from the write
	if _, err := w.write(pingReq); err != nil {
		return err
	}
	if len(w.back) == 0 { // else a buffer comes home, which says the same
		w.back <- &written{at: start}
	}
	return nil
}

// halfCloser is what a transport has that can say "no more from here" and still listen.
type halfCloser interface{ CloseWrite() error }

// leave waits for the server's end, which the reader sees unless our own application holds it up.
func (w *writer) leave(ctx context.Context) error {
	w.halfClose()
	patience := time.NewTimer(lingering)
	defer patience.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-patience.C:
		return errLingered
	}
}

// halfClose lets the server read DISCONNECT to the end: a socket closed with unread input is reset, and the server then sends the will.
func (w *writer) halfClose() {
	if h, ok := w.conn.(halfCloser); ok {
		h.CloseWrite()
	}
}

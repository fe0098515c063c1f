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
	back    chan<- written    // to tracker, has room: one buffer and one PINGREQ
	ping    <-chan struct{}   // from pinger
	sent    func(PacketInfo)  // trace, may be nil
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
			n, err := w.write(b.bytes)
			last := b.last
			w.back <- written{b, n, time.Now()}
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

// write hands the bytes to the operating system, in pieces small enough for the deadline to be one of no progress.
func (w *writer) write(bytes []byte) (n int, err error) {
	for n < len(bytes) && err == nil {
		piece := bytes[n:min(n+softBuffer, len(bytes))]
		var m int
		w.conn.SetWriteDeadline(time.Now().Add(w.timeout))
		m, err = w.conn.Write(piece)
		n += m
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrWriteTimeout, err)
	}
	return n, err
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
		w.back <- written{at: start}
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

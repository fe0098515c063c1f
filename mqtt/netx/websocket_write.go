//go:build !js

package netx

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	closeWait = time.Second // bounds CloseWrite
	pongWait  = time.Second // bounds the answer to a ping, which keeps Read from reading
)

// errCloseSent is Write's answer after CloseWrite, or after the server has closed the WebSocket.
var errCloseSent = errors.New("write: the WebSocket was closed")

// webWriter writes frames for three: who writes messages, Read, which answers pings, and CloseWrite. Read never waits for
// a message that is stuck: whoever is writing answers the ping afterwards.
type webWriter struct {
	conn  net.Conn
	turn  chan struct{}  // holds one while nobody writes
	until chan time.Time // holds the deadline for messages
	asked chan []byte    // holds the last ping, while it has no answer
	over  error          // of whoever has the turn: why nothing can be written any more
}

func newWebWriter(conn net.Conn) *webWriter {
	w := &webWriter{conn: conn, turn: make(chan struct{}, 1), until: make(chan time.Time, 1), asked: make(chan []byte, 1)}
	w.turn <- struct{}{}
	w.until <- time.Time{}
	return w
}

func (w *webWriter) setDeadline(t time.Time) error {
	<-w.until
	defer func() { w.until <- t }()
	return w.conn.SetWriteDeadline(t)
}

// message sends a and b as one message, and tells how many bytes of them have left.
func (w *webWriter) message(a, b []byte) (int, error) {
	<-w.turn
	defer w.release()
	return w.frame(frameBinary, a, b)
}

// close ends our direction. One deadline bounds a message that is stuck and the close frame behind it.
func (w *webWriter) close(code int) error {
	if err := w.setDeadline(time.Now().Add(closeWait)); err != nil {
		return err
	}
	<-w.turn
	defer w.release()
	return w.closeFrame(code)
}

// tryClose answers a close frame, or tells the server what it did wrong, unless a message is stuck.
func (w *webWriter) tryClose(code int) {
	patience := time.NewTimer(closeWait)
	defer patience.Stop()
	select {
	case <-w.turn:
		defer w.release()
		w.conn.SetWriteDeadline(time.Now().Add(closeWait))
		w.closeFrame(code)
	case <-patience.C:
	}
}

func (w *webWriter) closeFrame(code int) error {
	_, err := w.frame(frameClose, closeBody(code), nil)
	if w.over == nil {
		w.over = errCloseSent
	}
	return err
}

func closeBody(code int) []byte {
	if code == closeNone {
		return nil
	}
	return binary.BigEndian.AppendUint16(nil, uint16(code))
}

// pong sees to it that a ping is answered. An earlier one that wasn't yet needs no answer any more.
func (w *webWriter) pong(ping []byte) {
	select {
	case <-w.asked:
	default:
	}
	w.asked <- ping // Read alone sends
	select {
	case <-w.turn:
		w.release()
	default:
	}
}

// release gives the turn back, when the ping that came meanwhile is answered.
func (w *webWriter) release() {
	for {
		w.answer()
		w.turn <- struct{}{}
		if len(w.asked) == 0 {
			return
		}
		select {
		case <-w.turn:
		default:
			return // the other one answers
		}
	}
}

// answer sends a pong, if one is due. One that can't be sent ends nothing here: the next message finds out.
func (w *webWriter) answer() {
	select {
	case ping := <-w.asked:
		w.conn.SetWriteDeadline(time.Now().Add(pongWait))
		w.frame(framePong, ping, nil)
		t := <-w.until
		w.conn.SetWriteDeadline(t)
		w.until <- t
	default:
	}
}

// frame writes one frame with a and b in it. When it can't be written to its end, nothing can be any more.
func (w *webWriter) frame(kind byte, a, b []byte) (n int, err error) {
	if w.over != nil {
		return 0, w.over
	}
	f := framePool.Get().(*frameBuffer)
	defer framePool.Put(f)
	f.begin(kind, len(a)+len(b))
	n = -len(f.bytes)
	for _, part := range [2][]byte{a, b} {
		for len(part) > 0 {
			if len(f.bytes) == cap(f.bytes) {
				if n, err = w.flush(f, n); err != nil {
					return n, err
				}
			}
			part = part[f.mask(part):]
		}
	}
	return w.flush(f, n)
}

// flush writes what f holds. n counts what has left of the payload, and is negative before the header has.
func (w *webWriter) flush(f *frameBuffer, n int) (int, error) {
	m, err := w.conn.Write(f.bytes)
	f.bytes = f.bytes[:0]
	if err != nil {
		w.over = err
		return max(n+m, 0), err
	}
	return n + m, nil
}

// frameBuffer is where a frame is masked. It holds what the client's writer writes at once.
type frameBuffer struct {
	room  [80 << 10]byte
	bytes []byte     // of room: what was not written yet
	keys  [1028]byte // the key of the frame, over and over, from any byte of it 1 KiB long
	used  int        // bytes of payload that were masked
}

var framePool = sync.Pool{New: func() any { return new(frameBuffer) }}

// begin makes a key and the header (RFC 6455 §5.3: the key can't be foreseen).
func (f *frameBuffer) begin(kind byte, size int) {
	rand.Read(f.keys[:4])
	for n := 4; n < min(size+4, len(f.keys)); n *= 2 {
		copy(f.keys[n:], f.keys[:n])
	}
	f.bytes = append(appendHead(f.room[:0], kind, size), f.keys[:4]...)
	f.used = 0
}

// mask appends as much of the payload as there is room for.
func (f *frameBuffer) mask(payload []byte) (n int) {
	to := f.bytes[len(f.bytes):cap(f.bytes)]
	payload = payload[:min(len(payload), len(to))]
	keys := f.keys[f.used&3:][:1024]
	for n < len(payload) {
		n += subtle.XORBytes(to[n:], payload[n:], keys)
	}
	f.bytes, f.used = f.bytes[:len(f.bytes)+n], f.used+n
	return n
}

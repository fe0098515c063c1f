//go:build !js

package netx

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/coder/websocket"
)

// packed is a net.Conn over a WebSocket whose messages may be compressed. Close is that of the connection beneath.
type packed struct {
	net.Conn // what is beneath
	ws       *websocket.Conn
	out      *counted  // where ws writes to
	message  io.Reader // of Read: what is being read, or nil
}

func newPacked(ws *websocket.Conn, beneath net.Conn, out *counted) *packed {
	ws.SetReadLimit(-1) // it streams, and MQTT has a limit of its own
	return &packed{Conn: beneath, ws: ws, out: out}
}

// NetConn is the connection beneath.
func (c *packed) NetConn() net.Conn { return c.Conn }

// Read reads on over the ends of frames and messages.
func (c *packed) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if c.message == nil {
			kind, message, err := c.ws.Reader(context.Background())
			switch {
			case err != nil:
				return 0, ended(err)
			case kind != websocket.MessageBinary:
				c.sendClose(closeUnsupported)
				return 0, errText
			}
			c.message = message
		}
		n, err := c.message.Read(p)
		if err == io.EOF {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, ended(err)
		}
	}
	return 0, nil
}

// Write sends p as one message.
func (c *packed) Write(p []byte) (int, error) {
	return c.count(len(p), func() error { return c.ws.Write(context.Background(), websocket.MessageBinary, p) })
}

// WriteTwo sends a and b as one message.
func (c *packed) WriteTwo(a, b []byte) (int, error) {
	return c.count(len(a)+len(b), func() error {
		w, err := c.ws.Writer(context.Background(), websocket.MessageBinary)
		if err != nil {
			return err
		}
		for _, part := range [][]byte{a, b} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return w.Close()
	})
}

// count says of a message that failed that all of it has left when a byte of it may have: how far a server comes with the
// start of what is compressed can't be told.
func (c *packed) count(size int, write func() error) (int, error) {
	before := c.out.count()
	err := write()
	if err != nil && c.out.count() == before {
		return 0, err
	}
	return size, err
}

// CloseWrite sends a close frame, behind a Write in progress, within a second. Reading goes on to the server's close frame.
func (c *packed) CloseWrite() error {
	if err := c.SetWriteDeadline(time.Now().Add(closeWait)); err != nil {
		return err
	}
	return c.sendClose(closeNormal)
}

// sendClose goes past ws, which would wait for the server's answer.
func (c *packed) sendClose(code int) error {
	f := framePool.Get().(*frameBuffer)
	defer framePool.Put(f)
	body := closeBody(code)
	f.begin(frameClose, len(body))
	f.mask(body)
	_, err := c.out.Write(f.bytes)
	return err
}

// ended gives the end of a WebSocket the form that an end has here.
func ended(err error) error {
	said, ok := errors.AsType[websocket.CloseError](err)
	switch {
	case ok:
		return (&CloseError{Code: int(said.Code), Reason: said.Reason}).end()
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return err
}

// counted counts the bytes that are written. Writers take turns.
type counted struct {
	io.ReadWriteCloser
	bytes chan uint64 // holds their number while nobody writes
}

func newCounted(c io.ReadWriteCloser) *counted {
	w := &counted{ReadWriteCloser: c, bytes: make(chan uint64, 1)}
	w.bytes <- 0
	return w
}

func (w *counted) Write(p []byte) (int, error) {
	before := <-w.bytes
	n, err := w.ReadWriteCloser.Write(p)
	w.bytes <- before + uint64(n)
	return n, err
}

func (w *counted) count() uint64 {
	n := <-w.bytes
	w.bytes <- n
	return n
}

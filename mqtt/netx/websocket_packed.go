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

// packed is a net.Conn over a WebSocket whose messages may be compressed.
type packed struct {
	net.Conn // what is beneath
	ws       *websocket.Conn
	message  io.Reader // what is being read, or nil
}

func newPacked(ws *websocket.Conn, beneath net.Conn) *packed {
	ws.SetReadLimit(-1) // MQTT has a limit of its own
	return &packed{Conn: beneath, ws: ws}
}

// Read reads on over the ends of frames and messages.
func (c *packed) Read(p []byte) (int, error) {
	for {
		if c.message == nil {
			kind, message, err := c.ws.Reader(context.Background())
			if err != nil {
				return 0, ended(err)
			}
			if kind != websocket.MessageBinary {
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
}

// Write sends p as one message.
func (c *packed) Write(p []byte) (int, error) {
	if err := c.ws.Write(context.Background(), websocket.MessageBinary, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

var errText = &FrameError{"the server sent a text message, and MQTT is binary (§6.0.0-1)"}

// ended gives the end of a WebSocket the form that an end has here.
func ended(err error) error {
	if said, ok := errors.AsType[websocket.CloseError](err); ok {
		if said.Code == websocket.StatusNormalClosure || said.Code == websocket.StatusNoStatusRcvd {
			return io.EOF
		}
		return &CloseError{Code: int(said.Code), Reason: said.Reason}
	}
	return err
}

// body is the connection behind an answer of an HTTP client that has dialled by itself, and shows no more of it than that.
// A deadline that passes closes it.
type body struct {
	io.ReadWriteCloser
	read, write *time.Timer
}

func newBody(rwc io.ReadWriteCloser) *body {
	b := &body{ReadWriteCloser: rwc}
	b.read, b.write = time.AfterFunc(time.Hour, b.expire), time.AfterFunc(time.Hour, b.expire)
	b.read.Stop()
	b.write.Stop()
	return b
}

func (b *body) expire() { b.ReadWriteCloser.Close() }

func (b *body) SetDeadline(t time.Time) error {
	return errors.Join(b.SetReadDeadline(t), b.SetWriteDeadline(t))
}
func (b *body) SetReadDeadline(t time.Time) error  { return reset(b.read, t) }
func (b *body) SetWriteDeadline(t time.Time) error { return reset(b.write, t) }

func reset(timer *time.Timer, t time.Time) error {
	if timer.Stop(); !t.IsZero() {
		timer.Reset(time.Until(t))
	}
	return nil
}

func (b *body) Close() error {
	b.read.Stop()
	b.write.Stop()
	return b.ReadWriteCloser.Close()
}

func (b *body) LocalAddr() net.Addr  { return unknownAddr{} }
func (b *body) RemoteAddr() net.Addr { return unknownAddr{} }

// unknownAddr is all that can be told of a connection of an HTTP client.
type unknownAddr struct{}

func (unknownAddr) Network() string { return "websocket" }
func (unknownAddr) String() string  { return "unknown" }

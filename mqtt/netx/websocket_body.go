//go:build !js

package netx

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// body is the connection behind the answer to an HTTP client that has dialled by itself, and shows no more of it than that.
// It can't interrupt a Read or Write but by its end: a deadline that passes closes it.
type body struct {
	io.ReadWriteCloser
	reading, writing *alarm
}

func newBody(c io.ReadWriteCloser) *body {
	return &body{ReadWriteCloser: c, reading: newAlarm(c), writing: newAlarm(c)}
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadWriteCloser.Read(p)
	return n, b.reading.blame(err)
}

func (b *body) Write(p []byte) (int, error) {
	n, err := b.ReadWriteCloser.Write(p)
	return n, b.writing.blame(err)
}

func (b *body) Close() error {
	b.SetDeadline(time.Time{})
	return b.ReadWriteCloser.Close()
}

func (b *body) SetDeadline(t time.Time) error {
	return errors.Join(b.SetReadDeadline(t), b.SetWriteDeadline(t))
}

func (b *body) SetReadDeadline(t time.Time) error  { return b.reading.set(t) }
func (b *body) SetWriteDeadline(t time.Time) error { return b.writing.set(t) }

func (b *body) LocalAddr() net.Addr  { return unknownAddr{} }
func (b *body) RemoteAddr() net.Addr { return unknownAddr{} }

// alarm is one of the two deadlines.
type alarm struct {
	timer *time.Timer
	rang  chan struct{} // holds one when it did
}

func newAlarm(c io.Closer) *alarm {
	a := &alarm{rang: make(chan struct{}, 1)}
	a.timer = time.AfterFunc(time.Hour, func() {
		select {
		case a.rang <- struct{}{}:
		default:
		}
		c.Close()
	})
	a.timer.Stop()
	return a
}

func (a *alarm) set(t time.Time) error {
	if a.timer.Stop(); !t.IsZero() {
		a.timer.Reset(time.Until(t))
	}
	return nil
}

// blame names the deadline as what ended the connection.
func (a *alarm) blame(err error) error {
	if err != nil && len(a.rang) > 0 {
		return os.ErrDeadlineExceeded
	}
	return err
}

// unknownAddr is all that can be told of such a connection.
type unknownAddr struct{}

func (unknownAddr) Network() string { return "websocket" }
func (unknownAddr) String() string  { return "unknown" }

//go:build !js

package netx

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// webConn is a net.Conn over WebSocket without compression. What comes is handed on as it comes, whole frames or not; each
// Write leaves as one message. Close is that of the connection beneath: it says nothing to the server.
type webConn struct {
	net.Conn // what is beneath
	out      *webWriter

	// Read alone uses these
	frames   frames
	ahead    [1024]byte
	from, to int   // of ahead: what was read and not looked at
	last     error // what came with it
	end      error // what Read returns from now on
}

// newWebConn begins with what came together with the answer to the request; in may be nil.
func newWebConn(beneath net.Conn, in *bufio.Reader) *webConn {
	c := &webConn{Conn: beneath, out: newWebWriter(beneath)}
	if in != nil {
		c.to, c.last = in.Read(c.ahead[:in.Buffered()])
	}
	return c
}

// NetConn is the connection beneath.
func (c *webConn) NetConn() net.Conn { return c.Conn }

// Write sends p as one message.
func (c *webConn) Write(p []byte) (int, error) { return c.out.message(p, nil) }

// WriteTwo sends a and b as one message.
func (c *webConn) WriteTwo(a, b []byte) (int, error) { return c.out.message(a, b) }

// SetWriteDeadline is for what the caller writes. The answers to pings have one of their own.
func (c *webConn) SetWriteDeadline(t time.Time) error { return c.out.setDeadline(t) }

// SetDeadline sets both deadlines.
func (c *webConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite sends a close frame, behind a Write in progress, within a second. Reading goes on to the server's close frame.
func (c *webConn) CloseWrite() error { return c.out.close(closeNormal) }

// Read hands on what has come of data frames, and answers pings meanwhile.
func (c *webConn) Read(p []byte) (int, error) {
	for len(p) > 0 && c.end == nil {
		put, err := c.advance(p)
		if c.frames.ping != nil {
			c.out.pong(c.frames.ping)
			c.frames.ping = nil
		}
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			c.end = c.ended(err)
		case put == 0:
			return 0, err
		}
		if put > 0 {
			return put, nil
		}
	}
	return 0, c.end
}

// advance looks at what was read ahead, or reads once. A p that is large enough is read into directly: what surrounds the
// payload is taken out of it there.
func (c *webConn) advance(p []byte) (put int, err error) {
	switch {
	case c.from < c.to:
	case c.last != nil:
		err, c.last = c.last, nil
		return 0, err
	case len(p) >= len(c.ahead):
		n, end := c.Conn.Read(p)
		put, _, err = c.frames.strip(p, p[:n])
		return put, cmp.Or(err, end)
	default:
		c.from = 0
		c.to, c.last = c.Conn.Read(c.ahead[:])
	}
	put, used, err := c.frames.strip(p, c.ahead[c.from:c.to])
	c.from += used
	return put, err
}

// ended is what Read says of an end, and the last thing that the server is told.
func (c *webConn) ended(err error) error {
	if err == io.EOF && !c.frames.whole() {
		return io.ErrUnexpectedEOF
	}
	switch e := err.(type) {
	case *FrameError:
		c.out.tryClose(e.code)
	case *CloseError:
		c.out.tryClose(e.Code)
		return e.end()
	}
	return err
}

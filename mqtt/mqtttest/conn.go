package mqtttest

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// ErrNoVersion says that a packet can't be sent because no CONNECT was read that says in which version.
var ErrNoVersion = errors.New("mqtttest: no CONNECT was read, and SetVersion not called")

// Conn is the server's end of one connection, scripted by the test. Any goroutine may call its methods.
type Conn struct {
	server   *Server
	pipe     *PipeConn
	patience time.Duration
	version  slot[codec.Version]
	inbox    slot[inbox]
}

// inbox is what was read from the client and not yet handed out.
type inbox struct {
	buf []byte
}

func newConn(s *Server, p *PipeConn, patience time.Duration) *Conn {
	return &Conn{server: s, pipe: p, patience: patience, version: newSlot(codec.Version(0)), inbox: newSlot(inbox{})}
}

// Pipe gives the connection beneath: its directions, to make faults in them, and its addresses. What is read from it is
// missing in Read.
func (c *Conn) Pipe() *PipeConn { return c.pipe }

// Address is what the client dialled.
func (c *Conn) Address() (network, address string) {
	return c.pipe.local.network, c.pipe.local.address
}

// Version is the version that the CONNECT said, or that SetVersion set; zero before.
func (c *Conn) Version() (v codec.Version) {
	c.version.do(func(p *codec.Version) { v = *p })
	return v
}

// SetVersion sets the version in which packets are read and sent from now on, until a CONNECT says another.
func (c *Conn) SetVersion(v codec.Version) {
	c.version.do(func(p *codec.Version) { *p = v })
}

// Read waits for the next packet from the client. What it returns is the caller's own. Its errors are ctx's, a
// [*codec.MalformedError] for bytes that a client must not send, [io.EOF] when the client has closed,
// [io.ErrUnexpectedEOF] when it did so within a packet, and those of [PipeConn.Read]. What has come of a packet when ctx ends
// is still there for the next call. Calls wait for each other.
func (c *Conn) Read(ctx context.Context) (codec.Packet, error) {
	raw, err := c.ReadRaw(ctx)
	if err != nil {
		return nil, err
	}
	d := codec.Dialect{Version: c.Version(), From: codec.FromClient}
	f, _, err := codec.Next(raw, d, 0)
	if err != nil {
		return nil, err
	}
	p, err := codec.Decode(f, d)
	if connect, ok := p.(*codec.Connect); ok {
		c.SetVersion(connect.Version)
	}
	return p, err
}

// ReadRaw is Read for the bytes of the next packet as they came. A CONNECT that is read with it sets no version.
func (c *Conn) ReadRaw(ctx context.Context) ([]byte, error) {
	select {
	case in := <-c.inbox:
		defer func() { c.inbox <- in }()
		return c.cut(ctx, in)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cut takes one packet off the inbox, and reads until it is there.
func (c *Conn) cut(ctx context.Context, in *inbox) ([]byte, error) {
	d := codec.Dialect{Version: c.Version(), From: codec.FromClient}
	for {
		_, size, err := codec.Next(in.buf, d, 0)
		if err != nil {
			return nil, err
		}
		if size > 0 && size <= len(in.buf) {
			packet := in.buf[:size:size]
			in.buf = in.buf[size:]
			return packet, nil
		}
		in.buf = slices.Grow(in.buf, 512)
		n, err := c.pipe.readContext(ctx, in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
		if err == io.EOF && len(in.buf) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
}

// Send encodes packets in the connection's version and writes them at once: all of them in one write, or none when one can't
// be encoded. It waits while the client doesn't read and the buffer is full. Errors are ErrNoVersion, a
// [*codec.MalformedError], and those of [PipeConn.Write].
func (c *Conn) Send(packets ...codec.Packet) error {
	v := c.Version()
	if v == 0 {
		return ErrNoVersion
	}
	var b []byte
	for _, p := range packets {
		var err error
		if b, err = p.Append(b, v); err != nil {
			return err
		}
	}
	return c.SendBytes(b)
}

// SendBytes writes b as it is, for packets that no server should send, and for parts of one.
func (c *Conn) SendBytes(b []byte) error {
	_, err := c.pipe.Write(b)
	return err
}

// Stall stops reading from the client: what it writes fills the buffer, and then its writes wait. Read waits too.
func (c *Conn) Stall() { c.pipe.In().Stall() }

// Resume ends Stall.
func (c *Conn) Resume() { c.pipe.In().Resume() }

// Close ends the connection at once; the client still gets what was sent before, and then EOF. Closing again does nothing.
func (c *Conn) Close() {
	c.pipe.Close()
	c.server.forget(c)
}

// Reset ends the connection as a crash does: what the client hasn't read is lost, and it gets ECONNRESET.
func (c *Conn) Reset() {
	c.pipe.Reset()
	c.server.forget(c)
}

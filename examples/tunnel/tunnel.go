package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sluicemq/sluice/mqtt/netx"
)

// tunnel is a netx.Dialer that goes through an SSH server. Each connection has a tunnel of its own: when it is lost, the client
// reconnects, and that makes another one.
type tunnel struct {
	gate   string // host:port of the SSH server
	config *ssh.ClientConfig
}

var _ netx.Dialer = (*tunnel)(nil)

// DialContext opens the tunnel, and at its far end the connection to address, whose name is looked up there.
func (t *tunnel) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, network, t.gate)
	if err != nil {
		return nil, err
	}
	release := context.AfterFunc(ctx, func() { raw.Close() }) // SSH's own handshake has no context
	conn, err := t.through(ctx, raw, network, address)
	if !release() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (t *tunnel) through(ctx context.Context, raw net.Conn, network, address string) (net.Conn, error) {
	link, channels, requests, err := ssh.NewClientConn(raw, t.gate, t.config)
	if err != nil {
		return nil, err
	}
	conn, err := ssh.NewClient(link, channels, requests).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &tunnelled{Conn: conn, raw: raw}, nil
}

// tunnelled is a connection through a tunnel. The one that SSH gives has no deadlines, and its Close waits for the other side: here
// both end the tunnel.
type tunnelled struct {
	net.Conn
	raw         net.Conn
	read, write time.Time // deadlines, or zero; each belongs to the goroutine that reads or writes
}

// Close ends the tunnel, which wakes Read and Write.
func (c *tunnelled) Close() error { return c.raw.Close() }

// SetReadDeadline is for the next Read.
func (c *tunnelled) SetReadDeadline(t time.Time) error {
	c.read = t
	return nil
}

// SetWriteDeadline is for the next Write.
func (c *tunnelled) SetWriteDeadline(t time.Time) error {
	c.write = t
	return nil
}

// Read ends the tunnel when its deadline has passed.
func (c *tunnelled) Read(p []byte) (int, error) {
	return c.until(c.read, func() (int, error) { return c.Conn.Read(p) })
}

// Write likewise.
func (c *tunnelled) Write(p []byte) (int, error) {
	return c.until(c.write, func() (int, error) { return c.Conn.Write(p) })
}

// CloseWrite lets the server read to the end what was sent.
func (c *tunnelled) CloseWrite() error {
	half, ok := c.Conn.(netx.HalfCloser)
	if !ok {
		return errors.ErrUnsupported
	}
	_, err := c.until(time.Now().Add(time.Second), func() (int, error) { return 0, half.CloseWrite() })
	return err
}

func (c *tunnelled) until(deadline time.Time, do func() (int, error)) (int, error) {
	if deadline.IsZero() {
		return do()
	}
	late := time.AfterFunc(time.Until(deadline), func() { c.raw.Close() })
	n, err := do()
	if !late.Stop() && err != nil {
		err = errors.Join(os.ErrDeadlineExceeded, err)
	}
	return n, err
}

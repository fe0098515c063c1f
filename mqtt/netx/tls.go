//go:build !js

package netx

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// closeNotifyWait bounds CloseWrite: a peer that has stopped reading gets no close_notify.
const closeNotifyWait = time.Second

// openTLS does the handshake over a connection that is open.
func openTLS(ctx context.Context, s *Server, o *Options, raw net.Conn) (net.Conn, error) {
	o.step(StageTLS, false, nil)
	conn, err := handshake(ctx, raw, tlsConfig(s, o.TLS), s.String(), "TLS")
	o.step(StageTLS, true, errors.Unwrap(err))
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// handshake makes a TLS connection of a raw one, or closes that. Its error is a *DialError, which says what can be done
// about it in a Config of that name.
func handshake(ctx context.Context, raw net.Conn, config *tls.Config, server, name string) (*tlsConn, error) {
	conn := &tlsConn{Conn: tls.Client(beneath{raw}, config), raw: raw, server: server, config: name}
	err := conn.HandshakeContext(ctx)
	if err == nil {
		return conn, nil
	}
	raw.Close()
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("server closed the connection during the handshake: %w", err)
	}
	return nil, conn.failed(interrupted(ctx, err))
}

// tlsConfig is a Config of our own for one connection.
func tlsConfig(s *Server, given *tls.Config) *tls.Config {
	own := given.Clone()
	if own == nil {
		own = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if own.ServerName == "" { // a certificate's addresses have no zone; a unix socket's server is of this machine
		own.ServerName, _, _ = strings.Cut(cmp.Or(s.Host, "localhost"), "%")
	}
	return own
}

// tlsConn is a tls.Conn that can be closed while a Write is stuck, and whose end has a bound.
type tlsConn struct {
	*tls.Conn
	raw    net.Conn // what is beneath
	server string   // for errors
	config string   // what its user calls the tls.Config
}

var _ HalfCloser = (*tlsConn)(nil)

// beneath hides from crypto/tls the raw connection's write deadline, which it would set to five seconds of its own and
// then to the past. The deadline is set by tlsConn alone.
type beneath struct{ net.Conn }

func (beneath) SetWriteDeadline(time.Time) error { return nil }

// Read names the server's verdict on our certificate, which under TLS 1.3 comes after the handshake.
func (c *tlsConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && rejected(err) {
		err = c.failed(err)
	}
	return n, err
}

// SetWriteDeadline goes past crypto/tls to the raw connection.
func (c *tlsConn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }

// Close closes the raw connection. tls.Conn's own Close would wait up to five seconds to say so to the server.
func (c *tlsConn) Close() error { return c.raw.Close() }

// NetConn is the raw connection.
func (c *tlsConn) NetConn() net.Conn { return c.raw }

// CloseWrite sends close_notify, then ends the raw connection's direction if it can. One deadline bounds a Write that is
// stuck and the close_notify after it.
func (c *tlsConn) CloseWrite() error {
	if err := c.raw.SetWriteDeadline(time.Now().Add(closeNotifyWait)); err != nil {
		return err
	}
	err := c.Conn.CloseWrite()
	if half, ok := c.raw.(HalfCloser); ok {
		err = errors.Join(err, half.CloseWrite())
	}
	return err
}

// failed is err as an error of the TLS stage.
func (c *tlsConn) failed(err error) error {
	advice := remedyOf(err, c.config)
	if rejected(err) {
		err = fmt.Errorf("%w: %w", ErrCertificateRejected, err)
	}
	if advice != "" {
		err = fmt.Errorf("%w: %s", err, advice)
	}
	return &DialError{Stage: StageTLS, Server: c.server, Err: err}
}

package netx

import (
	"context"
	"crypto/tls"
	"net"
)

// Dialer opens the raw connection beneath everything else. *net.Dialer is one, and so are an SSH client and a SOCKS
// dialler. It must return soon after ctx ends; Close on what it gives must not block, and must wake Read and Write.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// DialerFunc is a function that is a Dialer.
type DialerFunc func(ctx context.Context, network, address string) (net.Conn, error)

// DialContext calls f.
func (f DialerFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

// Options says how Dial goes about it. The zero value works.
type Options struct {
	// Dialer opens the connection to the server's host and port (network "tcp"), or to its socket's file ("unix"). Nil: a
	// net.Dialer, which sets TCP_NODELAY. With a *net.Dialer, that one included, all addresses of a name are tried, IPv6 and
	// IPv4 in turn, a quarter of a second or FallbackDelay apart (RFC 8305), 64 at most, and the error keeps the reason of
	// each; all of its fields count. Its Resolver, or net.DefaultResolver, looks up SRV records, whatever the Dialer is.
	Dialer Dialer

	// Proxy says through what the server is reached. Dialer then opens the connection to the proxy.
	Proxy Proxy

	// WebSocket is for ws and wss alone.
	WebSocket WebSocketOptions

	// TLS is for secure schemes alone. Nil: the system's roots, TLS 1.2 and up. An empty ServerName means the URL's
	// host, and localhost over a unix socket. With +srv the host is the domain, whose certificate each of its servers has to
	// show: what a name server says of their names isn't trusted (RFC 9525 §6.2). Dial works on a clone, so one Config may
	// serve many calls at once. Its callbacks run in Dial's goroutine, and its ClientSessionCache in Read's too: under TLS 1.3
	// a session comes after the handshake.
	TLS *tls.Config

	// Trace is told of each stage's begin and end, or nil. It runs where the stage does, which for StageDNS may be
	// another goroutine than Dial's, and holds it up meanwhile. Steps hold no secret.
	Trace func(Step)
}

// HalfCloser is a connection that can end its own direction and go on reading. What Dial returns is one over TCP, a unix
// socket, TLS and WebSocket; over another Dialer's connection with none of the last two, when that is one. In a browser, and in a
// mini-program, it is none: their WebSocket can only close.
type HalfCloser interface {
	// CloseWrite tells the peer that nothing more comes. Over TLS and WebSocket it first waits for a Write in progress and
	// for the close_notify or close frame, one second in all. It belongs to the goroutine that writes.
	CloseWrite() error
}

// PairWriter is a connection that sends messages, one for each Write. What Dial returns is one over WebSocket.
type PairWriter interface {
	// WriteTwo is Write of b behind a, as one message.
	WriteTwo(a, b []byte) (n int, err error)
}

var (
	_ HalfCloser = (*net.TCPConn)(nil)
	_ HalfCloser = (*net.UnixConn)(nil)
	_ Dialer     = (*net.Dialer)(nil)
)

// Dial opens the connection to s, TLS handshake included, and gives it to the caller, who closes it. The end of ctx
// ends each stage at once; it has no hold over the connection afterwards. When Dial fails nothing stays open.
//
// Close on what it returns doesn't block and wakes Read and Write. Over TLS and WebSocket it closes the connection beneath,
// without close_notify or close frame and without waiting for a Write; whoever wants a clean end calls CloseWrite first
// (HalfCloser). Over WebSocket, Read gives what comes in binary messages as one stream, whatever their bounds; it answers
// pings, and returns io.EOF at a proper close, *CloseError at another, *FrameError when the server breaks a rule. A deadline
// that passes during a Write ends the connection there, as over TLS.
//
// Errors are *DialError, with the context's error and its cause reachable by errors.Is and an *UpgradeError in it when a
// server refuses WebSocket, *OptionError, and *URLError for a Scheme that Parse doesn't give; in a browser also what Check
// says. Under TLS 1.3 a server judges our certificate after the handshake: then the first Read, not Dial,
// returns the *DialError with ErrCertificateRejected.
func Dial(ctx context.Context, s *Server, o Options) (net.Conn, error) {
	t, err := transportOf(s.Scheme)
	if err != nil {
		return nil, &URLError{URL: s.String(), Reason: err.Error()}
	}
	if err := o.Check(s); err != nil {
		return nil, err
	}
	if t.web {
		if err := o.WebSocket.Check(); err != nil {
			return nil, err
		}
	}
	return t.open(ctx, s, &o)
}

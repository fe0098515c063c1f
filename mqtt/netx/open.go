//go:build !js

package netx

import (
	"context"
	"net"
)

// Check says what a program in a browser (GOOS=js) can't ask for: every way to a server but ws and wss, and what a browser
// keeps to itself. Elsewhere, as here, it is nil. The error is a *URLError or an *OptionError.
func (o *Options) Check(*Server) error { return nil }

// open opens one layer over the other.
func (t transport) open(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	if t.srv {
		return openDomain(ctx, s, o)
	}
	if t.web && o.WebSocket.dials() {
		return openWebSocket(ctx, s, o, nil)
	}
	raw := openTCP
	if t.local {
		raw = openUnix
	}
	conn, err := raw(ctx, s, o)
	if err == nil && t.secure {
		conn, err = openTLS(ctx, s, o, conn)
	}
	if err == nil && t.web {
		conn, err = openWebSocket(ctx, s, o, conn)
	}
	return conn, err
}

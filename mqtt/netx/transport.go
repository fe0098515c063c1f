package netx

import (
	"context"
	"fmt"
	"net"
)

// transport is what a scheme stands for.
type transport struct {
	scheme string // as normalised
	port   string // when the URL has none
	secure bool
	parse  func(s *Server, rest string) error // reads what follows "://"; Scheme and Port are filled in already
	open   func(ctx context.Context, s *Server, o *Options) (net.Conn, error)
}

// transportOf is the one place that knows the schemes. scheme is in lower case.
func transportOf(scheme string) (transport, error) {
	switch scheme {
	case "mqtt", "tcp":
		return transport{scheme: "mqtt", port: "1883", parse: parseHostPort, open: openTCP}, nil
	case "mqtts", "tls", "ssl":
		return transport{scheme: "mqtts", port: "8883", secure: true, parse: parseHostPort, open: openTLS}, nil
	case "ws", "wss", "unix", "mqtt+unix", "mqtts+unix", "ws+unix":
		return transport{}, fmt.Errorf("this build has no transport for %s://: write mqtt:// or mqtts://", scheme)
	}
	return transport{}, fmt.Errorf("unknown scheme %q: write mqtt://, tcp://, mqtts://, tls:// or ssl://", scheme)
}

//go:build !js

package netx

import (
	"context"
	"errors"
	"net"
)

// openTCP opens the raw connection, through a proxy or without. The connection is handed on as it came: a *net.TCPConn
// writes net.Buffers in one call only as itself.
func openTCP(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	proxy, err := o.proxyTo(ctx, s)
	switch {
	case err != nil:
		return nil, &DialError{Stage: StageProxy, Server: s.String(), Err: err}
	case proxy != nil:
		return proxy.open(ctx, s, o)
	}
	return dialTCP(ctx, s, o)
}

// dialTCP dials s, which may be a proxy, by whichever Dialer.
func dialTCP(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	watched, looksUp := ctx, o.looksUp(s.Host)
	if looksUp {
		watched = o.watchLookup(ctx)
	} else {
		o.step(StageTCP, false, nil)
	}
	conn, err := connect(watched, "tcp", s, o)
	if err == nil {
		o.step(StageTCP, true, nil)
		return conn, nil
	}
	stage := StageTCP
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		stage = StageDNS
	}
	failed := &DialError{Stage: stage, Server: s.String(), Err: interrupted(ctx, err)}
	if stage == StageTCP || !looksUp { // else the lookup's end was reported, and connecting never began
		o.step(StageTCP, true, failed.Err)
	}
	return nil, failed
}

// connect has the Dialer dial, and gives either a connection or an error.
func connect(ctx context.Context, network string, s *Server, o *Options) (net.Conn, error) {
	dialer := o.Dialer
	if dialer == nil {
		dialer = &net.Dialer{}
	}
	if plain, ok := dialer.(*net.Dialer); ok && network == "tcp" {
		dialer = everyAddress{plain}
	}
	conn, err := dialer.DialContext(ctx, network, s.Address())
	switch {
	case err != nil:
		return nil, err
	case conn == nil:
		return nil, errNoConnection
	case ctx.Err() != nil: // the Dialer was quicker than its context's end, or doesn't look at it
		conn.Close()
		return nil, ctx.Err()
	}
	return conn, nil
}

//go:build !js

package netx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// lingerForBody bounds the wait for the text of a refusal.
const lingerForBody = time.Second

// open leads to s through the proxy. Where the name of s is looked up here, that comes first, as a stage of its own.
func (v *via) open(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	targets, err := v.targets(ctx, s, o)
	if err != nil {
		return nil, &DialError{Stage: StageDNS, Server: s.String(), Err: err}
	}
	o.step(StageProxy, false, nil)
	conn, err := v.tunnelToOne(ctx, targets, o)
	o.step(StageProxy, true, err)
	if err != nil {
		return nil, &DialError{Stage: StageProxy, Server: s.String(), Err: err}
	}
	return conn, nil
}

// targets is what the proxy may be asked for: the server by its name, or by each of its addresses.
func (v *via) targets(ctx context.Context, s *Server, o *Options) ([]string, error) {
	_, notAddress := netip.ParseAddr(s.Host)
	if v.Scheme != "socks5" || notAddress == nil {
		return []string{s.Address()}, nil
	}
	o.step(StageDNS, false, nil)
	found, err := o.resolver().LookupNetIP(ctx, "ip", s.Host)
	if err != nil {
		err = interrupted(ctx, err)
	}
	o.step(StageDNS, true, err)
	var targets []string
	for _, ip := range found {
		targets = append(targets, net.JoinHostPort(ip.Unmap().String(), s.Port))
	}
	return targets, err
}

// resolver is that of the Dialer, when it is one whose resolver can be seen.
func (o *Options) resolver() *net.Resolver {
	if d, ok := o.Dialer.(*net.Dialer); ok && d.Resolver != nil {
		return d.Resolver
	}
	return net.DefaultResolver
}

// tunnelToOne asks for one target after the other, as long as it is the target that the proxy can't reach. Its error is a
// *ProxyError.
func (v *via) tunnelToOne(ctx context.Context, targets []string, o *Options) (net.Conn, error) {
	var failures []error
	for _, target := range targets {
		conn, err := v.tunnel(ctx, target, o)
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
		if _, unreached := errors.AsType[*unreachedError](err); !unreached || ctx.Err() != nil {
			break
		}
	}
	failed := &ProxyError{Proxy: v.String(), Err: errors.Join(failures...)}
	if len(failures) == 1 {
		failed.Err = failures[0]
	}
	if r, ok := errors.AsType[*httpRefusal](failed.Err); ok {
		failed.Status, failed.Body = r.status, r.body
	}
	return nil, failed
}

// tunnel dials the proxy and has it connect to target. The connection is handed on as it came.
func (v *via) tunnel(ctx context.Context, target string, o *Options) (net.Conn, error) {
	conn, err := v.dial(ctx, o)
	if err != nil {
		return nil, err
	}
	closed := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		conn.Close()
		close(closed)
	})
	err = v.ask(conn, target)
	if !release() {
		<-closed
		return nil, interrupted(ctx, cmp.Or(err, ctx.Err()))
	}
	if err != nil {
		conn.Close()
		return nil, interrupted(ctx, err)
	}
	return conn, nil
}

// ask has the proxy connect to target, unless conn is closed before.
func (v *via) ask(conn net.Conn, target string) error {
	if v.socks() {
		return v.askSOCKS(conn, target)
	}
	return v.askHTTP(conn, target)
}

// dial opens the connection to the proxy, TLS included.
func (v *via) dial(ctx context.Context, o *Options) (net.Conn, error) {
	raw, err := dialTCP(ctx, &v.Server, o)
	if err != nil {
		return nil, fmt.Errorf("the proxy itself can't be reached: %w", errors.Unwrap(err))
	}
	if v.Scheme != "https" {
		return raw, nil
	}
	config := tlsConfig(&v.Server, v.tls)
	if config.NextProtos == nil {
		config.NextProtos = []string{"http/1.1"} // CONNECT is asked for in no other version
	}
	conn, err := handshake(ctx, raw, config, v.String(), "Proxy.TLS")
	if err != nil {
		return nil, fmt.Errorf("TLS with the proxy itself: %w", errors.Unwrap(err))
	}
	return conn, nil
}

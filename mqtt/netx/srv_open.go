//go:build !js

package netx

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
)

// openDomain looks up which servers a domain has, and opens the connection to the first that can be reached: by their priority,
// among equals at random by their weight (RFC 2782). With TLS each has to show a certificate for the domain: a name that comes from
// DNS proves nothing (RFC 9525 §6.2).
func openDomain(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	o.step(StageDNS, false, nil)
	targets, err := o.targets(ctx, s)
	if err != nil {
		err = interrupted(ctx, err)
		o.step(StageDNS, true, err)
		return nil, &DialError{Stage: StageDNS, Server: s.String(), Err: err}
	}
	o.step(StageDNS, true, nil)
	t, err := transportOf(base(s.Scheme))
	if err != nil {
		return nil, &URLError{URL: s.String(), Reason: err.Error()}
	}
	own := *o
	if t.secure {
		own.TLS = tlsConfig(s, o.TLS) // which asks for the domain's name, whatever the target's is
	}
	return openTargets(ctx, s, targets, func(ctx context.Context, target *Server) (net.Conn, error) {
		return t.open(ctx, target, &own)
	})
}

// openTargets tries targets one by one, each with its share of the time, and keeps the reason of each.
func openTargets(
	ctx context.Context, s *Server, targets []*net.SRV, open func(context.Context, *Server) (net.Conn, error),
) (net.Conn, error) {
	var failed reasons
	stage := StageDNS
	for i, target := range targets {
		at := *s
		at.Scheme, at.Host, at.Port = base(s.Scheme), strings.TrimSuffix(target.Target, "."), strconv.Itoa(int(target.Port))
		mine, done := share(ctx, len(targets)-i)
		conn, err := open(mine, &at)
		done()
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
		if dial, ok := errors.AsType[*DialError](err); ok {
			stage = dial.Stage
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, &DialError{Stage: stage, Server: s.String(), Err: interrupted(ctx, failed.all())}
}

// targets looks up the servers of a domain, in the order in which they are to be tried.
func (o *Options) targets(ctx context.Context, s *Server) ([]*net.SRV, error) {
	d, ok := o.Dialer.(*net.Dialer)
	if !ok {
		d = new(net.Dialer)
	}
	_, found, err := everyAddress{d}.resolver().LookupSRV(ctx, service(s.Secure()), "tcp", s.Host)
	switch {
	case ctx.Err() != nil: // an answer may come in the same moment
		return nil, ctx.Err()
	case len(found) == 0 && err != nil:
		return nil, err
	case len(found) == 0, len(found) == 1 && found[0].Target == ".":
		return nil, errNoService
	}
	return found[:min(len(found), mostTargets)], nil
}

var errNoService = errors.New("the domain says that it has no such service")

package netx

import (
	"context"
	"net"
	"net/http/httptrace"
	"net/netip"
)

// Stage is a part of the way to a server.
type Stage string

// The stages, in their order. A host that is an address has no StageDNS; StageUnix stands in the place of the two before
// it, and StageProxy around those of the proxy's own host.
const (
	StageDNS       Stage = "dns"       // looking the host up; before that the servers of a domain
	StageTCP       Stage = "tcp"       // connecting, all addresses of the host counted
	StageUnix      Stage = "unix"      // connecting to a socket's file
	StageProxy     Stage = "proxy"     // connecting through a proxy: to it, TLS with it included, and from it to the server
	StageTLS       Stage = "tls"       // the handshake of a secure scheme
	StageWebSocket Stage = "websocket" // asking for WebSocket; all the stages when an http.Client of the caller's dials
)

// Step is a stage's begin or its end.
type Step struct {
	Stage Stage
	Done  bool  // false: the stage begins; true: it has ended
	Err   error // why it failed; nil at the begin and after success
}

// step tells the trace, if there is one.
func (o *Options) step(stage Stage, done bool, err error) {
	if o.Trace != nil {
		o.Trace(Step{Stage: stage, Done: done, Err: err})
	}
}

// looksUp tells whether the dialler is one whose name lookups we can watch, and host is a name. Any other dialler may
// let its far end look the name up, or look up names on the way that aren't the server's.
func (o *Options) looksUp(host string) bool {
	if _, ok := o.Dialer.(*net.Dialer); !ok && o.Dialer != nil {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

// watchLookup has the lookup reported, and the connecting that follows it.
func (o *Options) watchLookup(ctx context.Context) context.Context {
	if o.Trace == nil {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { o.step(StageDNS, false, nil) },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			o.step(StageDNS, true, info.Err)
			if info.Err == nil {
				o.step(StageTCP, false, nil)
			}
		},
	})
}

//go:build !js

package netx

import (
	"context"
	"net"
	"net/http/httptrace"
	"net/netip"
)

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

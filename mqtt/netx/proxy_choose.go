//go:build !js

package netx

import (
	"context"
	"net"
	"net/http"
	"net/url"
)

// proxyTo chooses the proxy on the way to s; nil for none.
func (o *Options) proxyTo(ctx context.Context, s *Server) (*via, *ProxyError) {
	given := o.Proxy.URL
	if o.Proxy.ForServer != nil {
		var err error
		if given, err = o.Proxy.ForServer(ctx, s); err != nil {
			return nil, &ProxyError{Err: interrupted(ctx, err)}
		}
	}
	if given == ProxyEnvironment || given == "" && o.asksEnvironment(s) {
		return o.Proxy.fromEnvironment(s, http.ProxyFromEnvironment)
	}
	return o.Proxy.named(given)
}

// asksEnvironment is the default. A Dialer that isn't the system's may lead to where the environment's proxy isn't.
func (o *Options) asksEnvironment(s *Server) bool {
	_, system := o.Dialer.(*net.Dialer)
	return (s.Scheme == "ws" || s.Scheme == "wss") && (system || o.Dialer == nil)
}

// fromEnvironment asks as an HTTP client would that goes to the same host and port. A plain connection, too, is asked for
// by CONNECT, which is what an HTTPS_PROXY is for; ws alone is http by another name.
func (p Proxy) fromEnvironment(s *Server, environment func(*http.Request) (*url.URL, error)) (*via, *ProxyError) {
	u := &url.URL{Scheme: "https", Host: s.Address()}
	if s.Scheme == "ws" {
		u.Scheme = "http"
	}
	found, err := environment(&http.Request{URL: u})
	switch {
	case err != nil:
		return nil, &ProxyError{Err: err}
	case found == nil:
		return nil, nil
	}
	return p.at(found)
}

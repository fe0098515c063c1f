package netx

import (
	"context"
	"net"
)

// Check says what a browser can't do: it has WebSocket alone, and keeps the request, the name lookup, proxies and TLS to
// itself. The error is a *URLError or an *OptionError.
func (o *Options) Check(s *Server) error {
	t, err := transportOf(s.Scheme)
	if err != nil || !t.web || t.local {
		return &URLError{URL: s.String(), Reason: "a browser opens WebSockets alone: write ws:// or wss://"}
	}
	for _, c := range []struct {
		set           bool
		field, reason string
	}{
		{o.Dialer != nil, "Dialer", "is set, and a browser opens its connections itself"},
		{o.TLS != nil, "TLS", "is set, and a browser does TLS itself, with the certificates of its user"},
		{o.Proxy.URL != "" || o.Proxy.ForServer != nil, "Proxy", "is set, and a browser goes through the proxies of its user"},
		{len(o.WebSocket.Header) > 0 && appOf(t.scheme) == "", "WebSocket.Header", "is set, and a browser lets nobody add to its request: cookies go " +
			"along by themselves, and a token can stand in the URL's query or in Password"},
		{o.WebSocket.HTTPClient != nil, "WebSocket.HTTPClient", "is set, and a browser makes the request itself"},
		{o.WebSocket.Compression != CompressionOff, "WebSocket.Compression", "is set, and a browser offers compression as it " +
			"likes: leave it zero"},
		{o.WebSocket.AllowNoSubprotocol, "WebSocket.AllowNoSubprotocol", "is set, and a browser takes no server that chooses " +
			"none of the subprotocols: set Subprotocols to an empty list"},
	} {
		if c.set {
			return &OptionError{Field: c.field, Reason: c.reason}
		}
	}
	return nil
}

// open has the browser open a WebSocket.
func (t transport) open(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	o.step(StageWebSocket, false, nil)
	conn, err := t.dial(ctx, s, o)
	if err != nil {
		err = interrupted(ctx, err)
		o.step(StageWebSocket, true, err)
		return nil, &DialError{Stage: StageWebSocket, Server: s.String(), Err: err}
	}
	o.step(StageWebSocket, true, nil)
	return conn, nil
}

// dial goes by the app's JavaScript where it is a mini-program's, which lacks the class WebSocket.
func (t transport) dial(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	if appOf(t.scheme) != "" {
		return openApp(ctx, s, o)
	}
	return dialWebSocket(ctx, s.target(), s.String(), o.WebSocket.offered()...)
}

// target is the URL with its query, and still without credentials, which are MQTT's.
func (s *Server) target() string {
	if s.Query == "" {
		return s.String()
	}
	return s.String() + "?" + s.Query
}

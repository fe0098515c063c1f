//go:build !js

package netx

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"
)

// openWebSocket asks the server for WebSocket, over a connection that is open, or over one that the HTTP client opens.
func openWebSocket(ctx context.Context, s *Server, o *Options, raw net.Conn) (net.Conn, error) {
	o.step(StageWebSocket, false, nil)
	conn, err := upgrade(ctx, s, &o.WebSocket, raw)
	if err != nil {
		if raw != nil {
			raw.Close()
		}
		err = interrupted(ctx, err)
		o.step(StageWebSocket, true, err)
		return nil, &DialError{Stage: StageWebSocket, Server: s.String(), Err: err}
	}
	o.step(StageWebSocket, true, nil)
	return conn, nil
}

// upgrade has the handshake done by websocket.Dial, and takes what is beneath its connection.
func upgrade(ctx context.Context, s *Server, w *WebSocketOptions, raw net.Conn) (net.Conn, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	if raw != nil { // an http.Transport ends its own connection
		defer context.AfterFunc(ctx, func() { raw.Close() })()
	}
	hold := &holder{inner: w.transport(raw)}
	ws, answer, err := websocket.Dial(ctx, s.target(), &websocket.DialOptions{
		HTTPClient: w.client(hold), HTTPHeader: w.header(), Host: w.Header.Get("Host"), Subprotocols: w.offered(),
		CompressionMode: w.mode(),
	})
	if err == nil && ctx.Err() != nil {
		ws.CloseNow()
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, refusal(s, answer, err)
	}
	if ws.Subprotocol() == "" && len(w.offered()) > 0 && !w.AllowNoSubprotocol {
		ws.CloseNow()
		return nil, refusal(s, answer, errors.New("the server chose none of the subprotocols "+strings.Join(w.offered(), ", ")))
	}
	return newPacked(ws, hold.beneath(raw)), nil
}

// target is the URL that is asked for. A unix socket has no host of its own.
func (s *Server) target() string {
	scheme := "http://"
	if s.Secure() {
		scheme = "https://"
	}
	address := "localhost"
	if s.Socket == "" {
		address = strings.Replace(s.Address(), "%", "%25", 1)
		if t, _ := transportOf(s.Scheme); t.port == s.Port { // HTTP leaves it out
			address = strings.TrimSuffix(address, ":"+s.Port)
		}
	}
	query := ""
	if s.Query != "" {
		query = "?" + s.Query
	}
	return scheme + address + s.Path + query
}

// transport is what does the one request.
func (w *WebSocketOptions) transport(raw net.Conn) http.RoundTripper {
	if w.dials() {
		return w.HTTPClient.Transport
	}
	return &once{raw: raw}
}

// client is the caller's, or one of our own, with a transport that lets us have the connection.
func (w *WebSocketOptions) client(t http.RoundTripper) *http.Client {
	own := http.Client{}
	if w.HTTPClient != nil {
		own = *w.HTTPClient
	}
	own.Transport = t
	if !w.dials() || own.CheckRedirect == nil {
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return &own
}

func (w *WebSocketOptions) header() http.Header {
	own := http.Header{"User-Agent": {"sluice"}}
	for name, values := range w.Header {
		if name = http.CanonicalHeaderKey(name); name != "Host" {
			own[name] = slices.Clone(values)
		}
	}
	return own
}

func (w *WebSocketOptions) mode() websocket.CompressionMode {
	switch w.Compression {
	case CompressionMessage:
		return websocket.CompressionNoContextTakeover
	case CompressionStream:
		return websocket.CompressionContextTakeover
	}
	return websocket.CompressionDisabled
}

// holder keeps what a transport hands over after an upgrade.
type holder struct {
	inner http.RoundTripper
	body  io.ReadWriteCloser
}

// RoundTrip implements http.RoundTripper.
func (h *holder) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.inner.RoundTrip(r)
	if err == nil && answer.StatusCode == http.StatusSwitchingProtocols {
		h.body, _ = answer.Body.(io.ReadWriteCloser)
	}
	return answer, err
}

// beneath is what can be given deadlines: the raw connection when we know it.
func (h *holder) beneath(raw net.Conn) net.Conn {
	if raw != nil {
		return raw
	}
	return newBody(h.body)
}

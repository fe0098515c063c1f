//go:build !js

package netx

import (
	"bufio"
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
		if failed, ok := errors.AsType[*DialError](err); ok { // of an earlier stage that ends late: TLS 1.3's verdict on a certificate
			return nil, failed
		}
		return nil, &DialError{Stage: StageWebSocket, Server: s.String(), Err: err}
	}
	o.step(StageWebSocket, true, nil)
	return conn, nil
}

// upgrade has the handshake done by websocket.Dial, and takes what is beneath its connection.
func upgrade(ctx context.Context, s *Server, w *WebSocketOptions, raw net.Conn) (net.Conn, error) {
	release := func() bool { return true } // an http.Transport ends its own connection
	if raw != nil {
		release = context.AfterFunc(ctx, func() { raw.Close() })
	}
	hold := &holder{inner: w.transport(raw)}
	ws, answer, err := websocket.Dial(ctx, s.target(), &websocket.DialOptions{
		HTTPClient: w.client(hold), HTTPHeader: w.header(), Host: w.Header.Get("Host"), Subprotocols: w.offered(),
		CompressionMode: w.mode(),
	})
	released := release()
	switch {
	case err != nil:
		return nil, refusal(s, answer, err)
	case !released || ctx.Err() != nil:
		ws.CloseNow()
		return nil, ctx.Err()
	}
	if ws.Subprotocol() == "" && len(w.offered()) > 0 && !w.AllowNoSubprotocol {
		ws.CloseNow()
		return nil, refusal(s, answer, errors.New("the server chose none of the subprotocols "+strings.Join(w.offered(), ", ")))
	}
	return hold.connection(ws, answer, raw), nil
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
	out   *counted // body, for websocket.Conn
	live  bool     // there is something to read
	kept  bool     // and so isn't closed by it
}

// RoundTrip implements http.RoundTripper.
func (h *holder) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.inner.RoundTrip(r)
	if err == nil && answer.StatusCode == http.StatusSwitchingProtocols {
		if body, ok := answer.Body.(io.ReadWriteCloser); ok {
			h.body, h.out = body, newCounted(body)
			answer.Body = held{h.out, h}
		}
	}
	return answer, err
}

// held is the body of an answer for as long as it may be given up.
type held struct {
	*counted
	by *holder
}

// Read gives websocket.Dial nothing: after an answer that it doesn't like it would wait for a body that 101 doesn't have.
func (b held) Read(p []byte) (int, error) {
	if !b.by.live {
		return 0, io.EOF
	}
	return b.counted.Read(p)
}

func (b held) Close() error {
	if b.by.kept {
		return nil
	}
	return b.counted.Close()
}

// connection is what MQTT goes over. websocket.Conn waits until all of a frame has come or the caller's buffer is full, writes
// in small pieces, and doesn't read while the answer to a ping waits behind a message that is stuck; so only compression is
// left to it.
func (h *holder) connection(ws *websocket.Conn, answer *http.Response, raw net.Conn) net.Conn {
	beneath := raw
	h.live = true
	if raw == nil {
		beneath = newBody(h.body)
	}
	if answer.Header.Get("Sec-WebSocket-Extensions") != "" {
		return newPacked(ws, beneath, h.out)
	}
	var in *bufio.Reader
	if u, ok := h.body.(*upgraded); ok {
		in = u.in
	}
	h.kept = true
	ws.CloseNow() // gives its buffers back
	return newWebConn(beneath, in)
}

package netx

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Compression says whether messages of WebSocket are compressed (RFC 7692, permessage-deflate).
type Compression int

// The kinds of compression. What is sent is compressed from some hundred bytes on, when the server agrees.
const (
	CompressionOff     Compression = iota // none is offered
	CompressionMessage                    // each message by itself
	CompressionStream                     // each with the last 32 KiB before it in mind: smaller, for over 1 MiB of memory a connection
)

// WebSocketOptions says how WebSocket is asked for. The zero value works. Dial only reads them.
type WebSocketOptions struct {
	// Header goes with the request: Authorization, Cookie, Origin, User-Agent and so on; Host takes the place of that of
	// the URL. Connection, Upgrade, Content-Length, Transfer-Encoding and Sec-WebSocket-* are ours. Nil: nothing is added.
	Header http.Header

	// Subprotocols are offered in this order, and the server must choose one of them. Nil: "mqtt" alone, or what the
	// version of MQTT asks for in a client's Config (§6). Empty and not nil: none is offered, and none may come.
	Subprotocols []string

	// AllowNoSubprotocol takes a server that chooses no subprotocol, against the rule. False: that is an error.
	AllowNoSubprotocol bool

	// HTTPClient makes the request. Its Jar has the cookies, its Timeout bounds the request. With a Transport it dials too:
	// then Dialer, Proxy, TLS and Trace stages beneath StageWebSocket are not used, and Transport must speak HTTP/1.1. A redirect
	// is an error, unless Transport and CheckRedirect are both set. Nil: one of our own, without a Jar.
	HTTPClient *http.Client

	// Compression is offered to the server. Zero: CompressionOff, which is the quickest.
	Compression Compression
}

// OptionError says which of the Options is wrong, and what to write instead.
type OptionError struct {
	Field  string // as in "WebSocket.Header"
	Reason string
}

// Error holds the field and the reason.
func (e *OptionError) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Reason) }

// Check says what is wrong with the options, as Dial would. The error is an *OptionError, and holds no value of a header.
func (w *WebSocketOptions) Check() error {
	for name, values := range w.Header {
		if err := checkHeader(name, values); err != nil {
			return err
		}
	}
	for _, p := range w.Subprotocols {
		if !isToken(p) {
			return &OptionError{"WebSocket.Subprotocols", fmt.Sprintf("has %q, which is no name of a subprotocol", p)}
		}
	}
	if w.Compression < CompressionOff || w.Compression > CompressionStream {
		return &OptionError{"WebSocket.Compression", "is none of its values: write CompressionOff, CompressionMessage or CompressionStream"}
	}
	return nil
}

// instead says what sets a header that is ours.
var instead = map[string]string{
	"Connection": "", "Upgrade": "", "Content-Length": "", "Transfer-Encoding": "", "Trailer": "", "Te": "",
	"Sec-Websocket-Key": "", "Sec-Websocket-Version": "", "Sec-Websocket-Accept": "",
	"Sec-Websocket-Protocol": ", and say it in Subprotocols", "Sec-Websocket-Extensions": ", and say it in Compression",
}

func checkHeader(name string, values []string) error {
	wrong := func(format string, args ...any) error {
		return &OptionError{"WebSocket.Header", fmt.Sprintf(format, args...)}
	}
	if !isToken(name) {
		return wrong("has %q, which is no name of a header", name)
	}
	if hint, ours := instead[http.CanonicalHeaderKey(name)]; ours {
		return wrong("has %s, which is not the caller's: leave it out%s", name, hint)
	}
	for _, v := range values {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return wrong("has a %s with a control character: remove it", name)
		}
	}
	if http.CanonicalHeaderKey(name) == "Host" && (len(values) != 1 || !isHost(values[0])) {
		return wrong("has a Host that is not one host or host:port")
	}
	return nil
}

// isHost leaves the rest to the server.
func isHost(text string) bool { return text != "" && !strings.ContainsAny(text, " \t/\\@?#,") }

// isToken tells whether text is what HTTP calls a token (RFC 9110 §5.6.2).
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}

// Clone copies what w refers to, but for the HTTPClient.
func (w WebSocketOptions) Clone() WebSocketOptions {
	w.Header, w.Subprotocols = w.Header.Clone(), slices.Clone(w.Subprotocols)
	return w
}

// offered are the subprotocols that the server may choose from.
func (w *WebSocketOptions) offered() []string {
	if w.Subprotocols == nil {
		return []string{"mqtt"}
	}
	return w.Subprotocols
}

// dials tells whether the HTTP client does all the dialling.
func (w *WebSocketOptions) dials() bool { return w.HTTPClient != nil && w.HTTPClient.Transport != nil }

package netx

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
)

// What Proxy.URL and Proxy.ForServer may say instead of a URL.
const (
	ProxyNone        = "none"        // no proxy, whatever the environment says
	ProxyEnvironment = "environment" // what the environment says, for every scheme
)

// Proxy says through what a server is reached. The zero value: for ws and wss what the environment says, unless
// Options.Dialer is one of your own; for all else no proxy. A Unix socket is never reached through one. When the proxy
// fails the attempt has failed: nothing is tried without it.
//
// The environment is read as net/http does, once in the life of the process: HTTP_PROXY for ws, HTTPS_PROXY for every
// other scheme, NO_PROXY for exceptions, each in lower case too; never for localhost and loopback addresses. ALL_PROXY
// means nothing. A value without a scheme is an http proxy.
//
// Its String has no credentials, and stands for it in every %v and log record; the fields themselves have them.
type Proxy struct {
	// URL is that of the proxy: http://user:password@host:port (port 80 when it has none) and https://… (443), which are
	// asked by HTTP CONNECT, socks5://… and socks5h://… (1080). User and password are optional, percent-encoded, and sent
	// as HTTP's Basic or by RFC 1929. The server's name is looked up by the proxy, but for socks5, where it is looked up
	// here and each of its addresses is tried. ProxyNone and ProxyEnvironment are values too. Empty: the type's default.
	URL string

	// ForServer says, before each attempt, what URL says; it is for proxies that differ by server, and for credentials that
	// change. It runs in Dial's goroutine and must return soon after ctx ends. Nil: URL.
	ForServer func(ctx context.Context, s *Server) (url string, err error)

	// TLS is for https proxies alone. Nil: the system's roots, TLS 1.2 and up. An empty ServerName means the proxy's host.
	TLS *tls.Config

	// Header goes with CONNECT to http and https proxies, for those that want another Proxy-Authorization than Basic. Nil:
	// none.
	Header http.Header
}

// ProxyError says what went wrong at a proxy, or on the way to it.
type ProxyError struct {
	Proxy  string // the proxy's URL, without credentials; empty when ForServer failed
	Status int    // the HTTP status with which it refused; else zero
	Body   string // how the refusal went on: at most 512 bytes of valid UTF-8, with credentials replaced by "xxxxx"
	Err    error  // why, and what to do about it; from a SOCKS proxy, a reason in its words
}

// Error holds the proxy and the reason.
func (e *ProxyError) Error() string {
	if e.Proxy == "" {
		return fmt.Sprintf("choosing a proxy: %v", e.Err)
	}
	return fmt.Sprintf("through %s: %v", e.Proxy, e.Err)
}

// Unwrap is Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// Check says what is wrong with p, as Dial would. The error is an *OptionError, and holds no credentials.
func (p Proxy) Check() error {
	v, err := p.named(p.URL)
	switch {
	case err != nil:
		return &OptionError{"Proxy.URL", fmt.Sprintf("is %s: %v", err.Proxy, err.Err)}
	case p.ForServer != nil && p.URL != "":
		return &OptionError{"Proxy.URL", "is set, and ForServer too: leave out one"}
	case v == nil:
		return nil
	case p.TLS != nil && v.Scheme != "https":
		return &OptionError{"Proxy.TLS", "is set, and is for https proxies alone: leave it out, or write https:// in URL"}
	case p.Header != nil && v.socks():
		return &OptionError{"Proxy.Header", "is set, and is for http and https proxies alone: leave it out"}
	}
	return nil
}

// Clone copies what p refers to, but for ForServer.
func (p Proxy) Clone() Proxy {
	p.TLS, p.Header = p.TLS.Clone(), p.Header.Clone()
	return p
}

// String is the URL without credentials.
func (p Proxy) String() string {
	switch {
	case p.ForServer != nil:
		return "for each server"
	case p.URL == "":
		return "by default"
	}
	if v, err := p.named(p.URL); err == nil && v != nil {
		return v.String()
	}
	return redact(p.URL)
}

// GoString is String, so that %#v doesn't show the password either.
func (p Proxy) GoString() string { return p.String() }

// LogValue is String, so that log/slog doesn't take the fields apart.
func (p Proxy) LogValue() slog.Value { return slog.StringValue(p.String()) }

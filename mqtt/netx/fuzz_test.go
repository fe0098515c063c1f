//go:build !js

package netx

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzParse holds Parse to three promises: what it reads, String gives back without credentials; an escaped password
// arrives as it was; and no error shows a piece of what stands where a password does, escaped or not.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{
		"mqtt://user:pass@host:1883/path?clientId=a+b#", "tls://[fe80::1%25eth0]:1", "localhost:1883", "mqtt://:@:/?&",
		"x@h/?k=", "x@h/?", "&", "://", "%", "\x00 ", "[::1]", "?clientId=", "ws+unix://a", "ws+unix:///a%3Ab:/c?d", "unix:///a%40/b", "wss://h/a%2Fb?c=%41\"",
	} {
		f.Add(raw, raw)
	}
	f.Fuzz(func(t *testing.T, raw, more string) {
		if s, err := Parse(raw); err == nil {
			again, err := Parse(s.String())
			require.NoError(t, err)
			require.Equal(t, Server{Scheme: s.Scheme, Host: s.Host, Port: s.Port, Socket: s.Socket, Path: s.Path}, *again)
		} else if _, ok := errors.AsType[*URLError](err); !ok {
			t.Fatalf("Parse(%q) = %T", raw, err)
		}

		s, err := Parse("mqtt://u:" + url.PathEscape(raw) + "@h")
		require.NoError(t, err)
		require.Equal(t, raw, string(s.Password))
		require.Equal(t, "mqtt://h:1883", s.String())

		const secret = "Hush5ecret"
		if _, err := Parse("mqtt://u:" + raw + secret + more + "@h"); err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("a piece of a password shows: %v", err)
		}
		if _, err := Parse(raw + "u:" + secret + more + "@h"); err != nil && strings.Contains(err.Error(), secret) &&
			!strings.Contains(raw, "://") && !strings.Contains(more, "://") {
			t.Fatalf("a piece of a password shows: %v", err)
		}
	})
}

// scripted is a connection on which everything was said already.
type scripted struct {
	net.Conn
	said io.Reader
}

func (s scripted) Read(p []byte) (int, error)     { return s.said.Read(p) }
func (scripted) Write(p []byte) (int, error)      { return len(p), nil }
func (scripted) Close() error                     { return nil }
func (scripted) SetDeadline(time.Time) error      { return nil }
func (scripted) SetWriteDeadline(time.Time) error { return nil }

// FuzzProxyAnswer holds what a proxy says to two promises: it is taken or it is a *ProxyError without our password, and
// nothing behind it is lost.
func FuzzProxyAnswer(f *testing.F) {
	for _, said := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\nhush", "HTTP/1.1 100 \n\nHTTP/1.0 204\n\n",
		"\x05\x00" + granted, "\x05\x02\x01\x00" + granted, "\x05\x02\x01\x01", "\x05\xFF", "",
	} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, through := range []string{httpProxy, socksProxy, "socks5://u:hush@10.0.0.1"} {
			behind := []byte("and then")
			conn, err := Dial(t.Context(), at("mqtt", "10.0.0.2"), Options{
				Dialer: over(scripted{said: bytes.NewReader(append(bytes.Clone(said), behind...))}), Proxy: Proxy{URL: through},
			})
			if err != nil {
				requireProxyError(t, err)
				continue
			}
			rest, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.True(t, bytes.HasSuffix(append(bytes.Clone(said), behind...), rest))
		}
	})
}

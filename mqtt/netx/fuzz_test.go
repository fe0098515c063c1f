package netx

import (
	"errors"
	"net/url"
	"strings"
	"testing"

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

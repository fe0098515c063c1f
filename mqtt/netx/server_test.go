package netx

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServer(t *testing.T) {
	for _, c := range []struct {
		name, url, address, text string
		secure                   bool
	}{
		{"B030 plain", "tcp://u:p@host/x?clientId=c", "host:1883", "mqtt://host:1883", false},
		{"B034 IPv6", "mqtt://[::1]", "[::1]:1883", "mqtt://[::1]:1883", false},
		{"B034 IPv6 zone", "mqtt://[fe80::1%eth0]:9", "[fe80::1%eth0]:9", "mqtt://[fe80::1%25eth0]:9", false},
		{"B033 path, and a query that may hold a signature", "wss://u:p@h/mqtt?sign=x", "h:443", "wss://h:443/mqtt", true},
		{"B308 unix socket", "unix://u:p@/run/a%40b.sock?clientId=c", "/run/a@b.sock", "mqtt+unix:///run/a%40b.sock", false},
		{"B309 TLS over one", "mqtts+unix:///s", "/s", "mqtts+unix:///s", true},
		{"B309 WebSocket over one", "ws+unix:///a%3Ab:/mqtt?sign=x", "/a:b", "ws+unix:///a%3Ab:/mqtt", false},
		{"B309 WebSocket and TLS over one", "wss+unix:///s", "/s", "wss+unix:///s:/", true},
		{"B037 secure", "ssl://host", "host:8883", "mqtts://host:8883", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.url)
			require.NoError(t, err)
			require.Equal(t, c.address, s.Address())
			require.Equal(t, c.text, s.String())
			require.Equal(t, c.secure, s.Secure())
			again, err := Parse(s.String())
			require.NoError(t, err)
			require.Equal(t, Server{Scheme: s.Scheme, Host: s.Host, Port: s.Port, Socket: s.Socket, Path: s.Path}, *again)
		})
	}
	require.False(t, Server{Scheme: "quic"}.Secure(), "a scheme without transport")
}

func TestServerShowsNoSecret(t *testing.T) {
	s, err := Parse("mqtt://u:hush@h?clientId=c")
	require.NoError(t, err)
	const want = "mqtt://h:1883"
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		require.Equal(t, want, fmt.Sprintf(verb, s), verb)
		require.Equal(t, want, fmt.Sprintf(verb, *s), verb)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("dial", "server", s, "value", *s)
	require.Contains(t, out.String(), `"server":"mqtt://h:1883","value":"mqtt://h:1883"`)
}

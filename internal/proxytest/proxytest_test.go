package proxytest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Another's client goes through both, with a password.
func TestHTTPClientGoesThrough(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer server.Close()
	for scheme, start := range map[string]func(Config) (*Proxy, error){"http": HTTP, "socks5": SOCKS} {
		t.Run(scheme, func(t *testing.T) {
			p, err := start(Config{User: "u", Password: "p", Reach: func(string) (net.Conn, error) {
				return net.Dial("tcp", server.Listener.Addr().String())
			}})
			require.NoError(t, err)
			defer p.Close()
			get := func(user *url.Userinfo) (string, error) {
				client := server.Client()
				transport := client.Transport.(*http.Transport).Clone()
				transport.Proxy = http.ProxyURL(&url.URL{Scheme: scheme, Host: p.Address, User: user})
				defer transport.CloseIdleConnections()
				client.Transport = transport
				answer, err := client.Get("https://example.com")
				if err != nil {
					return "", err
				}
				defer answer.Body.Close()
				text, err := io.ReadAll(answer.Body)
				return string(text), err
			}
			text, err := get(url.UserPassword("u", "p"))
			require.NoError(t, err)
			require.Equal(t, "hello", text)
			require.Equal(t, []string{"example.com:443"}, p.Asked())
			_, err = get(url.UserPassword("u", "wrong"))
			require.Error(t, err)
			_, err = get(nil)
			require.Error(t, err)
			require.Len(t, p.Asked(), 1)
		})
	}
}

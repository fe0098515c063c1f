//go:build !js

package netx

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/internal/proxytest"
)

func TestWebSocketThroughProxies(t *testing.T) {
	ca := newAuthority(t)
	plain := listenWeb(t, nil, echoWeb)
	serveEcho := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}}); err == nil {
			defer conn.CloseNow()
			echoWeb(r, conn)
		}
	})
	secure := httptest.NewUnstartedServer(serveEcho)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "broker.example")}}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for _, scheme := range []string{"http", "https", "socks5", "socks5h"} {
		for _, c := range []struct{ url, reach, asked string }{
			{"ws://broker.example/mqtt", plain, "broker.example:80"},
			{"wss://broker.example/mqtt", secure.Listener.Addr().String(), "broker.example:443"},
		} {
			t.Run(c.url+" through "+scheme, func(t *testing.T) {
				cfg := leadingTo(c.reach)
				cfg.User, cfg.Password = "u", "p"
				through := Proxy{}
				if scheme == "https" {
					cfg.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1")}}
					through.TLS = trusting(ca)
				}
				p, proxyURL := startProxy(t, scheme, cfg)
				through.URL = withUser(t, proxyURL, "u", "p")
				target, trust := server(t, c.url), trusting(ca)
				if scheme == "socks5" { // whose name can be looked up here
					target.Host, trust.ServerName = "localhost", "broker.example"
				}
				conn, err := Dial(t.Context(), target, Options{Proxy: through, TLS: trust})
				require.NoError(t, err)
				closing(t, conn)
				requireEcho(t, conn)
				if scheme != "socks5" {
					require.Equal(t, []string{c.asked}, p.Asked())
				}
			})
		}
	}
	t.Run("refused by the proxy, which is no refusal of the server's", func(t *testing.T) {
		_, proxyURL := startProxy(t, "http", proxytest.Config{User: "u", Password: "p"})
		_, err := Dial(t.Context(), server(t, "wss://u:hush@broker.example"), Options{Proxy: Proxy{URL: withUser(t, proxyURL, "u", "hush")}})
		require.Equal(t, http.StatusProxyAuthRequired, requireProxyError(t, err).Status)
	})
}

func TestUnixSocketHasNoProxy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", file)
	require.NoError(t, err)
	defer l.Close()
	conn, err := Dial(t.Context(), server(t, "unix://"+file), Options{Proxy: Proxy{URL: "http://127.0.0.1:1"}})
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

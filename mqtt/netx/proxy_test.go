//go:build !js

package netx

import (
	"crypto/tls"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/internal/proxytest"
)

// startProxy starts one by its scheme, and gives its URL without credentials.
func startProxy(t *testing.T, scheme string, cfg proxytest.Config) (*proxytest.Proxy, string) {
	start := proxytest.SOCKS
	if scheme == "http" || scheme == "https" {
		start = proxytest.HTTP
	}
	p, err := start(cfg)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p, scheme + "://" + p.Address
}

func withUser(t *testing.T, rawURL, user, password string) string {
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	u.User = url.UserPassword(user, password)
	return u.String()
}

func TestProxies(t *testing.T) {
	ca := newAuthority(t)
	plain, secure := listen(t, echo), listenTLS(t, ca, nil, echo)
	for _, c := range []struct {
		name, scheme, user, server string
		asked                      string
	}{
		{"HTTP CONNECT", "http", "", "mqtt://broker.example", "broker.example:1883"},
		{"HTTP CONNECT with a password, over TLS", "http", "us er", "mqtts://broker.example", "broker.example:8883"},
		{"HTTP CONNECT to an address", "http", "u", "mqtt://[fe80::1%25eth0]:7", "[fe80::1]:7"},
		{"HTTPS", "https", "", "mqtt://broker.example", "broker.example:1883"},
		{"HTTPS with a password, TLS in TLS", "https", "u", "mqtts://broker.example", "broker.example:8883"},
		{"B310 SOCKS5h hands over the name", "socks5h", "", "mqtt://broker.example", "broker.example:1883"},
		{"B310 SOCKS5h with a password, over TLS", "socks5h", "u", "mqtts://broker.example", "broker.example:8883"},
		{"B310 SOCKS5 hands over the address", "socks5", "", "mqtt://localhost:99", ""},
		{"B310 SOCKS5 with a password", "socks5", "u", "mqtt://10.9.8.7", "10.9.8.7:1883"},
		{"B310 SOCKS5 of an IPv6 address", "socks5", "", "mqtt://[2001:db8::7]", "[2001:db8::7]:1883"},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := server(t, c.server)
			cfg := proxytest.Config{User: c.user, Password: "p@:/ß", Reach: func(string) (net.Conn, error) {
				if target.Secure() {
					return net.Dial("tcp", secure)
				}
				return net.Dial("tcp", plain)
			}}
			through := Proxy{}
			if c.scheme == "https" {
				cfg.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1")}}
				through.TLS = trusting(ca)
			}
			p, proxyURL := startProxy(t, c.scheme, cfg)
			if through.URL = proxyURL; c.user != "" {
				through.URL = withUser(t, proxyURL, c.user, cfg.Password)
			}
			require.NoError(t, through.Check())
			conn, err := Dial(t.Context(), target, Options{Proxy: through, TLS: trusting(ca)})
			require.NoError(t, err)
			closing(t, conn)
			requireEcho(t, conn)
			if c.asked == "" {
				host, port, err := net.SplitHostPort(p.Asked()[0])
				require.NoError(t, err)
				require.True(t, net.ParseIP(host).IsLoopback(), host)
				require.Equal(t, target.Port, port)
			} else {
				require.Equal(t, []string{c.asked}, p.Asked())
			}
			if c.scheme != "https" && !target.Secure() {
				require.IsType(t, (*net.TCPConn)(nil), conn, "net.Buffers need it as it is")
			}

			conn.(HalfCloser).CloseWrite() // B312
			_, err = conn.Read(make([]byte, 1))
			require.Error(t, err, "B312 closing this side closes the other")
		})
	}
}

func TestB312TheServersEndComesThrough(t *testing.T) {
	address := listen(t, func(net.Conn) {})
	for _, scheme := range []string{"http", "socks5h"} {
		_, proxyURL := startProxy(t, scheme, proxytest.Config{})
		conn, err := Dial(t.Context(), server(t, "mqtt://"+address), Options{Proxy: Proxy{URL: proxyURL}})
		require.NoError(t, err)
		closing(t, conn)
		_, err = conn.Read(make([]byte, 1))
		require.Error(t, err)
	}
}

func TestNameOfProxyAndServerAreTheirOwn(t *testing.T) { // a ServerName given for one isn't the other's
	ca := newAuthority(t)
	secure := listenTLS(t, ca, nil, echo)
	reach := func(string) (net.Conn, error) { return net.Dial("tcp", secure) }
	hellos := make(chan string, 1)
	_, proxyURL := startProxy(t, "https", proxytest.Config{Reach: reach, TLS: &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "proxy.example")},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			require.Equal(t, []string{"http/1.1"}, hello.SupportedProtos)
			hellos <- hello.ServerName
			return nil, nil
		},
	}})
	address := proxyURL[len("https://"):]
	o := Options{Dialer: to(address), TLS: trusting(ca), Proxy: Proxy{URL: "https://proxy.example", TLS: trusting(ca)}}
	conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), o)
	require.NoError(t, err)
	closing(t, conn)
	requireEcho(t, conn)
	require.Equal(t, "proxy.example", <-hellos)

	o.Proxy.URL, o.Proxy.TLS = proxyURL, trusting(ca)
	_, err = Dial(t.Context(), server(t, "mqtts://broker.example"), o)
	<-hellos
	requireDialError(t, err, StageProxy)
	require.ErrorContains(t, err, "TLS with the proxy itself: ")
	require.ErrorContains(t, err, "set Proxy.TLS.ServerName to one")
}

func TestProxyHeader(t *testing.T) {
	lines := make(chan string, 1)
	address := listen(t, func(conn net.Conn) {
		lines <- readRequest(conn)
		conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 299 fine\r\nContent-Length: no number\r\n\r\n"))
		echo(conn)
	})
	through := Proxy{URL: "http://u:p@" + address, Header: map[string][]string{"Proxy-Authorization": {"Bearer t\r\nEvil: yes"}}}
	conn, err := Dial(t.Context(), server(t, "mqtt://h"), Options{Proxy: through})
	require.NoError(t, err, "any 2xx is success, and what describes a body means nothing then")
	closing(t, conn)
	requireEcho(t, conn)
	require.Equal(t, "CONNECT h:1883 HTTP/1.1\r\nHost: h:1883\r\nProxy-Authorization: Bearer t  Evil: yes\r\n\r\n", <-lines)
}

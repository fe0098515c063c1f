//go:build !js

package netx

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTLSErrorsSayWhatToDo(t *testing.T) {
	ca := newAuthority(t)
	expired := ca.issue(t, "broker.example")
	for _, c := range []struct {
		name, url string
		server    *tls.Config
		client    func(*tls.Config)
		says      string
	}{
		{"B300 an unknown authority", "mqtts://broker.example", nil, func(c *tls.Config) { c.RootCAs = x509.NewCertPool() },
			"certificate signed by unknown authority: put the authority that signed the server's certificate into TLS.RootCAs"},
		{"B300 another name", "mqtts://other.example", nil, func(*tls.Config) {},
			"certificate is valid for broker.example, not other.example: dial by a name that the certificate has, or set TLS.ServerName to one"},
		{"B300 another address", "mqtts://10.1.2.3", nil, func(*tls.Config) {}, "set TLS.ServerName to one"},
		{"B300 expired", "mqtts://broker.example", &tls.Config{Certificates: []tls.Certificate{expired}},
			func(c *tls.Config) { c.Time = func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) } },
			"the server's certificate has to be renewed, unless the clock here is wrong"},
		{"B304 no protocol in common", "mqtts://broker.example", &tls.Config{NextProtos: []string{"mqtt"}},
			func(c *tls.Config) { c.NextProtos = []string{"h2"} }, "no application protocol: the server knows none of TLS.NextProtos"},
		{"no version in common", "mqtts://broker.example", &tls.Config{MaxVersion: tls.VersionTLS12},
			func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, "the server knows no version that TLS allows: see its MinVersion and MaxVersion"},
		{"B300 a certificate is missed under TLS 1.2", "mqtts://broker.example", &tls.Config{MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert},
			func(*tls.Config) {}, "handshake failure: the server may miss a client certificate in TLS.Certificates"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := trusting(ca)
			c.client(config)
			_, err := Dial(t.Context(), server(t, c.url), Options{Dialer: to(listenTLS(t, ca, c.server, echo)), TLS: config})
			requireDialError(t, err, StageTLS)
			require.ErrorContains(t, err, c.says)
		})
	}
	t.Run("no TLS there", func(t *testing.T) {
		plain := listen(t, func(conn net.Conn) { conn.Write([]byte("hello there")) })
		_, err := Dial(t.Context(), server(t, "mqtts://h"), Options{Dialer: to(plain)})
		require.ErrorContains(t, err, "first record does not look like a TLS handshake: what listens there speaks no TLS: check port and scheme")
	})
	for alert, says := range map[tls.AlertError]string{
		42: "give one in TLS that the server's authority has signed for clients", 45: "renew the one in TLS",
		112: "set TLS.ServerName", 116: "give one in TLS.Certificates", 80: "",
	} {
		require.Contains(t, remedyOf(&net.OpError{Op: "remote error", Err: alert}, "TLS"), says)
	}
	require.Empty(t, remedyOf(&net.OpError{Op: "remote error", Err: tls.AlertError(80)}, "TLS"))
}

func TestTLSMinimum(t *testing.T) {
	ca := newAuthority(t)
	for _, c := range []struct {
		name     string
		server   *tls.Config
		minimum  uint16
		accepted bool
	}{
		{"1.1 by default", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0, false},
		{"1.2 by default", &tls.Config{MaxVersion: tls.VersionTLS12}, 0, true},
		{"1.1 where it is allowed", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, tls.VersionTLS10, true},
		{"1.2 where 1.3 is the least", &tls.Config{MaxVersion: tls.VersionTLS12}, tls.VersionTLS13, false},
		{"1.3", &tls.Config{}, tls.VersionTLS13, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := trusting(ca)
			config.MinVersion = c.minimum
			conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(listenTLS(t, ca, c.server, echo)), TLS: config})
			if !c.accepted {
				requireDialError(t, err, StageTLS)
				require.ErrorContains(t, err, "protocol version not supported")
				return
			}
			require.NoError(t, err)
			closing(t, conn)
			requireEcho(t, conn)
		})
	}
}

// One port for all, as where nothing but 443 is let out: what the client offers decides what it is connected to.
func TestB304OnePort(t *testing.T) {
	ca := newAuthority(t)
	address := listenTLS(t, ca, &tls.Config{NextProtos: []string{"x-amzn-mqtt-ca", "http/1.1"}}, func(conn net.Conn) {
		if conn.(*tls.Conn).ConnectionState().NegotiatedProtocol == "x-amzn-mqtt-ca" {
			echo(conn)
			return
		}
		conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	})
	config := trusting(ca)
	config.NextProtos = []string{"x-amzn-mqtt-ca"}
	conn, err := Dial(t.Context(), server(t, "mqtts://broker.example:443"), Options{Dialer: to(address), TLS: config})
	require.NoError(t, err)
	closing(t, conn)
	requireEcho(t, conn)

	conn, err = Dial(t.Context(), server(t, "mqtts://broker.example:443"), Options{Dialer: to(address), TLS: trusting(ca)})
	require.NoError(t, err)
	closing(t, conn)
	got := make([]byte, 4)
	_, err = conn.Read(got)
	require.NoError(t, err)
	require.Equal(t, "HTTP", string(got), "without NextProtos nothing is offered")
}

//go:build !js

package netx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func trusting(ca *authority) *tls.Config { return &tls.Config{RootCAs: ca.pool()} }

// listenTLS serves over TLS as broker.example, or with what config has.
func listenTLS(t *testing.T, ca *authority, config *tls.Config, serve func(net.Conn)) string {
	if config = config.Clone(); config == nil {
		config = &tls.Config{}
	}
	if config.Certificates == nil {
		config.Certificates = []tls.Certificate{ca.issue(t, "broker.example")}
	}
	return listen(t, func(conn net.Conn) {
		secure := tls.Server(conn, config)
		defer secure.Close()
		if secure.Handshake() == nil {
			serve(secure)
		}
	})
}

func TestTLS(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	address := listenTLS(t, ca, nil, echo)
	for _, c := range []struct {
		name, url string
		config    *tls.Config
	}{
		{"B299 trusted", "mqtts://broker.example", trusting(ca)},
		{"B299 trusted, trailing slash", "ssl://broker.example/", trusting(ca)},
		{"B299 trusted under another name", "tls://10.1.2.3", &tls.Config{RootCAs: ca.pool(), ServerName: "broker.example"}},
		{"B301 not verified", "mqtts://10.1.2.3", &tls.Config{InsecureSkipVerify: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := Dial(t.Context(), server(t, c.url), Options{Dialer: to(address), TLS: c.config})
			require.NoError(t, err)
			closing(t, conn)
			requireEcho(t, conn)
		})
	}
	t.Run("B300 wrong authority", func(t *testing.T) {
		raw, err := net.Dial("tcp", address)
		require.NoError(t, err)
		conn := &spy{Conn: raw}
		_, err = Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: over(conn), TLS: trusting(stranger)})
		require.True(t, conn.closed)
		requireDialError(t, err, StageTLS)
		_, ok := errors.AsType[x509.UnknownAuthorityError](err)
		require.True(t, ok, err)
		require.NotErrorIs(t, err, ErrCertificateRejected, "it is we who reject")
	})
	t.Run("B300 the system's roots", func(t *testing.T) {
		_, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(address)})
		requireDialError(t, err, StageTLS)
		_, ok := errors.AsType[*tls.CertificateVerificationError](err)
		require.True(t, ok, err)
	})
	t.Run("B300 wrong name", func(t *testing.T) {
		_, err := Dial(t.Context(), server(t, "mqtts://other.example"), Options{Dialer: to(address), TLS: trusting(ca)})
		requireDialError(t, err, StageTLS)
		_, ok := errors.AsType[x509.HostnameError](err)
		require.True(t, ok, err)
	})
	t.Run("B306 server without TLS", func(t *testing.T) {
		plain := listen(t, func(conn net.Conn) { conn.Write([]byte("hello there")) })
		_, err := Dial(t.Context(), server(t, "mqtts://h"), Options{Dialer: to(plain)})
		requireDialError(t, err, StageTLS)
		_, ok := errors.AsType[tls.RecordHeaderError](err)
		require.True(t, ok, err)
	})
	t.Run("B306 server that leaves", func(t *testing.T) {
		near, far := net.Pipe()
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			far.Read(make([]byte, 1<<14))
			far.Close()
		})
		_, err := Dial(t.Context(), server(t, "mqtts://h"), Options{Dialer: over(near)})
		requireDialError(t, err, StageTLS)
		require.ErrorIs(t, err, io.EOF)
		require.Contains(t, err.Error(), "closed the connection during the handshake")
	})
}

func TestTLSVersion(t *testing.T) {
	ca := newAuthority(t)
	old := listenTLS(t, ca, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, echo)
	_, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(old)})
	requireDialError(t, err, StageTLS)
	require.Equal(t, uint16(tls.VersionTLS12), tlsConfig(server(t, "mqtts://h"), nil).MinVersion)
}

func TestTLSHello(t *testing.T) {
	ca := newAuthority(t)
	hellos := make(chan *tls.ClientHelloInfo, 8)
	config := &tls.Config{NextProtos: []string{"mqtt"}, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		hellos <- hello
		return nil, nil
	}}
	for _, c := range []struct{ name, url, certified, sni string }{
		{"B302 name", "mqtts://broker.example", "broker.example", "broker.example"},
		{"B302 IPv4", "mqtts://10.1.2.3", "10.1.2.3", ""},
		{"B302 IPv6 with a zone", "mqtts://[fe80::1%25eth0]", "fe80::1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := config.Clone()
			own.Certificates = []tls.Certificate{ca.issue(t, c.certified)}
			conn, err := Dial(t.Context(), server(t, c.url), Options{Dialer: to(listenTLS(t, ca, own, echo)), TLS: trusting(ca)})
			require.NoError(t, err)
			closing(t, conn)
			require.Equal(t, c.sni, (<-hellos).ServerName)
		})
	}
	t.Run("B304 ALPN", func(t *testing.T) {
		offering := trusting(ca)
		offering.NextProtos = []string{"x-amzn-mqtt-ca", "mqtt"}
		conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{
			Dialer: to(listenTLS(t, ca, config, echo)), TLS: offering,
		})
		require.NoError(t, err)
		closing(t, conn)
		require.Equal(t, offering.NextProtos, (<-hellos).SupportedProtos)
		state := conn.(interface{ ConnectionState() tls.ConnectionState }).ConnectionState()
		require.Equal(t, "mqtt", state.NegotiatedProtocol)
	})
	t.Run("B304 ALPN without overlap", func(t *testing.T) {
		offering := trusting(ca)
		offering.NextProtos = []string{"h2"}
		_, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{
			Dialer: to(listenTLS(t, ca, config, echo)), TLS: offering,
		})
		<-hellos
		requireDialError(t, err, StageTLS)
		require.Contains(t, err.Error(), "no application protocol")
		require.NotErrorIs(t, err, ErrCertificateRejected)
	})
}

func TestB042ConfigIsOnlyRead(t *testing.T) {
	ca := newAuthority(t)
	address := listenTLS(t, ca, nil, echo)
	config := trusting(ca)
	var wg sync.WaitGroup
	for range 4 { // the race detector sees a write
		wg.Go(func() {
			conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(address), TLS: config})
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
		})
	}
	wg.Wait()
	require.Empty(t, config.ServerName)
}

func TestB306HandshakeEndsWithItsContext(t *testing.T) {
	for _, c := range []struct {
		name  string
		stall func(net.Conn) // what the server still does
	}{
		{"B306 server reads nothing", func(net.Conn) {}},
		{"B306 server says nothing", func(conn net.Conn) { io.Copy(io.Discard, conn) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				go c.stall(far)
				cause := errors.New("connect timeout")
				ctx, stop := context.WithTimeoutCause(t.Context(), 30*time.Second, cause)
				defer stop()
				start := time.Now()
				conn := &spy{Conn: near}
				_, err := Dial(ctx, server(t, "mqtts://h"), Options{Dialer: over(conn)})
				requireDialError(t, err, StageTLS)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorIs(t, err, cause)
				require.Equal(t, 30*time.Second, time.Since(start))
				require.True(t, conn.closed)
			})
		})
	}
}

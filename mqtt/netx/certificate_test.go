//go:build !js

package netx

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientCertificate(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	ours, foreign := ca.issue(t, "a client"), stranger.issue(t, "a client")
	// forced is sent although the server doesn't name its authority.
	forced := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &foreign, nil }
	for _, c := range []struct {
		name    string
		version uint16
		give    func(*tls.Config)
		alert   string // none: accepted
	}{
		{"B299 given, TLS 1.3", tls.VersionTLS13, func(c *tls.Config) { c.Certificates = []tls.Certificate{ours} }, ""},
		{"B299 given, TLS 1.2", tls.VersionTLS12, func(c *tls.Config) { c.Certificates = []tls.Certificate{ours} }, ""},
		{"B300 missing, TLS 1.3", tls.VersionTLS13, func(*tls.Config) {}, "certificate required"},
		{"B300 of a stranger, TLS 1.3", tls.VersionTLS13, func(c *tls.Config) { c.GetClientCertificate = forced }, "unknown certificate authority"},
		{"B300 of a stranger, TLS 1.2", tls.VersionTLS12, func(c *tls.Config) { c.GetClientCertificate = forced }, "unknown certificate authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := listenTLS(t, ca, &tls.Config{
				ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(), MaxVersion: c.version,
			}, echo)
			config := trusting(ca)
			c.give(config)
			conn, err := Dial(t.Context(), server(t, "mqtts://u:hush@broker.example"), Options{Dialer: to(address), TLS: config})
			if err == nil {
				closing(t, conn)
				if c.alert == "" {
					requireEcho(t, conn)
					return
				}
				require.Equal(t, uint16(tls.VersionTLS13), c.version, "TLS 1.2 tells in the handshake")
				_, err = conn.Read(make([]byte, 1))
			}
			requireDialError(t, err, StageTLS)
			require.ErrorIs(t, err, ErrCertificateRejected)
			require.Contains(t, err.Error(), "server rejected our certificate")
			require.Contains(t, err.Error(), c.alert)
		})
	}
}

func TestHandshakeFailureIsNoVerdict(t *testing.T) { // so says a TLS 1.2 server that misses a certificate, and one that misses a cipher
	ca := newAuthority(t)
	address := listenTLS(t, ca, &tls.Config{
		ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12,
	}, echo)
	_, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(address), TLS: trusting(ca)})
	requireDialError(t, err, StageTLS)
	require.Contains(t, err.Error(), "remote error: tls: handshake failure")
	require.NotErrorIs(t, err, ErrCertificateRejected)
}

func TestB307CertificateIsAskedForEachTime(t *testing.T) {
	ca := newAuthority(t)
	names := make(chan string, 1)
	address := listenTLS(t, ca, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()}, func(conn net.Conn) {
		names <- conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
		echo(conn)
	})
	config := trusting(ca)
	current := ca.issue(t, "first")
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &current, nil }
	for _, name := range []string{"first", "second"} {
		current = ca.issue(t, name)
		conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(address), TLS: config})
		require.NoError(t, err)
		require.Equal(t, name, <-names)
		require.NoError(t, conn.Close())
	}
}

func TestReadErrorsThatAreNoVerdict(t *testing.T) {
	ca := newAuthority(t)
	address := listenTLS(t, ca, nil, func(net.Conn) {}) // closes at once, with close_notify
	conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(address), TLS: trusting(ca)})
	require.NoError(t, err)
	closing(t, conn)
	_, err = conn.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)

	require.False(t, rejected(&net.OpError{Op: "local error", Err: tls.AlertError(42)}), "our own verdict")
	require.False(t, rejected(&net.OpError{Op: "remote error", Err: tls.AlertError(80)}), "internal_error")
	require.False(t, rejected(errors.New("remote error: tls: bad certificate")), "text alone")
	require.True(t, rejected(&net.OpError{Op: "remote error", Err: tls.AlertError(42)}), "bad_certificate")
}

func TestB307CertificateIsReadAnew(t *testing.T) {
	ca := newAuthority(t)
	names := make(chan string, 1)
	address := listenTLS(t, ca, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()}, func(conn net.Conn) {
		names <- conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
		echo(conn)
	})
	certFile, keyFile := filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "client.key")
	write := func(name, kind string, der []byte) {
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	config := trusting(ca)
	config.GetClientCertificate = ReloadCertificate(certFile, keyFile)
	dial := func() (net.Conn, error) {
		return Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: to(address), TLS: config})
	}
	for _, name := range []string{"first", "second"} {
		made := ca.issue(t, name)
		key, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
		require.NoError(t, err)
		write(keyFile, "PRIVATE KEY", key)
		_, err = dial()
		requireDialError(t, err, StageTLS) // no certificate yet, or another key's
		require.ErrorContains(t, err, "client certificate "+certFile+" with key "+keyFile+": ")
		if name == "first" {
			require.ErrorIs(t, err, os.ErrNotExist)
		}

		write(certFile, "CERTIFICATE", made.Certificate[0])
		conn, err := dial()
		require.NoError(t, err)
		require.Equal(t, name, <-names)
		require.NoError(t, conn.Close())
	}
}

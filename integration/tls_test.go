//go:build integration

package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestCertificateOfTheServer(t *testing.T) {
	for _, trust := range []struct {
		name   string
		config func(t *testing.T) *tls.Config
		refuse any // what the error holds; nil: the connection is made
	}{
		{"its authority is known", func(t *testing.T) *tls.Config {
			return &tls.Config{RootCAs: authority(t)}
		}, nil},
		{"by another name that it has", func(t *testing.T) *tls.Config {
			return &tls.Config{RootCAs: authority(t), ServerName: "localhost"}
		}, nil},
		{"by a name that it doesn't have", func(t *testing.T) *tls.Config {
			return &tls.Config{RootCAs: authority(t), ServerName: "elsewhere.example"}
		}, new(x509.HostnameError)},
		{"its authority is another", func(t *testing.T) *tls.Config {
			return &tls.Config{RootCAs: x509.NewCertPool()}
		}, new(x509.UnknownAuthorityError)},
		{"the system's authorities", func(t *testing.T) *tls.Config {
			return nil
		}, new(x509.UnknownAuthorityError)},
	} {
		t.Run(trust.name, func(t *testing.T) {
			matrix{places: []place{secure}, qos: once}.run(t, func(c *cell) {
				cfg := c.config()
				cfg.TLS = trust.config(t)
				if trust.refuse == nil {
					c.publish(c.connect(cfg), c.topic("a"), "")
					return
				}
				err := c.idle(cfg).Connect(c.ctx)
				requireTLSError(c, err)
				require.ErrorAs(c, err, trust.refuse)
			})
		})
	}
}

func TestCertificateOfTheClient(t *testing.T) {
	for _, shown := range []struct {
		name        string
		certificate func(t *testing.T) []tls.Certificate
		refused     bool
	}{
		{"signed by the authority", issued, false},
		{"none", func(*testing.T) []tls.Certificate { return nil }, true},
		{"signed by itself", forged, true},
	} {
		t.Run(shown.name, func(t *testing.T) {
			matrix{places: []place{strict}, qos: once}.run(t, func(c *cell) {
				cfg := c.config()
				cfg.TLS.Certificates = shown.certificate(t)
				if !shown.refused {
					c.publish(c.connect(cfg), c.topic("a"), "")
					return
				}
				err := c.idle(cfg).Connect(c.ctx)
				requireTLSError(c, err)
				require.ErrorIs(c, err, netx.ErrCertificateRejected)
			})
		})
	}
}

// strict is a server that wants a client's certificate.
var strict = place{"mosquitto-mtls", func(t *testing.T) server {
	return &mosquitto{name: "tls", url: environment(t, "MQTT_TLS_CLIENT"), tls: &tls.Config{RootCAs: authority(t)}}
}}

// issued is the certificate that the servers know.
func issued(t *testing.T) []tls.Certificate {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(environment(t, "MQTT_CERT"), environment(t, "MQTT_KEY"))
	require.NoError(t, err)
	return []tls.Certificate{certificate}
}

// forged is one with the same name that nobody has signed.
func forged(t *testing.T) []tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
}

func requireTLSError(c *cell, err error) {
	c.Helper()
	failed, is := errors.AsType[*mqtt.ConnectError](err)
	require.True(c, is, "%v", err)
	require.Equal(c, "tls", failed.Stage, "%v", err)
}

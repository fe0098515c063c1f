package mqtt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// issuer is a certificate authority of the test's own.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, NotBefore: time.Unix(0, 0),
		NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	made := sign(t, template, nil)
	cert, err := x509.ParseCertificate(made.Certificate[0])
	require.NoError(t, err)
	return &issuer{cert, made.PrivateKey.(*ecdsa.PrivateKey)}
}

// issue makes a certificate for localhost, by its name and its address, that is good for a client too.
func (a *issuer) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	return sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Unix(0, 0),
		NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a)
}

// sign makes a key and a certificate for it, by an issuer or by itself.
func sign(t *testing.T, template *x509.Certificate, by *issuer) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	if by == nil {
		by = &issuer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &key.PublicKey, by.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// trust is the tls.Config of a client that trusts a.
func (a *issuer) trust() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool}
}

// secured is a Broker behind TLS on a port of its own. Both end with the test.
func secured(t *testing.T, cfg *tls.Config) (port string, b *mqtttest.Broker) {
	t.Helper()
	l, err := tls.Listen("tcp4", "127.0.0.1:0", cfg)
	require.NoError(t, err)
	b = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { relay(conn.(*tls.Conn), b) })
		}
	})
	t.Cleanup(func() {
		b.Close()
		l.Close()
		wg.Wait()
	})
	_, port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port, b
}

// relay carries one connection to b until either side ends it.
func relay(conn *tls.Conn, b *mqtttest.Broker) {
	defer conn.Close()
	if conn.Handshake() != nil {
		return
	}
	to, err := b.DialContext(context.Background(), "tcp", "broker")
	if err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(conn, to)
		conn.Close()
	}()
	io.Copy(to, conn)
	to.Close()
	<-done
}

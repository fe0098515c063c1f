package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// signed makes a certificate, valid until then, by one that came before; nil: by itself.
func signed(t *testing.T, name string, until time.Time, by *x509.Certificate, byKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.AddDate(-2, 0, 0), NotAfter: until,
		DNSNames: []string{name}, BasicConstraintsValid: true, IsCA: by == nil}
	if by == nil {
		by, byKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, byKey)
	require.NoError(t, err)
	c, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return c, key
}

func TestAnAuthorityThatHasExpiredIsNamed(t *testing.T) {
	ca, key := signed(t, "old authority", time.Now().AddDate(0, 0, -3), nil, nil)
	leaf, _ := signed(t, "h.example", time.Now().AddDate(1, 0, 0), ca, key)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	p := &patient{at: &netx.Server{Scheme: "mqtts", Host: "h.example"}, cfg: mqtt.Config{TLS: &tls.Config{RootCAs: roots}}}
	f := p.judgeTrust([]*x509.Certificate{leaf}, time.Now())
	require.Equal(t, fail, f.Status)
	require.Contains(t, f.Text, "CN=old authority, which signed it, expired on ")
	require.Contains(t, f.Text, "(3 days ago)")
}

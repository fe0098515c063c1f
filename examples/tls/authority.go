package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// authority signs certificates for an hour.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool // of its own certificate alone
	issued      int64
}

func newAuthority() (*authority, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Example authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ca := &authority{pool: x509.NewCertPool()}
	made, err := ca.sign(template)
	if err != nil {
		return nil, err
	}
	ca.certificate, ca.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	ca.pool.AddCert(ca.certificate)
	return ca, nil
}

// issue makes a certificate for a client, or for a server on this machine.
func (ca *authority) issue(name string, usage x509.ExtKeyUsage) (tls.Certificate, error) {
	return ca.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
}

// sign makes a key and its certificate. The first is the authority's own, and signs itself.
func (ca *authority) sign(template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	ca.issued++
	template.SerialNumber = big.NewInt(ca.issued)
	template.NotBefore = time.Now().Add(-time.Minute) // the other side's clock may be a little behind
	template.NotAfter = time.Now().Add(time.Hour)
	parent, signer := ca.certificate, ca.key
	if parent == nil {
		parent, signer = template, key
	}
	bytes, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(bytes)
	return tls.Certificate{Certificate: [][]byte{bytes}, PrivateKey: key, Leaf: leaf}, err
}

package netx

import (
	"crypto/tls"
	"fmt"
)

// ReloadCertificate is for tls.Config.GetClientCertificate: it reads the certificate, with those of intermediate
// authorities behind it, and its key from PEM files at each handshake, so that files which are replaced, as those of
// short-lived certificates are, hold from the next attempt on. A connection that is up keeps what it began with.
//
// While the files can't be read, or don't belong together, attempts fail with an error that names them, and the next
// attempt reads them again. What it returns is safe for many goroutines.
func ReloadCertificate(certFile, keyFile string) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("client certificate %s with key %s: %w", certFile, keyFile, err)
		}
		return &certificate, nil
	}
}

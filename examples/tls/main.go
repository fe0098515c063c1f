// Tls connects to a server that demands a certificate, with an authority of one's own for both sides. The certificates are
// made in the program; a service would load them with tls.LoadX509KeyPair and x509.CertPool.AppendCertsFromPEM.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"os"

	"github.com/sluicemq/sluice/examples/internal/embedded"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	ours, err := newAuthority()
	if err != nil {
		return err
	}
	server, err := startServer(ours)
	if err != nil {
		return err
	}
	defer server.Stop()
	certificate, err := ours.issue("lamp 7", x509.ExtKeyUsageClientAuth)
	if err != nil {
		return err
	}
	if err := roundTrip(ctx, w, server.URL, &tls.Config{RootCAs: ours.pool, Certificates: []tls.Certificate{certificate}}); err != nil {
		return err
	}
	return stranger(ctx, w, server.URL)
}

func startServer(ca *authority) (*embedded.Server, error) {
	certificate, err := ca.issue("server", x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, err
	}
	return embedded.Start(&tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientCAs: ca.pool, ClientAuth: tls.RequireAndVerifyClientCert,
	})
}

// Tls connects to a server that demands a certificate, with an authority of one's own for both sides. The certificates are
// made in the program; a service would load them with tls.LoadX509KeyPair and x509.CertPool.AppendCertsFromPEM.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
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

// roundTrip publishes to itself, over TLS.
func roundTrip(ctx context.Context, w io.Writer, url string, secure *tls.Config) error {
	client, err := mqtt.Connect(ctx, url, mqtt.Config{TLS: secure})
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error
	if _, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "lamps/7", QoS: mqtt.AtLeastOnce}); err != nil {
		return err
	}
	if err := client.Publish(ctx, mqtt.Message{Topic: "lamps/7", Payload: []byte("on"), QoS: mqtt.AtLeastOnce}); err != nil {
		return err
	}
	m := <-client.Messages()
	if m == nil {
		return client.Err() // the channel was closed: the client has given up
	}
	fmt.Fprintf(w, "both sides are certified: %s: %s\n", m.Topic, m.Payload)
	return client.Close(ctx)
}

// stranger trusts another authority, and so refuses the server.
func stranger(ctx context.Context, w io.Writer, url string) error {
	theirs, err := newAuthority()
	if err != nil {
		return err
	}
	client, err := mqtt.Connect(ctx, url, mqtt.Config{TLS: &tls.Config{RootCAs: theirs.pool}})
	if err == nil {
		return errors.Join(errors.New("trusted the wrong server"), client.Close(ctx))
	}
	failure, ok := errors.AsType[*mqtt.ConnectError](err)
	if !ok {
		return err
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	fmt.Fprintf(w, "another authority: failed at stage %s, server's authority unknown: %t\n", failure.Stage, unknown)
	return nil
}

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"

	"github.com/sluicemq/sluice/mqtt"
)

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

// Scram authenticates with SCRAM-SHA-256 (RFC 5802, RFC 7677), by the enhanced authentication of MQTT 5.0: the password never
// leaves the client, the server holds no more of it than can check it, and proves in turn that it does. The server is one in
// memory, which does its half.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	known, err := newVerifier("pencil")
	if err != nil {
		return err
	}
	server := mqtttest.NewBroker(mqtttest.BrokerConfig{Enhanced: serve(directory{"user": known})})
	defer server.Close()
	impostor := mqtttest.NewBroker(mqtttest.BrokerConfig{Enhanced: pretend})
	defer impostor.Close()
	return errors.Join(
		trusted(ctx, w, server), refused(ctx, w, server), deceived(ctx, w, impostor),
	)
}

// connect is what any program does: the password is in the Authenticator.
func connect(ctx context.Context, server *mqtttest.Broker, password string) (*mqtt.Client, error) {
	return mqtt.Connect(ctx, "mqtt://localhost", mqtt.Config{
		Dialer: server, Authenticator: credentials{name: "user", password: password},
	})
}

// trusted connects, and authenticates again on the same connection.
func trusted(ctx context.Context, w io.Writer, server *mqtttest.Broker) error {
	client, err := connect(ctx, server, "pencil")
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error
	fmt.Fprintln(w, "right password: connected, and the server has proved that it knows it")
	if err := client.Reauthenticate(ctx); err != nil {
		return err
	}
	fmt.Fprintf(w, "authenticated again: %d connection\n", client.Stats().Link.Connections)
	return client.Close(ctx)
}

// refused has a wrong password.
func refused(ctx context.Context, w io.Writer, server *mqtttest.Broker) error {
	client, err := connect(ctx, server, "crayon")
	if err == nil {
		return errors.Join(errors.New("a wrong password was accepted"), client.Close(ctx))
	}
	if failure, ok := errors.AsType[*mqtt.ConnectError](err); ok && errors.Is(err, codec.NotAuthorized) {
		fmt.Fprintf(w, "wrong password: refused at stage %s: %v\n", failure.Stage, codec.NotAuthorized)
		return nil
	}
	return err
}

// deceived comes to a server that accepts everybody, and knows nobody.
func deceived(ctx context.Context, w io.Writer, impostor *mqtttest.Broker) error {
	client, err := connect(ctx, impostor, "pencil")
	if err == nil {
		return errors.Join(errors.New("an impostor was trusted"), client.Close(ctx))
	}
	if failure, ok := errors.AsType[*mqtt.AuthError](err); ok && errors.Is(err, errSignature) {
		fmt.Fprintf(w, "impostor: %v\n", failure.Err)
		return nil
	}
	return err
}

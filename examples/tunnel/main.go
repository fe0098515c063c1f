// Tunnel goes to an MQTT server through SSH, by a Dialer of its own: the server stands behind a gate and has a name that is known
// there alone. What the library needs of a connection, and SSH's own doesn't have, is in tunnel.go. Gate and server are in the
// program. It is a module of its own, so that the library doesn't need golang.org/x/crypto.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// inside is what the server is called behind the gate.
const inside = "broker.internal:1883"

func run(ctx context.Context, w io.Writer) error {
	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	user, public, err := newIdentity()
	if err != nil {
		return err
	}
	gate, err := openGate(public, map[string]string{inside: server.URL[len("mqtt://"):]})
	if err != nil {
		return err
	}
	defer gate.close()

	client, err := mqtt.Connect(ctx, "mqtt://"+inside, mqtt.Config{
		Dialer:  &tunnel{gate: gate.address, config: login(user, gate.key)},
		Backoff: mqtt.Backoff{Min: 50 * time.Millisecond},
	})
	if err != nil {
		return err
	}
	defer client.Abort() // for the ways out on an error
	if _, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "greeting"}); err != nil {
		return err
	}
	if err := greet(ctx, w, client, "hello through the tunnel"); err != nil {
		return err
	}
	gate.cut()
	fmt.Fprintln(w, "the tunnel is cut")
	if err := greet(ctx, w, client, "hello through another one"); err != nil {
		return err
	}
	return client.Close(ctx)
}

// greet publishes, and waits until it has come back.
func greet(ctx context.Context, w io.Writer, client *mqtt.Client, text string) error {
	message := mqtt.Message{Topic: "greeting", Payload: []byte(text), QoS: mqtt.AtLeastOnce}
	if err := client.Publish(ctx, message); err != nil {
		return err
	}
	for m := range client.All(ctx) {
		if string(m.Payload) == text {
			fmt.Fprintln(w, text)
			return nil
		}
	}
	return ctx.Err()
}

// Cancel shows what the end of a context means to a message that is being published, and how to tell: before it left, it
// is taken back; later, only the waiting ends.
package main

import (
	"context"
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
	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	client, err := mqtt.New(mqtt.Config{Servers: []string{server.URL}})
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error

	if err := offline(ctx, w, client); err != nil {
		return err
	}
	if err := client.Connect(ctx); err != nil {
		return err
	}
	if err := inFlight(ctx, w, server, client); err != nil {
		return err
	}
	if err := withdrawn(ctx, w, server, client); err != nil {
		return err
	}
	return client.Close(ctx)
}

func order(text string) mqtt.Message {
	return mqtt.Message{Topic: "orders", Payload: []byte(text), QoS: mqtt.AtLeastOnce}
}

// outcome says what a program may conclude from an error of Publish or Wait.
func outcome(err error) string {
	_, waiting := errors.AsType[*mqtt.InFlightError](err)
	switch {
	case err == nil:
		return "done"
	case waiting:
		return "on its way, and its Delivery will tell"
	case errors.Is(err, mqtt.ErrNotSent):
		return "certainly never left"
	case errors.Is(err, mqtt.ErrUncertain):
		return "may arrive"
	}
	return fmt.Sprint("failed: ", err) // refused by the server, as a rule
}

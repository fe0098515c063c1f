// Demo shows the client at work against a server inside the program: messages of each quality of service, an outage with a
// message published meanwhile, and an end that leaves no goroutine behind.
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

func run(ctx context.Context, w io.Writer) error {
	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()

	// The delays of a real service are longer; the default is 1 s to 60 s.
	client, err := mqtt.Connect(ctx, server.URL, mqtt.Config{Backoff: mqtt.Backoff{Min: 100 * time.Millisecond, Max: time.Second}})
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error; a second Close does no harm

	d := &demo{w: w, server: server, client: client}
	for _, step := range []func(context.Context) error{d.connected, d.roundTrip, d.outage, d.end} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// demo is what the steps share.
type demo struct {
	w      io.Writer
	server *embedded.Server
	client *mqtt.Client
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.w, format+"\n", args...) }

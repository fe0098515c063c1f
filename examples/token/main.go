// Token connects with a token that expires, as cloud services want it: Config.BeforeConnect fetches another one when the last one
// has expired or was refused, so that the client comes back by itself after the server has ended its connection. Server and token
// service are in the program; their clock is set by hand, so that an hour takes no time.
package main

import (
	"context"
	"errors"
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
	service := newService()
	server, err := embedded.StartGuarded(service.knows)
	if err != nil {
		return err
	}
	defer server.Stop()
	wallet := &wallet{service: service}
	client, err := mqtt.New(mqtt.Config{
		Servers: []string{server.URL}, BeforeConnect: wallet.pay,
		Backoff: mqtt.Backoff{Retry: retry},
	})
	if err != nil {
		return err
	}
	defer client.Abort() // for the ways out on an error
	if err := client.Connect(ctx); err != nil {
		return err
	}
	fmt.Fprintf(w, "connected with %s\n", wallet.token.name)

	service.pass(time.Hour) // the token's life
	if err := lost(ctx, client, server); err != nil {
		return err
	}
	fmt.Fprintf(w, "it has expired, and the server has ended the connection: connected with %s\n", wallet.token.name)

	service.rekey()
	if err := lost(ctx, client, server); err != nil {
		return err
	}
	fmt.Fprintf(w, "the service has a new key, and the server has refused the old token: connected with %s\n", wallet.token.name)
	return client.Close(ctx)
}

// lost has the server end the connection, and waits for the next one.
func lost(ctx context.Context, client *mqtt.Client, server *embedded.Server) error {
	before := client.Stats().Link.Connections
	server.Expel()
	for e := range client.Events() {
		switch e := e.(type) {
		case mqtt.EventConnected:
			if client.Stats().Link.Connections > before {
				return nil
			}
		case mqtt.EventClosed:
			return e.Err
		}
	}
	return ctx.Err()
}

// retry goes on after a refusal of credentials, which is final by default: the next attempt has another token. The wallet says
// when that is of no use.
func retry(_ int, err error) (time.Duration, bool) {
	return 100 * time.Millisecond, !errors.Is(err, mqtt.ErrGiveUp)
}

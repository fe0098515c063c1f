// Signedurl connects over WebSocket by a URL that is signed for each attempt and good for a minute and for one use, in the manner
// of AWS Signature Version 4: the server finds the date, how long it lasts, a nonce and an HMAC in the query. Config.BeforeConnect
// signs, so a client that reconnects after an hour has a new URL. The server is in the program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	key := key{id: "sensors", secret: []byte("only client and server know it")}
	server, err := serve(key)
	if err != nil {
		return err
	}
	defer server.stop()
	if err := unsigned(ctx, w, server); err != nil {
		return err
	}
	client, err := mqtt.Connect(ctx, server.url, mqtt.Config{
		TLS: server.trust(),
		BeforeConnect: func(_ context.Context, a *mqtt.Attempt) (err error) {
			a.Server, err = key.sign(a.Server, time.Now(), time.Minute)
			return err
		},
	})
	if err != nil {
		return err
	}
	defer client.Abort() // for the ways out on an error
	fmt.Fprintln(w, "signed: connected")
	if err := client.Reconnect(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w, "again, by another signature: connected")
	if err := client.Close(ctx); err != nil {
		return err
	}
	return used(ctx, w, server, key)
}

// unsigned has nothing to show.
func unsigned(ctx context.Context, w io.Writer, server *server) error {
	_, err := mqtt.Connect(ctx, server.url, mqtt.Config{TLS: server.trust()})
	return told(w, "unsigned", err)
}

// used comes with a URL a second time.
func used(ctx context.Context, w io.Writer, server *server, key key) error {
	url, err := key.sign(server.url, time.Now(), time.Minute)
	if err != nil {
		return err
	}
	cfg := mqtt.Config{TLS: server.trust()}
	client, err := mqtt.Connect(ctx, url, cfg)
	if err != nil {
		return err
	}
	if err := client.Close(ctx); err != nil {
		return err
	}
	_, err = mqtt.Connect(ctx, url, cfg)
	return told(w, "a URL that was used before", err)
}

// told says how the server refused, which it has to.
func told(w io.Writer, what string, err error) error {
	failure, refused := errors.AsType[*mqtt.ConnectError](err)
	answer, answered := errors.AsType[*netx.UpgradeError](err)
	switch {
	case err == nil:
		return errors.New(what + ": accepted")
	case !refused || !answered:
		return err
	}
	fmt.Fprintf(w, "%s: refused at stage %s, %d: %s", what, failure.Stage, answer.Status, answer.Body)
	return nil
}

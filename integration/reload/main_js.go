// Command reload is a page that is reloaded while the server owes it a PUBACK. Its first life publishes a message and waits
// to be told to reload; its second one finds the message in the store, and ends when the server has it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall/js"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/webstore"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	store, err := webstore.Open(ctx, "session")
	if err != nil {
		return err
	}
	defer store.Close()
	cfg := mqtt.Config{ClientID: "page", Store: store}
	if js.Global().Get("performance").Call("getEntriesByType", "navigation").Index(0).Get("type").String() != "reload" {
		return first(ctx, cfg)
	}
	return second(ctx, cfg)
}

func first(ctx context.Context, cfg mqtt.Config) error {
	client, err := mqtt.Connect(ctx, os.Getenv("SLUICE_SERVER"), cfg)
	if err != nil {
		return err
	}
	defer client.Abort()
	if _, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "reload"}); err != nil {
		return err
	}
	if _, err := client.PublishAsync(ctx, mqtt.Message{Topic: "from/page", Payload: []byte("kept"), QoS: mqtt.AtLeastOnce}); err != nil {
		return err
	}
	for range client.Messages() {
		js.Global().Get("location").Call("reload")
		select {} // the page is about to be gone, with all that is open
	}
	return errors.New("the client ended before the page was told to reload")
}

func second(ctx context.Context, cfg mqtt.Config) error {
	client, err := mqtt.Connect(ctx, os.Getenv("SLUICE_SERVER"), cfg)
	if err != nil {
		return err
	}
	defer client.Abort()
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if done := client.Stats().Out.Done; done != 1 {
		return fmt.Errorf("%d messages are done, want that of the first life", done)
	}
	return client.Close(ctx)
}

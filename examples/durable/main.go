// Durable measures while there is no server, and hands on in a later life what it measured in an earlier one. Each life opens
// the same file; a real meter would end by a power cut instead of a Close, and lose no more.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/boltstore"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	folder, err := os.MkdirTemp("", "durable")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "session.db")
	if err := offline(ctx, w, path); err != nil {
		return err
	}

	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	reader, err := mqtt.Connect(ctx, server.URL, mqtt.Config{})
	if err != nil {
		return err
	}
	defer reader.Close(ctx)
	if _, err := reader.Subscribe(ctx, mqtt.Subscription{Filter: "meter/+", QoS: mqtt.ExactlyOnce}); err != nil {
		return err
	}
	if err := online(ctx, w, path, server.URL); err != nil {
		return err
	}
	for range 3 {
		m := <-reader.Messages()
		fmt.Fprintf(w, "received %s: %s\n", m.Topic, m.Payload)
	}
	return reader.Close(ctx)
}

// offline is the first life: there is no server, so what is measured goes to the store.
func offline(ctx context.Context, w io.Writer, path string) error {
	store, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	defer store.Close()
	client, err := mqtt.New(mqtt.Config{ClientID: "meter-7", Store: store})
	if err != nil {
		return err
	}
	defer client.Abort() // for the ways out on an error
	for i := range 3 {
		d, err := client.PublishAsync(ctx, mqtt.Message{Topic: "meter/7", Payload: fmt.Append(nil, 20+i), QoS: mqtt.ExactlyOnce})
		if err != nil {
			return err
		}
		<-d.Stored() // from here on not even a power cut loses it
	}
	over, stop := context.WithCancel(ctx)
	stop() // there is nothing to wait for
	err = client.Close(over)
	unfinished, ok := errors.AsType[*mqtt.UnfinishedError](err)
	if !ok || !errors.Is(err, mqtt.ErrKept) {
		return fmt.Errorf("close: %w", err)
	}
	fmt.Fprintln(w, "first life: left in the store:", unfinished.Kept)
	return nil
}

// online is the second life: it goes on with what the first one left.
func online(ctx context.Context, w io.Writer, path, url string) error {
	store, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	defer store.Close()
	client, err := mqtt.Connect(ctx, url, mqtt.Config{ClientID: "meter-7", Store: store})
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error
	if err := client.Flush(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w, "second life: done:", client.Stats().Out.Done)
	return client.Close(ctx)
}

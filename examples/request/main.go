// Request asks a service and waits for its answers (§4.10): many questions at once over one response topic, each call with its
// own answer. A question that the service doesn't answer ends with its context.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
)

var words = []string{"sluice", "lock", "weir", ""}

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
	service, err := mqtt.Connect(ctx, server.URL, mqtt.Config{})
	if err != nil {
		return err
	}
	defer service.Close(ctx)
	stream, err := service.Stream(ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: "shout", QoS: mqtt.AtLeastOnce})
	if err != nil {
		return err
	}
	go serve(ctx, service, stream) // until the service closes

	client, err := mqtt.Connect(ctx, server.URL, mqtt.Config{})
	if err != nil {
		return err
	}
	for _, line := range shoutAll(ctx, client) {
		fmt.Fprintln(w, line)
	}
	return client.Close(ctx)
}

// serve answers each request until the stream ends. The empty one has no answer.
func serve(ctx context.Context, service *mqtt.Client, stream *mqtt.Stream) {
	for request := range stream.All(ctx) {
		if len(request.Payload) == 0 {
			continue
		}
		answer := mqtt.Message{Payload: []byte(strings.ToUpper(string(request.Payload))), QoS: mqtt.AtLeastOnce}
		if err := service.Reply(ctx, request, answer); err != nil {
			log.Print(err)
		}
	}
}

// shoutAll asks for all words at once, and reports in their order.
func shoutAll(ctx context.Context, client *mqtt.Client) (lines []string) {
	lines = make([]string, len(words))
	var wg sync.WaitGroup
	for i, word := range words {
		wg.Go(func() { lines[i] = shout(ctx, client, word) })
	}
	wg.Wait()
	return lines
}

func shout(ctx context.Context, client *mqtt.Client, word string) string {
	ctx, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	answer, err := client.Request(ctx, mqtt.Message{Topic: "shout", Payload: []byte(word), QoS: mqtt.AtLeastOnce})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("%q: nobody answered in time", word)
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%q: %s", word, answer.Payload)
}

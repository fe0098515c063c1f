// Worker shares a stream of jobs among workers that acknowledge by hand: a job is done when its worker says so. One that no
// worker can ever do is rejected; one that fails for now is left unacknowledged, and comes again on the next connection.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"sync"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
)

const workers = 3

var jobs = []string{"glue the legs", "saw the board", "???", "drill the holes"}

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
	client, err := mqtt.Connect(ctx, server.URL, mqtt.Config{})
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error
	stream, err := client.Stream(ctx, mqtt.StreamConfig{Ack: mqtt.AckManual}, mqtt.Subscription{Filter: "jobs", QoS: mqtt.AtLeastOnce})
	if err != nil {
		return err
	}

	reports := employ(stream)
	for _, job := range jobs {
		if err := client.Publish(ctx, mqtt.Message{Topic: "jobs", Payload: []byte(job), QoS: mqtt.AtLeastOnce}); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, "first time")
	show(w, reports)

	// Acknowledgements leave in the order in which the messages came (§4.6): the first job, which has none, holds those of
	// the others. So the server has seen none of them, and sends all again on a new connection.
	if err := client.Reconnect(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w, "after a reconnect")
	show(w, reports)
	return client.Close(ctx)
}

// employ starts the workers. A message goes to one of them; the client's end ends their loops, and then closes the reports.
func employ(stream *mqtt.Stream) (reports <-chan string) {
	told := make(chan string, 2*len(jobs)) // all that there will be: each job comes twice
	shop := &workshop{done: make(map[string]bool)}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for m := range stream.Messages() {
				told <- shop.work(m)
			}
		})
	}
	go func() {
		wg.Wait()
		close(told)
	}()
	return told
}

// show prints a report for each job, sorted, as the workers come in any order.
func show(w io.Writer, reports <-chan string) {
	lines := make([]string, len(jobs))
	for i := range lines {
		lines[i] = <-reports
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Fprintln(w, " ", line)
	}
}

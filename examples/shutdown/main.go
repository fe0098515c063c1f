// Shutdown is a service that ends in order: a signal stops its loops, Close gives what is under way some time, and what
// that wasn't enough for is told.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sluicemq/sluice/examples/internal/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second) // an example ends by itself, too
	err := run(ctx, os.Stdout, time.Tick(500*time.Millisecond))
	cancel()
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, ticks <-chan time.Time) error {
	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	s := &service{url: server.URL, ticks: ticks, patience: 5 * time.Second, log: log.New(w, "", 0)}
	return s.run(ctx)
}

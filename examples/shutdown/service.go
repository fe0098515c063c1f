package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// service publishes a reading each tick, and handles the readings that come.
type service struct {
	url      string
	ticks    <-chan time.Time
	patience time.Duration // for Close
	log      *log.Logger
}

// run returns when ctx is over, or when the client has given up.
func (s *service) run(ctx context.Context) error {
	client, err := mqtt.Connect(ctx, s.url, mqtt.Config{})
	if err != nil {
		return err
	}
	readings, err := client.Stream(ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: "readings", QoS: mqtt.AtLeastOnce})
	if err != nil {
		return errors.Join(err, s.close(client))
	}
	s.log.Print("running, until Ctrl-C")

	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer stop() // the loop ends also when the client does, and then publishing has no sense
		for m := range readings.All(ctx) {
			s.log.Printf("handled: %s", m.Payload)
		}
	})
	wg.Go(func() {
		defer stop()
		s.publish(ctx, client)
	})
	wg.Wait()
	s.log.Print("stopping")
	return s.close(client)
}

// publish has at most one reading under way.
func (s *service) publish(ctx context.Context, client *mqtt.Client) {
	for n := 1; ; n++ {
		select {
		case <-s.ticks:
		case <-ctx.Done():
			return
		}
		err := client.Publish(ctx, mqtt.Message{Topic: "readings", Payload: fmt.Appendf(nil, "reading %d", n), QoS: mqtt.AtLeastOnce})
		switch {
		case ctx.Err() != nil:
			return // where the reading stands now, Close will see
		case err != nil:
			s.log.Print(err)
		}
	}
}

// close gives what is under way some time: the context that ended the service is over, so it has one of its own.
func (s *service) close(client *mqtt.Client) error {
	ctx, stop := context.WithTimeout(context.Background(), s.patience)
	defer stop()
	err := client.Close(ctx)
	if left, ok := errors.AsType[*mqtt.UnfinishedError](err); ok {
		s.log.Printf("left undone: %d never sent, %d refused", left.NotSent, left.Refused)
		s.log.Printf("may have arrived: %d", left.Uncertain)
		s.log.Printf("received and not handled: %d", left.Unacknowledged) // a session that outlives the client gets them again
		return err
	}
	s.log.Print("closed, nothing left undone")
	return err
}

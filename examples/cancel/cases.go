package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
)

// offline publishes while there is no connection: the message waits in the outbox, until it leaves or is taken back.
func offline(ctx context.Context, w io.Writer, client *mqtt.Client) error {
	brief, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	err := client.Publish(brief, order("soup"))
	fmt.Fprintln(w, "offline, the time is over:", outcome(err))

	delivery, err := client.PublishAsync(ctx, order("bread")) // its ctx bounds the wait for room, and nothing after
	if err != nil {
		return err
	}
	if err := delivery.Withdraw(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w, "offline, withdrawn:", outcome(delivery.Wait(ctx)))
	return nil
}

// inFlight gives up waiting while a slow server has the message and hasn't answered, as when a request's client hangs up.
func inFlight(ctx context.Context, w io.Writer, server *embedded.Server, client *mqtt.Client) error {
	arrived, release := server.Hold()
	defer release()
	request, hangUp := context.WithCancel(ctx)
	defer hangUp()
	go func() {
		select {
		case <-arrived:
			hangUp()
		case <-request.Done():
		}
	}()

	err := client.Publish(request, order("tea"))
	fmt.Fprintln(w, "in flight, hung up:", outcome(err))
	waiting, ok := errors.AsType[*mqtt.InFlightError](err)
	if !ok {
		return err
	}
	release()
	fmt.Fprintln(w, "the same, waited on:", outcome(waiting.Delivery.Wait(ctx)))
	return nil
}

// withdrawn gives up a message that has left: no byte can be called back, so whether it arrives is open.
func withdrawn(ctx context.Context, w io.Writer, server *embedded.Server, client *mqtt.Client) error {
	arrived, release := server.Hold()
	defer release()
	delivery, err := client.PublishAsync(ctx, order("cake"))
	if err != nil {
		return err
	}
	<-arrived
	if err := delivery.Withdraw(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w, "in flight, withdrawn:", outcome(delivery.Wait(ctx)))
	return nil
}

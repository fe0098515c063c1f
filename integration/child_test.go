//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/boltstore"
)

// Tests that kill processes start their own program again, with what it should do in this variable.
const childTask = "SLUICE_INTEGRATION_CHILD"

// task is what a process has to do. The processes of one role share files: store and tape.
type task struct {
	Role     string
	URL      string
	Version  mqtt.Version
	ClientID string
	Files    string        // what their paths begin with
	Root     string        // of all topics
	Run      int           // how many processes of this role there were before
	Count    int           // numbers of each QoS
	Until    int           // a publisher goes so far, of the numbers of both
	Busy     int           // it is in the middle of its work with this number of a publisher's, or after so many of a consumer's
	Last     bool          // it ends by itself when all is done
	Limit    time.Duration // of its life: nothing takes so long. One whose parent has died ends by it
}

// The roles.
const (
	publishing   = "publisher"
	takingByHand = "by hand"
	takingOnTake = "on take"
)

// end is the last message of all.
var end = label{qos: mqtt.ExactlyOnce, run: 1 << 30}

// demand ends a process that can't do its task.
func demand(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is a process with a client.
type child struct {
	task
	tape   *tape
	client *mqtt.Client
}

// perform does a task.
func perform(text string) error {
	var c child
	if err := json.Unmarshal([]byte(text), &c.task); err != nil {
		return err
	}
	var err error
	if c.tape, err = openTape(c.Files+".tape", c.Run); err != nil {
		return err
	}
	store, err := boltstore.Open(c.Files + ".store")
	if err != nil {
		return err
	}
	open := newExchanges()
	cfg := c.config(store)
	cfg.Trace = c.tape.trace(open.pass)
	if c.client, err = mqtt.New(cfg); err != nil {
		return err
	}
	go c.tape.watch(c.client)
	ctx, stop := context.WithTimeout(context.Background(), c.Limit)
	defer stop()
	connected := make(chan error, 1)
	go func() { connected <- c.client.Connect(ctx) }()
	if c.Role == publishing {
		err = c.publish(ctx)
	} else {
		err = c.consume(ctx, open)
	}
	return errors.Join(err, <-connected, c.client.Close(ctx), store.Close())
}

// window is how many messages a publisher may have in flight.
const window = 100

func (c *child) config(store mqtt.Store) mqtt.Config {
	cfg := mqtt.Config{
		Servers: []string{c.URL}, Version: c.Version, ClientID: c.ClientID, Store: store, RetryFirst: true,
		Backoff:     mqtt.Backoff{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond},
		MaxInFlight: window,
	}
	if c.Version == mqtt.V5 {
		cfg.ReceiveMaximum = 65_535 // cell.config has the reason
	}
	if c.Role == takingByHand {
		cfg.Ack = mqtt.AckManual
	}
	// Mostly few messages at a time are admitted, so that some are on their way to the store at most moments; sometimes all.
	cfg.Outbox = mqtt.Bounds{Messages: []int{0, 30, 10}[c.Run%3]}
	return cfg
}

// busy tells the parent that the process is in the middle of its work.
func busy() { fmt.Println("busy") }

package mqtt

import (
	"context"
	"sync"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// Delivery is one admitted message on its way to its outcome. Any goroutine may use it, any number at a time, and nobody
// has to: the message goes on without.
type Delivery struct {
	client  *Client
	receipt actor.Receipt
	ending  actor.Ending // what the receipt tells of, unless the record has a place of its own

	mu    sync.Mutex
	asked *asked // for what somebody asks; nil for nothing yet
}

// asked is made for who asks: most never do.
type asked struct{ done, stored chan struct{} }

// Done is closed at the end of the delivery, whatever its outcome. It costs nothing if it is never called.
func (d *Delivery) Done() <-chan struct{} { return d.watched(false) }

// Stored is closed when the session has the message, so that it outlives a lost connection (and with a durable store the
// process), or when the delivery ended without; at QoS 0 at the end.
func (d *Delivery) Stored() <-chan struct{} { return d.watched(true) }

func (d *Delivery) watched(stored bool) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked == nil {
		d.asked = new(asked)
	}
	c := &d.asked.done
	if stored {
		c = &d.asked.stored
	}
	if *c == nil {
		*c = make(chan struct{})
		d.client.core.Watch(d.receipt, *c, stored)
	}
	return *c
}

// Wait returns the outcome: nil when the message is done, else as for Publish. When ctx ends first, its error is returned
// and the delivery goes on. Any number of goroutines may wait.
func (d *Delivery) Wait(ctx context.Context) error {
	select {
	case <-d.receipt.Told():
		return failed("publish", d.told().Err)
	case <-ctx.Done():
	}
	if o, ended := d.outcome(); ended {
		return failed("publish", o.Err)
	}
	return ctx.Err()
}

// Result is what the server's last packet for the message said; false until the end.
func (d *Delivery) Result() (Result, bool) {
	o, ended := d.outcome()
	if !ended {
		return Result{}, false
	}
	return publicResult(&o), true
}

// outcome takes the outcome and puts it back. It may be in the hands of another who does the same, so the desk is asked
// before the answer is no.
func (d *Delivery) outcome() (actor.Outcome, bool) {
	select {
	case <-d.receipt.Told():
		return d.told(), true
	default:
	}
	if !d.client.core.Ended(d.receipt) {
		return actor.Outcome{}, false
	}
	<-d.receipt.Told()
	return d.told(), true
}

// told gives the outcome, and the token to the next who asks.
func (d *Delivery) told() actor.Outcome {
	o := d.receipt.Outcome()
	d.receipt.PutBack()
	return o
}

// Withdraw gives the message up: nobody waits for it any more, and Wait returns ErrWithdrawn. If it never left, it isn't
// sent (ErrNotSent too). If it left, it may arrive (ErrUncertain too); it isn't sent again as PUBLISH, and its Packet
// Identifier and its place in the window stay taken until the server's answer or the session's end. A message that has
// ended keeps its outcome. The error is ctx's own, when that was over before the call.
func (d *Delivery) Withdraw(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.client.core.Withdraw(d.receipt, ErrWithdrawn, false)
	return nil
}

// Package belt waits for the outcomes of messages, in the order in which they were published.
package belt

import (
	"context"
	"errors"

	"github.com/sluicemq/sluice/mqtt"
)

// Belt carries what was published to who deals with its outcome.
type Belt[T any] struct {
	on   chan<- load[T] // to run, who puts on may wait: as many may lie on it as the channel holds
	over <-chan struct{}
}

type load[T any] struct {
	what     T
	delivery *mqtt.Delivery // nil: err is the outcome
	err      error
}

func (l *load[T]) wait(ctx context.Context) error {
	if l.delivery == nil {
		return l.err
	}
	err := l.delivery.Wait(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}

// Start starts a belt that holds size messages. It calls end with each outcome, one after the other; when ctx is over before a
// message is done, with the cause of that as the error.
func Start[T any](ctx context.Context, size int, end func(what T, err error)) *Belt[T] {
	on, over := make(chan load[T], size), make(chan struct{})
	go func() {
		defer close(over)
		for l := range on {
			end(l.what, l.wait(ctx))
		}
	}()
	return &Belt[T]{on, over}
}

// Put puts a message on. It waits while the belt is full.
func (b *Belt[T]) Put(what T, d *mqtt.Delivery) { b.on <- load[T]{what: what, delivery: d} }

// PutFailed puts on a message that couldn't be published, so that it has its turn.
func (b *Belt[T]) PutFailed(what T, err error) { b.on <- load[T]{what: what, err: err} }

// Close waits until each message on the belt has come to its end. Nothing may be put on any more.
func (b *Belt[T]) Close() {
	close(b.on)
	<-b.over
}

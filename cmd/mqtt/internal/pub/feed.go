package pub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluicemq/sluice/mqtt"
)

// feeder hands messages to the client, in order, as fast as the pace and the window let it.
type feeder struct {
	client *mqtt.Client
	source source
	unit   string
	pace   *rate.Limiter // nil: none
	window window
	sent   chan<- sent // to the settler; the window keeps a place free
}

// sent is a message on its way.
type sent struct {
	delivery *mqtt.Delivery
	number   int
	size     int
}

// run returns nil at the end of the source, else why it stopped before: the context's cause, or what is wrong with a message.
// Nothing is sent after it returned.
func (f *feeder) run(ctx context.Context) error {
	for {
		if err := f.await(ctx); err != nil {
			return err
		}
		m, number, err := f.source.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		size := len(m.Topic) + len(m.Payload)
		if err := f.window.take(ctx, size); err != nil {
			return err
		}
		delivery, err := f.client.PublishAsync(ctx, m)
		if err != nil {
			return f.refusal(ctx, number, err)
		}
		f.sent <- sent{delivery, number, size}
	}
}

// refusal is why the client didn't take a message.
func (f *feeder) refusal(ctx context.Context, number int, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, mqtt.ErrClosed):
		return f.client.Err()
	}
	return &fault{f.unit, number, err}
}

// fault is what is wrong with one message, so that nothing behind it is sent.
type fault struct {
	unit   string
	number int
	err    error
}

func (f *fault) Error() string { return fmt.Sprintf("%s %d: %s", f.unit, f.number, plain(f.err)) }
func (f *fault) Unwrap() error { return f.err }

// await waits until the pace allows a message.
func (f *feeder) await(ctx context.Context) error {
	if f.pace == nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	delay := f.pace.Reserve().Delay()
	if delay == 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// newPace is for so many messages a second. A timer is late by a millisecond or so, and what it was late for may follow at once.
func newPace(perSecond float64) *rate.Limiter {
	if perSecond == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/100)))
}

// windowMessages and windowBytes bound what was handed to the client and has not ended: enough that a server's window is never
// short of messages.
const (
	windowMessages = 8192
	windowBytes    = 16 << 20
)

// window counts what is on its way. A message that is larger than all of it goes alone.
type window struct {
	settled         <-chan int // from the settler: the size of each message that has ended
	most            int
	messages, bytes int
}

func (w *window) take(ctx context.Context, size int) error {
	for w.gather() {
	}
	for w.messages == w.most || w.messages > 0 && w.bytes+size > windowBytes {
		select {
		case n := <-w.settled:
			w.give(n)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	w.messages++
	w.bytes += size
	return nil
}

// gather takes back what has ended, if anything has.
func (w *window) gather() bool {
	select {
	case n := <-w.settled:
		w.give(n)
		return true
	default:
		return false
	}
}

func (w *window) give(size int) {
	w.messages--
	w.bytes -= size
}

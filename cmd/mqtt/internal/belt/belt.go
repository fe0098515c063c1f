// Package belt waits for the outcomes of messages, in the order in which they were published.
package belt

import (
	"context"
	"errors"

	"github.com/sluicemq/sluice/mqtt"
)

// What a belt holds at most: enough that a server's window is never short of messages.
const (
	messages = 4096
	bytes    = 64 << 20
)

// Outbox is room at the client for all that a belt may hold, the largest message that there can be beside all others (§2.1.4): it is
// the belt that bounds.
var Outbox = mqtt.Bounds{Messages: 2 * messages, Bytes: bytes + 268_435_455}

// Belt carries what was published to who deals with its outcome. It is for one goroutine.
type Belt[T any] struct {
	on    chan<- load[T] // to run; there is a place for each
	ended <-chan int     // from run: the bytes of what has come to its end; there is a place for each
	over  <-chan struct{}

	held int // messages that have not ended, as far as we were told
	size int // their bytes
}

type load[T any] struct {
	what     T
	size     int
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

// Start starts a belt. It calls end with each outcome, one after the other; when ctx is over before a message is done, with the
// cause of that as the error.
func Start[T any](ctx context.Context, end func(what T, err error)) *Belt[T] {
	on, ended, over := make(chan load[T], messages), make(chan int, messages), make(chan struct{})
	go func() {
		defer close(over)
		for l := range on {
			end(l.what, l.wait(ctx))
			ended <- l.size
		}
	}()
	return &Belt[T]{on: on, ended: ended, over: over}
}

// Room waits until there is room for m, which then is to be published and put on. What is larger than all of the room goes alone.
func (b *Belt[T]) Room(m *mqtt.Message) {
	for b.held == messages || b.held > 0 && b.size+Size(m) > bytes {
		b.size -= <-b.ended
		b.held--
	}
}

// Put puts m on, which was published.
func (b *Belt[T]) Put(what T, m *mqtt.Message, d *mqtt.Delivery) {
	b.put(load[T]{what: what, size: Size(m), delivery: d})
}

// PutFailed puts on a message that couldn't be published, so that it has its turn.
func (b *Belt[T]) PutFailed(what T, m *mqtt.Message, err error) {
	b.put(load[T]{what: what, size: Size(m), err: err})
}

func (b *Belt[T]) put(l load[T]) {
	b.held++
	b.size += l.size
	b.on <- l
}

// Close waits until each message on the belt has come to its end. Nothing may be put on any more.
func (b *Belt[T]) Close() {
	close(b.on)
	<-b.over
}

// Size is what a message takes of a room, in bytes.
func Size(m *mqtt.Message) int {
	n := len(m.Topic) + len(m.Payload)
	if p := m.Properties; p != nil {
		n += len(p.ResponseTopic) + len(p.CorrelationData) + len(p.ContentType)
		for _, u := range p.UserProperties {
			n += len(u.Key) + len(u.Value)
		}
	}
	return n
}

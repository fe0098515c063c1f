package intake

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/belt"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/remap"
)

// A batch ends at one of these: as much as one write and one sync should have.
const (
	batchMessages = 4096
	batchBytes    = 4 << 20
)

// taker takes messages, gathers them while the consumer is busy with those before, and hands them over.
type taker struct {
	flags   *Flags
	older   bool                  // the connection is one of 3.x
	in      <-chan *mqtt.Received // from the client's stream
	refused <-chan error          // from the watcher
	linked  <-chan bool           // from the watcher: whether there is a connection now
	quit    <-chan struct{}       // from the consumer: it takes no more
	out     chan<- []Item         // to the consumer, we may wait

	down  bool // there is no connection
	batch []Item
	bytes int
	taken int64
	err   error // why it ended
}

// errEnded stands for the client's own reason.
var errEnded = errors.New("the client has ended")

func (t *taker) run(ctx context.Context) {
	defer close(t.out)
	t.err = t.take(ctx)
	if len(t.batch) > 0 {
		select {
		case t.out <- t.batch:
		case <-t.quit:
		}
	}
}

func (t *taker) take(ctx context.Context) error {
	ends := t.flags.ends()
	for {
		in, out, idle := t.in, t.out, ends.idle
		if len(t.batch) == 0 {
			out = nil
		}
		if t.full() {
			in = nil
		}
		if t.full() || t.down { // silence says nothing then
			idle = nil
		}
		select {
		case m, ok := <-in:
			if !ok {
				return errEnded
			}
			t.add(m)
			ends.heard()
			if t.flags.Count > 0 && t.taken == t.flags.Count {
				return nil
			}
		case out <- t.batch:
			if t.full() {
				ends.heard()
			}
			t.batch, t.bytes = nil, 0
		case up := <-t.linked:
			t.down = !up
			ends.heard()
		case err := <-t.refused:
			return err
		case <-ends.timeout:
			return app.ErrTimeout
		case <-ends.duration:
			return nil
		case <-idle:
			return nil
		case <-t.quit:
			return nil
		case <-ctx.Done():
			return t.interrupted(ctx)
		}
	}
}

// full says that the batch takes no more until it is handed over.
func (t *taker) full() bool { return len(t.batch) >= batchMessages || t.bytes >= batchBytes }

// interrupted is no failure where nothing had to be reached.
func (t *taker) interrupted(ctx context.Context) error {
	if t.flags.Count > 0 || !errors.Is(context.Cause(ctx), app.ErrInterrupted) {
		return context.Cause(ctx)
	}
	return nil
}

// add keeps a message, or acknowledges one that isn't wanted.
func (t *taker) add(m *mqtt.Received) {
	if t.unwanted(m) {
		m.Ack()
		return
	}
	t.taken++
	t.bytes += belt.Size(&m.Message)
	t.batch = append(t.batch, Item{m, time.Now()})
}

func (t *taker) unwanted(m *mqtt.Received) bool {
	if t.flags.NoRetained && t.older && m.Retain { // on 3.x it says that the server had it retained (3.1.1 §3.3.1.3)
		return true
	}
	return slices.ContainsFunc(t.flags.Except, func(filter string) bool { return remap.Matches(filter, m.Topic) })
}

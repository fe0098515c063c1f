package bench

import (
	"context"
	"time"
)

// schedule says when each message is due. It is absolute: what is late moves nothing that comes behind it, so that a server that
// stands still shows in all messages that it has kept waiting, and not in one.
type schedule struct {
	start   time.Duration // of the clock: when the first one is due
	rate    float64       // messages a second over all clients, which take turns
	clients int
	total   int // messages of all clients
}

// due is when a client's message is due. Both are numbered from 0.
func (s schedule) due(client, number int) time.Duration {
	return s.start + time.Duration(float64(number*s.clients+client)/s.rate*float64(time.Second))
}

// share is how many messages a client has of total.
func share(total, clients, client int) int { return (total - client + clients - 1) / clients }

// pace waits for instants. Goroutines may use it side by side.
type pace struct {
	clock clock
	nap   func(time.Duration) // a short sleep that is precise; it keeps a thread
	seats chan struct{}       // so many may nap at a time
}

// The runtime's timers are up to a millisecond late when nothing else goes on, so the last bit of a wait is a nap. While a few nap,
// the others' timers are looked at as often.
const (
	napFrom  = 2 * time.Millisecond
	napSeats = 4
)

func newPace(c clock) *pace { return &pace{clock: c, nap: nap, seats: make(chan struct{}, napSeats)} }

// until waits until due, or until ctx ends, and gives the time then.
func (p *pace) until(ctx context.Context, due time.Duration) (now time.Duration, err error) {
	for {
		now = p.clock.now()
		left := due - now
		if left <= 0 {
			return now, nil
		}
		if left > napFrom {
			err = doze(ctx, left-napFrom*3/4)
		} else {
			err = p.last(ctx, left)
		}
		if err != nil {
			return now, err
		}
	}
}

func (p *pace) last(ctx context.Context, left time.Duration) error {
	select {
	case p.seats <- struct{}{}:
		p.nap(left)
		<-p.seats
		return ctx.Err()
	default:
		return doze(ctx, left)
	}
}

func doze(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

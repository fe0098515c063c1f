package bench

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// stretch is a part of a run: the warm-up, or what is measured.
type stretch struct {
	*options
	app      *app.App
	grace    context.Context // of the bench
	clock    clock
	pace     *pace
	ledger   *ledger
	warm     bool
	length   time.Duration // at most so long; zero: until count
	deadline time.Duration // of the clock; zero: none

	receiverTells bool     // the latency, and not the acknowledgement
	scheduled     int      // messages that were due; 0: there is no schedule
	offered       []uint64 // by each publisher
	left          int      // messages that have no outcome at its end
	wrong         error    // why the first of those failed that did
}

// grace is how long behind its end a schedule may still be worked off, by publishers that are behind it.
const grace = time.Second

// publish has the clients publish, and waits for the outcome of each message: for --drain at most once all is published.
func (s *stretch) publish(ctx context.Context, clients []*mqtt.Client) error {
	patience, giveUp := context.WithCancel(s.grace)
	defer giveUp()
	publishers := s.publishers(clients)
	collected := make(chan error, 1)
	go func() {
		collected <- together(publishers, func(p *publisher) error { return p.collect(patience) })
	}()
	fatal := s.publishing(ctx, patience, publishers)
	t := time.AfterFunc(s.app.Drain, giveUp)
	defer t.Stop()
	uncollected := <-collected
	unsettled := together(publishers, func(p *publisher) error { return p.settle(patience) })
	s.wrong = cmp.Or(uncollected, unsettled)
	for _, p := range publishers {
		s.offered = append(s.offered, p.sent)
		out := p.client.Stats().Out
		s.left += out.InFlight + out.Queued
	}
	return fatal
}

// publishers has one for each client.
func (s *stretch) publishers(clients []*mqtt.Client) (all []*publisher) {
	for i, c := range clients {
		p := &publisher{stretch: s, client: c, number: i, counter: s.ledger.counter(i), message: s.message(i, s.warm), before: notDone(c)}
		if s.qos > 0 {
			p.flights = make(flights, 1)
		}
		all = append(all, p)
	}
	return all
}

// publishing has all publishers publish. When one of them can't go on, none does.
func (s *stretch) publishing(ctx, patience context.Context, publishers []*publisher) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	begin, bound := s.plan(len(publishers))
	if bound > 0 {
		t := time.AfterFunc(bound, func() { stop(nil) }) // also who waits for room stops then
		defer t.Stop()
	}
	return together(publishers, func(p *publisher) error {
		err := begin(ctx, p)
		if err != nil {
			stop(err)
		}
		if p.flights != nil {
			p.pass(patience)
			close(p.flights)
		}
		return err
	})
}

// plan is what each publisher does, and how long at most.
func (s *stretch) plan(clients int) (begin func(context.Context, *publisher) error, bound time.Duration) {
	if s.saturate {
		return func(ctx context.Context, p *publisher) error {
			n := -1
			if s.count > 0 && !s.warm {
				n = share(s.count, clients, p.number)
			}
			return p.saturated(ctx, n)
		}, s.length
	}
	plan := schedule{start: s.ledger.start, rate: s.rate, clients: clients, total: s.count}
	if s.length > 0 {
		within := max(1, int(s.rate*s.length.Seconds()+0.5))
		if s.count == 0 || s.warm || within < s.count {
			plan.total = within
		}
		s.deadline += grace
		bound = s.length + grace
	}
	s.scheduled = plan.total
	return func(ctx context.Context, p *publisher) error { return p.paced(ctx, plan) }, bound
}

// notDone is how many messages of a client were admitted and aren't done.
func notDone(c *mqtt.Client) int64 {
	s := c.Stats().Out
	return int64(s.Refused+s.NotSent+s.Uncertain+s.Kept) + int64(s.InFlight+s.Queued)
}

// together has f do its work for all of them side by side, and gives the first error once that is done.
func together[T any](all []T, f func(T) error) (first error) {
	var working sync.WaitGroup
	errs := make(chan error, len(all))
	for _, one := range all {
		working.Go(func() { errs <- f(one) })
	}
	working.Wait()
	close(errs)
	for err := range errs {
		first = cmp.Or(first, err)
	}
	return first
}

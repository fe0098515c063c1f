package bench

import (
	"context"
	"errors"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// publisher is one client that publishes through a stretch.
type publisher struct {
	*stretch
	client       *mqtt.Client
	number       int // of the client
	counter      *counter
	message      mqtt.Message
	batch        []flight
	before       int64   // messages of the client that hadn't been done when the stretch began
	flights      flights // to its collector; nil at QoS 0
	sent         uint64
	acknowledged int64         // that were counted so; the collector's until it has ended
	debt         time.Duration // how much of being late comes from waiting for room
}

// flight is a message on its way.
type flight struct {
	delivery *mqtt.Delivery
	due      time.Duration
	messages int // that it stands for: itself, and those before it that nobody waits for
}

// batchSize is how many flights go to the collector together, where they come faster than they leave: a hop of each by itself would
// take a tenth of the rate.
const batchSize = 64

// A call that takes so long has waited for room in the client's outbox, and so for the server: without that it takes a microsecond or
// two. A message that is offered within onTime of its time ends such a debt.
const (
	blockedFrom = 20 * time.Microsecond
	onTime      = time.Millisecond
)

// paced publishes its share of the schedule.
func (p *publisher) paced(ctx context.Context, s schedule) (err error) {
	for n := range share(s.total, s.clients, p.number) {
		due := s.due(p.number, n)
		now := p.clock.now()
		if now < due {
			p.pass(ctx)
			if now, err = p.pace.until(ctx, due); err != nil {
				return nil // interrupted
			}
		}
		if p.deadline > 0 && now > p.deadline {
			return nil
		}
		p.judge(now, due)
		if err := p.offer(ctx, n, due); err != nil {
			return p.ended(ctx, err)
		}
	}
	return nil
}

// judge notes how late a message is by our own fault.
func (p *publisher) judge(now, due time.Duration) {
	if own := now - due - p.debt; own > 0 {
		p.counter.late(own)
	}
}

// offer hands the client a message.
func (p *publisher) offer(ctx context.Context, n int, due time.Duration) error {
	number(p.message.Payload, n, p.clock.unix(due))
	begun := p.clock.now()
	if begun-due < onTime {
		p.debt = 0 // the schedule is reached again
	}
	var d *mqtt.Delivery
	var err error
	if p.flights == nil {
		err = p.client.Publish(ctx, p.message)
	} else {
		d, err = p.client.PublishAsync(ctx, p.message)
	}
	if err != nil {
		return err
	}
	p.sent++
	now := p.clock.now()
	if took := now - begun; took > blockedFrom {
		p.debt += took
	}
	if p.flights == nil {
		p.handedOver(1, now, due)
		return nil
	}
	p.hold(ctx, flight{d, due, 1})
	return nil
}

// handedOver counts n messages of QoS 0, of which the last one tells a latency; end to end its receiver does.
func (p *publisher) handedOver(n int64, now, due time.Duration) {
	p.acknowledged += n
	d := counts{Offered: n, Acknowledged: n}
	if p.receiverTells {
		p.counter.add(d)
		return
	}
	p.counter.tell(d, now, now-due)
}

func (p *publisher) hold(ctx context.Context, f flight) {
	if p.batch == nil {
		p.batch = make([]flight, 0, batchSize)
	}
	if p.batch = append(p.batch, f); len(p.batch) == batchSize {
		p.pass(ctx)
	}
}

// pass hands what was published to the collector.
func (p *publisher) pass(ctx context.Context) {
	if len(p.batch) > 0 {
		p.counter.add(counts{Offered: int64(len(p.batch))})
		p.flights.put(ctx, p.batch)
		p.batch = nil
	}
}

// ended is why publishing has ended: nothing to say of an interrupt.
func (p *publisher) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// flights are messages on their way from one publisher to its collector. At most one batch waits there, to which more is appended,
// so that the publisher doesn't stand still with its server.
type flights chan []flight

// mostFlights bounds what waits for a collector that is too slow. An outbox holds far less that has no outcome.
const mostFlights = 1 << 17

func (f flights) put(ctx context.Context, batch []flight) {
	select {
	case waiting := <-f:
		batch = append(waiting, batch...)
	default:
	}
	full := len(batch) >= mostFlights
	f <- batch
	if full {
		select {
		case f <- nil: // once the collector has taken it
		case <-ctx.Done():
		}
	}
}

// collect waits for the outcome of each message, in their order, which is that of the server's acknowledgements (§4.6). When
// patience ends, what has no outcome has failed.
func (p *publisher) collect(patience context.Context) (wrong error) {
	if p.flights == nil {
		return nil
	}
	for batch := range p.flights {
		for _, f := range batch {
			if err := f.delivery.Wait(patience); err != nil {
				if wrong == nil {
					wrong = err
				}
				continue
			}
			p.arrived(int64(f.messages), f.due)
		}
	}
	return wrong
}

// arrived counts n messages as acknowledged now.
func (p *publisher) arrived(n int64, due time.Duration) {
	p.acknowledged += n
	now := p.clock.now()
	if p.receiverTells {
		p.counter.tellUntimed(counts{Acknowledged: n}, now)
		return
	}
	p.counter.tell(counts{Acknowledged: n}, now, now-due)
}

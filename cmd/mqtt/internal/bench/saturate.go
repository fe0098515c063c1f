package bench

import (
	"context"
	"time"
)

// How many messages go out as fast as possible before the clock is looked at again. The last one of them alone tells a latency: to
// wait for each would take a tenth of the rate at QoS 1, and to read the time for each a fifth at QoS 0.
const (
	burstUnacknowledged = 64 // QoS 0
	burstAcknowledged   = 16 // QoS 1 and 2
)

// saturated publishes as fast as the client takes it: n messages, or without end (n < 0), until the deadline.
func (p *publisher) saturated(ctx context.Context, n int) error {
	size := burstUnacknowledged
	if p.flights != nil {
		size = burstAcknowledged
	}
	for sent := 0; n < 0 || sent < n; sent += size {
		now := p.clock.now()
		if ctx.Err() != nil || (p.deadline > 0 && now >= p.deadline) {
			return nil
		}
		burst := size
		if n >= 0 {
			burst = min(size, n-sent)
		}
		if err := p.burst(ctx, burst, now); err != nil {
			return p.ended(ctx, err)
		}
	}
	return nil
}

// burst publishes a few messages.
func (p *publisher) burst(ctx context.Context, n int, now time.Duration) error {
	unix := p.clock.unix(now)
	for i := range n {
		if i == n-1 {
			now = p.clock.now()
			unix = p.clock.unix(now)
		}
		number(p.message.Payload, int(p.sent), unix)
		if p.flights == nil {
			if err := p.client.Publish(ctx, p.message); err != nil {
				p.acknowledged += int64(i)
				p.counter.add(counts{Offered: int64(i), Acknowledged: int64(i)})
				return err
			}
			p.sent++
			continue
		}
		d, err := p.client.PublishAsync(ctx, p.message)
		if err != nil {
			p.counter.add(counts{Offered: int64(i)})
			return err
		}
		p.sent++
		if i == n-1 {
			p.batch = append(p.batch, flight{d, now, n})
		}
	}
	if p.flights == nil {
		p.handedOver(int64(n), p.clock.now(), now)
		return nil
	}
	p.counter.add(counts{Offered: int64(n)})
	p.flights.put(ctx, p.batch)
	p.batch = nil
	return nil
}

// settle makes the counts of a client exact once all has ended or patience has: by what the client itself knows of its messages.
func (p *publisher) settle(patience context.Context) error {
	err := p.client.Flush(patience)
	failed := notDone(p.client) - p.before
	p.counter.add(counts{Acknowledged: int64(p.sent) - failed - p.acknowledged, Failed: failed})
	return err
}

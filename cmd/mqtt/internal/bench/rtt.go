package bench

import (
	"context"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// rtt publishes to itself.
type rtt struct {
	*bench
	clients []*mqtt.Client
}

// away is how long a message may take to come back before the next one leaves. It then has failed.
const away = 5 * time.Second

func (w *rtt) open(ctx context.Context) (err error) {
	w.clients, err = w.fleet.connect(ctx, w.cfg, w.bench.clients, "")
	if err != nil {
		return err
	}
	for i, c := range w.clients {
		s := mqtt.Subscription{Filter: w.topicOf(i), QoS: mqtt.QoS(w.qos)}
		if err := w.conn.Properties.Subscribe(&s); err != nil {
			return err
		}
		if _, err := c.Subscribe(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (w *rtt) run(ctx context.Context, s *stretch) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if s.length > 0 {
		t := time.AfterFunc(s.length, func() { stop(nil) })
		defer t.Stop()
	}
	var all []*trips
	for i, c := range w.clients {
		all = append(all, &trips{stretch: s, client: c, counter: s.ledger.counter(i), message: s.message(i, s.warm), publisher: i})
	}
	return together(all, func(t *trips) error {
		err := t.all(ctx, share(s.count, len(all), t.publisher))
		if err != nil {
			stop(err)
		}
		return err
	})
}

// trips are those of one client.
type trips struct {
	*stretch
	client    *mqtt.Client
	counter   *counter
	message   mqtt.Message
	publisher int
	series    sequence
}

func (t *trips) all(ctx context.Context, share int) error {
	patience := time.NewTimer(away)
	defer patience.Stop()
	for n := 0; (t.count == 0 || t.warm || n < share) && ctx.Err() == nil; n++ {
		begun := t.clock.now()
		number(t.message.Payload, n, t.clock.unix(begun))
		if err := t.publish(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		t.counter.add(counts{Offered: 1})
		patience.Reset(away)
		if err := t.back(uint64(n), begun, patience.C); err != nil {
			return err
		}
	}
	return nil
}

func (t *trips) publish(ctx context.Context) (err error) {
	if t.qos == 0 {
		return t.client.Publish(ctx, t.message)
	}
	_, err = t.client.PublishAsync(ctx, t.message)
	return err
}

// back waits for a message. One that is under way when the end comes is waited for, too.
func (t *trips) back(n uint64, begun time.Duration, patience <-chan time.Time) error {
	for {
		select {
		case m, open := <-t.client.Messages():
			if !open {
				t.gone(n)
				return t.client.Err()
			}
			if t.take(m, n, begun) {
				return nil
			}
		case <-patience:
			t.gone(n)
			return nil
		case <-t.grace.Done():
			t.gone(n)
			return nil
		}
	}
}

// gone counts a message that hasn't come back.
func (t *trips) gone(n uint64) {
	t.counter.add(counts{Failed: 1, Lost: t.series.skip(n + 1)})
}

// take counts a message, and says whether it is the one that is waited for.
func (t *trips) take(m *mqtt.Received, n uint64, begun time.Duration) bool {
	now := t.clock.now()
	s, ours := readStamp(m.Payload)
	if !ours || s.run != t.run || int(s.publisher) != t.publisher || s.warm != t.warm {
		return false
	}
	lost, duplicated, reordered := t.series.take(s.number)
	d := counts{Received: 1, Lost: lost}
	if duplicated {
		d.Duplicated = 1
	}
	if reordered {
		d.Reordered = 1
	}
	if s.number != n || duplicated {
		t.counter.tellUntimed(d, now)
		return false
	}
	d.Acknowledged = 1
	t.counter.tell(d, now, now-begun)
	return true
}

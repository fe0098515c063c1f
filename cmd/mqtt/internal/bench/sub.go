package bench

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// sub counts what others publish.
type sub struct {
	*bench
	audience *audience
}

func (w *sub) open(ctx context.Context) (err error) {
	clients, err := w.fleet.connect(ctx, w.cfg, w.clients, "")
	if err != nil {
		return err
	}
	w.audience = newAudience(clients, 0)
	for _, r := range w.audience.receivers {
		r.shared = shared(w.topic)
	}
	if err := w.audience.subscribe(ctx, w.bench, func(client int) []string { return []string{w.topicOf(client)} }); err != nil {
		return err
	}
	if !w.live.quiet {
		w.app.Say("mqtt: subscribed")
	}
	return nil
}

func (w *sub) run(ctx context.Context, s *stretch) error {
	var limit *budget
	if s.count > 0 && !s.warm {
		limit = newBudget(s.count)
	}
	if !s.warm {
		w.audience.count(s, limit)
	}
	var over <-chan time.Time
	if s.length > 0 {
		t := time.NewTimer(s.length)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
	case <-limit.spent():
	case <-w.audience.over:
		return w.audience.ended()
	case <-ctx.Done():
	}
	if !s.warm {
		w.fleet.close(w.grace)
	}
	return nil
}

// audience are subscribers, each with a goroutine that receives until its client ends.
type audience struct {
	receivers []*receiver
	places    []chan place
	receiving sync.WaitGroup
	over      chan struct{} // closed when all have ended
}

// newAudience has the clients receive what the run of this number publishes; 0: what any does.
func newAudience(clients []*mqtt.Client, run uint64) *audience {
	a := &audience{over: make(chan struct{})}
	for _, c := range clients {
		places := make(chan place, 1)
		r := newReceiver(c, run, places)
		a.receivers, a.places = append(a.receivers, r), append(a.places, places)
		a.receiving.Go(r.receive)
	}
	go func() {
		a.receiving.Wait()
		close(a.over)
	}()
	return a
}

// count has them count from now on.
func (a *audience) count(s *stretch, limit *budget) {
	for i, places := range a.places {
		places <- place{s.ledger.counter(i), s.clock, limit}
	}
}

// ended is why the first client has.
func (a *audience) ended() error {
	return a.receivers[0].client.Err()
}

// subscribe subscribes each of them to its filters.
func (a *audience) subscribe(ctx context.Context, b *bench, filters func(client int) []string) error {
	failed := make(chan error, len(a.receivers))
	turn := make(chan struct{}, atOnce)
	for i, r := range a.receivers {
		go func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			var subs []mqtt.Subscription
			for _, f := range filters(i) {
				s := mqtt.Subscription{Filter: f, QoS: mqtt.QoS(b.qos)}
				if err := b.conn.Properties.Subscribe(&s); err != nil {
					failed <- err
					return
				}
				subs = append(subs, s)
			}
			_, err := r.client.Subscribe(ctx, subs...)
			failed <- err
		}()
	}
	var wrong error
	for range a.receivers {
		if err := <-failed; err != nil && wrong == nil {
			wrong = err
		}
	}
	return wrong
}

// filtersOf are the filters for the topics of all publishers: one with + where the number of the client is a level of its own.
func (o *options) filtersOf(publishers int) []string {
	if !strings.Contains(o.topic, numberMark) {
		return []string{o.topic}
	}
	levels := strings.Split(o.topic, "/")
	whole := true
	for i, level := range levels {
		if level == numberMark {
			levels[i] = "+"
		}
		whole = whole && !strings.Contains(levels[i], numberMark)
	}
	if whole {
		return []string{strings.Join(levels, "/")}
	}
	var all []string
	for i := range publishers {
		all = append(all, o.topicOf(i))
	}
	return all
}

package bench

import (
	"context"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// e2e publishes and receives.
type e2e struct {
	*bench
	publishers []*mqtt.Client
	audience   *audience
}

func (w *e2e) open(ctx context.Context) error {
	subscribers, err := w.fleet.connect(ctx, w.cfg, w.subscribers, "sub")
	if err != nil {
		return err
	}
	w.audience = newAudience(subscribers, w.bench.run)
	filters := w.filtersOf(w.clients)
	if err := w.audience.subscribe(ctx, w.bench, func(int) []string { return filters }); err != nil {
		return err
	}
	w.publishers, err = w.fleet.connect(ctx, w.cfg, w.clients, "pub")
	return err
}

func (w *e2e) run(ctx context.Context, s *stretch) error {
	s.receiverTells = true
	if !s.warm {
		w.audience.count(s, nil)
	}
	err := s.publish(ctx, w.publishers)
	if s.warm {
		return err
	}
	w.rest(s)
	w.fleet.close(w.grace)
	<-w.audience.over
	var missing int64
	for _, r := range w.audience.receivers {
		missing += r.missing(s.offered)
	}
	s.ledger.counter(0).add(counts{Lost: missing})
	return err
}

// idle is how long nothing comes at QoS 0 before what is missing counts as lost. At QoS 1 and 2 it would come, so all of --drain is
// waited for.
const idle = 2 * time.Second

// rest waits until all that was published has come.
func (w *e2e) rest(s *stretch) {
	drain, cancel := context.WithTimeout(w.grace, w.app.Drain)
	defer cancel()
	var want int64
	for _, n := range s.offered {
		want += int64(n) * int64(w.subscribers)
	}
	got, since := int64(-1), w.clock.now()
	for {
		switch now, n := w.clock.now(), s.ledger.soFar(); {
		case n >= want:
			return
		case n != got:
			got, since = n, now
		case s.qos == 0 && now-since > idle:
			return
		}
		if doze(drain, 5*time.Millisecond) != nil {
			return
		}
	}
}

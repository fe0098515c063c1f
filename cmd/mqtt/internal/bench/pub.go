package bench

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

// pub publishes.
type pub struct {
	*bench
	clients []*mqtt.Client
}

func (w *pub) open(ctx context.Context) (err error) {
	w.clients, err = w.fleet.connect(ctx, w.cfg, w.bench.clients, "")
	return err
}

func (w *pub) run(ctx context.Context, s *stretch) error { return s.publish(ctx, w.clients) }

package bench

import (
	"context"
	"sync"
	"time"
)

// conn opens connections and holds them.
type conn struct {
	*bench
	mu    sync.Mutex
	wrong error // of the first that failed
}

// saturatedConnects is how many connections are opened side by side with --saturate.
const saturatedConnects = 100

func (w *conn) open(context.Context) error { return nil }

func (w *conn) run(ctx context.Context, s *stretch) error {
	s.deadline = 0 // that is of holding
	var connecting sync.WaitGroup
	if w.saturate {
		w.saturated(ctx, s, &connecting)
	} else {
		w.paced(ctx, s, &connecting)
	}
	connecting.Wait()
	s.wrong = w.wrong
	w.fleet.mu.Lock()
	made := len(w.fleet.all)
	w.fleet.mu.Unlock()
	if made == 0 {
		return w.wrong
	}
	doze(ctx, s.length)
	return nil
}

func (w *conn) paced(ctx context.Context, s *stretch, connecting *sync.WaitGroup) {
	plan := schedule{start: s.ledger.start, rate: w.rate, clients: 1, total: w.clients}
	s.scheduled = plan.total
	for i := range w.clients {
		due := plan.due(0, i)
		now, err := w.pace.until(ctx, due)
		if err != nil {
			return
		}
		s.ledger.counter(0).late(now - due)
		connecting.Go(func() { w.one(ctx, s, i, due) })
	}
}

func (w *conn) saturated(ctx context.Context, s *stretch, connecting *sync.WaitGroup) {
	next := make(chan int, w.clients)
	for i := range w.clients {
		next <- i
	}
	close(next)
	for range min(w.clients, saturatedConnects) {
		connecting.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					return
				}
				w.one(ctx, s, i, w.clock.now())
			}
		})
	}
}

// one opens a connection.
func (w *conn) one(ctx context.Context, s *stretch, i int, due time.Duration) {
	counter := s.ledger.counter(i)
	counter.add(counts{Offered: 1})
	c, err := w.app.Connect(ctx, numbered(w.cfg, w.clients, "", i))
	if err != nil && ctx.Err() != nil {
		counter.add(counts{Offered: -1}) // nobody let it finish
		return
	}
	if err != nil {
		counter.add(counts{Failed: 1})
		w.mu.Lock()
		if w.wrong == nil {
			w.wrong = err
		}
		w.mu.Unlock()
		return
	}
	now := w.clock.now()
	w.fleet.add(c)
	counter.tell(counts{Acknowledged: 1}, now, now-due)
}

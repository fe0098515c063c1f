package bench

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// fleet are the clients of a run.
type fleet struct {
	app     *app.App
	all     []*mqtt.Client
	ending  chan struct{} // closed when the clients are going to be closed
	watched sync.WaitGroup

	mu         sync.Mutex
	reconnects int64
	down       int   // clients without a connection
	gone       error // why the first client ended that did so by itself
}

// atOnce is how many connections are made side by side before the measuring begins.
const atOnce = 32

func newFleet(a *app.App) *fleet {
	return &fleet{app: a, ending: make(chan struct{})}
}

// connect connects n more clients, and gives them. The first failure ends it.
func (f *fleet) connect(ctx context.Context, cfg mqtt.Config, n int, role string) ([]*mqtt.Client, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made := make([]*mqtt.Client, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, atOnce) {
		workers.Go(func() {
			for i := range next {
				c, err := f.app.Connect(ctx, numbered(cfg, n, role, i))
				if err != nil {
					cancel(err)
					continue
				}
				made[i] = c
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	for _, c := range made {
		if c != nil {
			f.add(c)
		}
	}
	return made, context.Cause(ctx)
}

// numbered gives each of several clients a client id of its own.
func numbered(cfg mqtt.Config, n int, role string, i int) mqtt.Config {
	if cfg.ClientID != "" && (n > 1 || role != "") {
		cfg.ClientID += "-" + role + strconv.Itoa(i)
	}
	return cfg
}

// add takes over a client that is connected.
func (f *fleet) add(c *mqtt.Client) {
	f.mu.Lock()
	f.all = append(f.all, c)
	f.mu.Unlock()
	f.watched.Go(func() { f.watch(c) })
}

// watch counts reconnects of a client, and tells when the first connection is lost and when the last one is back, or none will be.
func (f *fleet) watch(c *mqtt.Client) {
	f.follow(c)
	if !f.ends() {
		f.endedFor(c.Err())
	}
}

func (f *fleet) follow(c *mqtt.Client) {
	down, before := false, false
	var why error // of a loss that isn't told
	for e := range c.Events() {
		switch e := e.(type) {
		case mqtt.EventConnected:
			switch {
			case down && why == nil:
				f.back()
			case before:
				f.counted(1) // what was told between was missed
			}
			before, down, why = true, false, nil
		case mqtt.EventDisconnected:
			if before && !down && !f.ends() && !errors.Is(e.Err, mqtt.ErrClosed) {
				down, why = true, e.Err
			}
		case mqtt.EventReconnecting:
			if why != nil {
				f.lost(why)
				why = nil
			}
		}
	}
}

// endedFor notes that a client has ended for good.
func (f *fleet) endedFor(err error) {
	f.mu.Lock()
	first := f.gone == nil
	f.gone = cmp.Or(f.gone, err)
	f.mu.Unlock()
	if first {
		f.app.Say("mqtt: a connection is lost for good")
	}
}

// wrong is why the first client ended that did so by itself, or nil.
func (f *fleet) wrong() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gone
}

func (f *fleet) ends() bool {
	select {
	case <-f.ending:
		return true
	default:
		return false
	}
}

func (f *fleet) lost(err error) {
	f.mu.Lock()
	f.down++
	first := f.down == 1
	f.mu.Unlock()
	if first {
		f.app.Say("mqtt: a connection was lost, and is tried again: %v", err)
	}
}

func (f *fleet) back() {
	f.counted(1)
	f.mu.Lock()
	f.down--
	last := f.down == 0
	f.mu.Unlock()
	if last {
		f.app.Say("mqtt: all connections are there again")
	}
}

func (f *fleet) counted(n int64) {
	f.mu.Lock()
	f.reconnects += n
	f.mu.Unlock()
}

// taken is how many reconnects there were since it was last asked.
func (f *fleet) taken() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.reconnects
	f.reconnects = 0
	return n
}

// close ends the clients, with DISCONNECT where --drain and grace have time for it. What is unfinished was counted before.
func (f *fleet) close(grace context.Context) {
	if !f.ends() {
		close(f.ending)
	}
	f.mu.Lock()
	all := f.all
	f.all = nil
	f.mu.Unlock()
	drain, cancel := context.WithTimeout(grace, f.app.Drain)
	defer cancel()
	next := make(chan *mqtt.Client)
	var workers sync.WaitGroup
	for range min(len(all), 4*atOnce) {
		workers.Go(func() {
			for c := range next {
				c.Close(drain)
			}
		})
	}
	for _, c := range all {
		next <- c
	}
	close(next)
	workers.Wait()
	f.watched.Wait()
}

//go:build integration

package integration

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// flow is a goroutine that publishes numbers until it is ended, as fast as the client's outbox has room, and its pace
// allows.
type flow struct {
	cancel     context.CancelFunc
	ended      chan struct{}
	deliveries []*mqtt.Delivery // of 0, 1, 2 …; the goroutine's, until it has ended
}

func (c *cell) flow(client *mqtt.Client, topic string, pace func(ctx context.Context, i int) bool) *flow {
	ctx, cancel := context.WithCancel(c.ctx)
	f := &flow{cancel: cancel, ended: make(chan struct{})}
	c.Cleanup(func() { f.end() })
	go func() {
		defer close(f.ended)
		for i := 0; pace(ctx, i); i++ {
			d, err := client.PublishAsync(ctx, c.message(topic, strconv.Itoa(i)))
			if err != nil {
				return // ended: what was not admitted is not counted
			}
			f.deliveries = append(f.deliveries, d)
		}
	}()
	return f
}

// unpaced is the pace of a flow that has none.
func unpaced(context.Context, int) bool { return true }

// end ends the flow, and gives what it has published.
func (f *flow) end() []*mqtt.Delivery {
	f.cancel()
	<-f.ended
	return f.deliveries
}

// sink is a goroutine that takes all messages of a channel at once.
type sink struct {
	mu   sync.Mutex
	got  []string
	news chan struct{}
}

func newSink(from <-chan *mqtt.Received) *sink {
	s := &sink{news: make(chan struct{}, 1)}
	go func() { // until the client's end
		for m := range from {
			s.put(string(m.Payload))
		}
	}()
	return s
}

func (s *sink) put(payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, payload)
	select {
	case s.news <- struct{}{}:
	default: // one that waits looks at all
	}
}

// until waits for n messages.
func (s *sink) until(c *cell, n int) {
	c.Helper()
	s.wait(c, func() bool { return len(s.got) >= n })
}

// all waits until each of these has come, and gives all that came up to now.
func (s *sink) all(c *cell, want []string) []string {
	c.Helper()
	missing := map[string]bool{}
	for _, text := range want {
		missing[text] = true
	}
	looked := 0
	s.wait(c, func() bool {
		for ; looked < len(s.got); looked++ {
			delete(missing, s.got[looked])
		}
		return len(missing) == 0
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func (s *sink) wait(c *cell, there func() bool) {
	c.Helper()
	for {
		s.mu.Lock()
		met, n := there(), len(s.got)
		s.mu.Unlock()
		if met {
			return
		}
		select {
		case <-s.news:
		case <-c.ctx.Done():
			require.FailNow(c, "messages are missing", "%d came", n)
		}
	}
}

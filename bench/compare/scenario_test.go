package compare

import (
	"context"
	"testing"
	"time"
)

// scenario is a row: a situation, and what is expected of each client in it.
type scenario struct {
	name  string
	done  string    // what is done, as the document says it
	words []meaning // that may come out; the first is the good one
	want  []string  // for each of clients
	alone bool      // it counts what is in the whole process
	play  func(*cell) string
}

// meaning explains a word.
type meaning struct{ word, means string }

// scenarios are the rows, in their order.
var scenarios = []scenario{
	handlerPublishes, handlerPublishesBeforeFlood,
	stalledAtMostOnce, stalledAtLeastOnce,
	hangingUp,
	slowConsumer, slowConsumerInFlood,
	acknowledgedBackwards,
	expiredOffline,
	forgottenSubscription,
	closedByConsumer, leftWhenConnected, leftWhenOffline,
}

// longest bounds each cell's play.
const longest = 3 * time.Second

// cell is one client in one scenario.
type cell struct {
	*testing.T
	client client
	ctx    context.Context // ends when the time is up
}

// serve starts a server that lives as long as the cell.
func (c *cell) serve(s script) *server { return start(c.T, s) }

// open connects the client. It is closed at the end, after handlers that wait for the cell's context were let go.
func (c *cell) open(v *server, s settings) link {
	c.Helper()
	l, err := c.client.open(c.ctx, v.address, s)
	if err != nil {
		c.Fatalf("connect: %v", err)
	}
	c.Cleanup(func() {
		v.stop()
		ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer stop()
		l.close(ctx)
	})
	return l
}

// subscribe has the server send its burst.
func (c *cell) subscribe(l link) {
	c.Helper()
	if err := l.subscribe(c.ctx, burstTopic); err != nil {
		c.Fatalf("subscribe: %v", err)
	}
}

// expect fails the cell when the time is up before enough has arrived.
func (c *cell) expect(v *server, what string, enough func([]arrival) bool) {
	c.Helper()
	if !v.await(c.ctx, enough) {
		c.Fatalf("within %v no %s", longest, what)
	}
}

// within says whether enough arrives in time.
func (c *cell) within(d time.Duration, v *server, enough func([]arrival) bool) bool {
	ctx, stop := context.WithTimeout(c.ctx, d)
	defer stop()
	return v.await(ctx, enough)
}

// awaitLoss waits until the client knows that its connection is gone.
func (c *cell) awaitLoss(l link) {
	c.Helper()
	select {
	case <-l.lost():
	case <-c.ctx.Done():
		c.Fatalf("the client doesn't notice that the connection is gone")
	}
}

// marker publishes when the client is connected again, and waits until the server has it.
func (c *cell) marker(v *server, l link) {
	c.Helper()
	if err := l.online(c.ctx); err != nil {
		c.Fatalf("no connection again: %v", err)
	}
	if err := l.publish(c.ctx, sent{topic: "marker", qos: 1}); err != nil {
		c.Fatalf("publish: %v", err)
	}
	c.expect(v, "message on the new connection", atLeast(1, isPublish("marker")))
}

// pause lets time pass, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

package compare

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// longest bounds a play, on a machine that is busy with something else too. Most take less than a second, none more than
// three when there is nothing else.
const longest = 8 * time.Second

// patience is how long something that should happen is waited for before the word for it is another one.
const patience = 3 * time.Second

// cell is one play of a scenario with one client.
type cell struct {
	client client
	ctx    context.Context // ends when the time is up
	log    func(format string, args ...any)
	undo   []func() // in reverse order
}

// play gives the word that comes out, or why none does.
func play(t *testing.T, s scenario, with client) (word string) {
	ctx, stop := context.WithTimeout(t.Context(), longest)
	c := &cell{client: with, ctx: ctx, log: t.Logf}
	defer func() {
		stop() // handlers that wait for something are let go before the client is closed
		for i := len(c.undo) - 1; i >= 0; i-- {
			c.undo[i]()
		}
		if f, ok := recover().(failure); ok {
			word = string(f)
		}
	}()
	return s.play(c)
}

// failure ends a play in which something came that no word is for.
type failure string

func (c *cell) fail(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// serve starts a server for this play.
func (c *cell) serve(s script) *server {
	v, err := start(s)
	if err != nil {
		c.fail("listen: %v", err)
	}
	c.undo = append(c.undo, v.stop)
	return v
}

// open connects the client, which is closed at the end, when its server has gone.
func (c *cell) open(v *server, s settings) link {
	l, err := c.client.open(c.ctx, v.address, s)
	if l != nil {
		c.undo = append(c.undo, func() {
			v.stop()
			ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer stop()
			l.close(ctx)
		})
	}
	if err != nil {
		c.fail("connect: %v", err)
	}
	return l
}

// subscribe has the server send its burst.
func (c *cell) subscribe(l link) {
	if err := l.subscribe(c.ctx, burstTopic); err != nil {
		c.fail("subscribe: %v", err)
	}
}

// expect waits until enough has arrived.
func (c *cell) expect(v *server, what string, enough func([]arrival) bool) {
	if !v.await(c.ctx, enough) {
		c.fail("no %s", what)
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
	select {
	case <-l.lost():
	case <-c.ctx.Done():
		c.fail("the client doesn't notice that its connection is gone")
	}
}

// marker publishes when the client is connected again, and waits until the server has it.
func (c *cell) marker(v *server, l link) {
	if err := l.online(c.ctx); err != nil {
		c.fail("no connection again: %v", err)
	}
	if err := l.publish(c.ctx, sent{topic: "marker"}); err != nil {
		c.fail("publish: %v", err)
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

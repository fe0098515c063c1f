package compare

import (
	"context"
	"time"

	"go.uber.org/goleak"
)

const waits = "uses up its time"

var closedByConsumer = scenario{
	name: "Close from a handler",
	done: "The handler of a message closes the client, with 1 s for it.",
	words: []meaning{
		{returns, "the call is back before that"},
		{waits, "it comes back when the second is over"},
	},
	want: []string{returns, returns, waits, waits, returns},
	play: func(c *cell) string {
		const bound = time.Second
		took := make(chan time.Duration, 1)
		l := c.open(c.serve(script{burst: 1}), settings{handle: func(l link, _ received) {
			ctx, stop := context.WithTimeout(c.ctx, bound)
			defer stop()
			start := time.Now()
			l.close(ctx)
			took <- time.Since(start)
		}})
		c.subscribe(l)
		select {
		case d := <-took:
			if d < bound*9/10 {
				return returns
			}
			return waits
		case <-c.ctx.Done():
			c.fail("Close doesn't return")
		}
		return ""
	},
}

const (
	none = "none"
	some = "some"
)

var leftWords = []meaning{
	{none, "within 1 s after the call all that the client had started have ended"},
	{some, "at least one is still there; it may end later, and the documentation of paho.mqtt.golang says so"},
}

var leftWhenConnected = scenario{
	name:  "Goroutines after Close, connected",
	done:  "The client subscribes, receives a message, publishes at QoS 1, and is closed with 0.3 s for it.",
	words: leftWords[:1],
	want:  []string{none, none, none, none, none},
	alone: true,
	play: func(c *cell) string {
		before := goleak.IgnoreCurrent()
		v := c.serve(script{burst: 1})
		came := make(chan bool, 1)
		l := c.open(v, settings{handle: func(link, received) { came <- true }})
		c.subscribe(l)
		<-came
		if err := l.publish(c.ctx, sent{topic: "last", qos: 1}); err != nil {
			c.fail("publish: %v", err)
		}
		return c.left(v, l, before)
	},
}

var leftWhenOffline = scenario{
	name:  "Goroutines after Close, reconnecting",
	done:  "All settings are the defaults. The server has gone, and has turned away two attempts or 1.2 s have passed; then the client is closed with 0.3 s for it.",
	words: leftWords,
	want:  []string{none, none, none, some, some},
	alone: true,
	play: func(c *cell) string {
		before := goleak.IgnoreCurrent()
		v := c.serve(script{})
		l := c.open(v, settings{})
		v.leave()
		c.awaitLoss(l)
		c.within(1200*time.Millisecond, v, atLeast(2, isRefusal))
		return c.left(v, l, before)
	},
}

// left closes the client and looks for a second what it leaves.
func (c *cell) left(v *server, l link, before goleak.Option) string {
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	if err := l.close(ctx); err != nil {
		c.log("close: %v", err)
	}
	v.stop()
	until, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	for {
		err := goleak.Find(before)
		if err == nil {
			return none
		}
		if until.Err() != nil {
			c.log("%v", err)
			return some
		}
	}
}

package compare

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

const (
	completes = "completes"
	stuck     = "stuck"
)

var handlerPublishes = scenario{
	name: "Handlers publish and wait",
	done: "1000 messages of QoS 1 come at once, or as many at once as the client said that it takes; the handler of each publishes at QoS 1 and waits for the PUBACK.",
	words: []meaning{
		{completes, "each of the 1000 publishes is acknowledged within 3 s"},
		{stuck, "in that time not one is"},
	},
	want: []string{completes, completes, completes, stuck, completes},
	play: func(c *cell) string {
		const burst = 1000
		answers := make(chan error, burst)
		l := c.open(c.serve(script{burst: burst, qos: codec.AtLeastOnce}), settings{handle: func(l link, m received) {
			answers <- l.publish(c.ctx, sent{topic: "answer", qos: 1})
		}})
		c.subscribe(l)
		return c.answered(answers, burst)
	},
}

var handlerPublishesBeforeFlood = scenario{
	name: "A handler publishes and waits before a flood",
	done: "70,000 messages of QoS 0 come, and the PUBACK behind them; the handler of the first publishes at QoS 1 and waits for it, the handlers of the others do nothing.",
	words: []meaning{
		{completes, "the publish is acknowledged within 3 s (Sluice drops, and counts, messages of QoS 0 that it has no room for while it waits for the PUBACK)"},
		{stuck, "it isn't"},
	},
	want: []string{completes, completes, stuck, stuck, leftOut},
	play: func(c *cell) string {
		first := make(chan bool, 1)
		first <- true
		answers := make(chan error, 1)
		l := c.open(c.serve(script{burst: flood}), settings{handle: func(l link, m received) {
			select {
			case <-first:
				answers <- l.publish(c.ctx, sent{topic: "answer", qos: 1})
			default:
			}
		}})
		c.subscribe(l)
		word := c.answered(answers, 1)
		if s, ours := l.(*sluice); ours && s.client.Stats().In.Dropped == 0 {
			c.fail("nothing was dropped and counted")
		}
		return word
	},
}

// flood is more messages than there are packet identifiers.
const flood = 70_000

// answered is the verdict over publishes in handlers.
func (c *cell) answered(answers <-chan error, n int) string {
	wait := time.NewTimer(patience)
	for i := range n {
		select {
		case err := <-answers:
			if err != nil {
				c.fail("publish %d of %d: %v", i+1, n, err)
			}
		case <-wait.C:
			if i == 0 {
				return stuck
			}
			c.fail("%d of %d acknowledged", i, n)
		}
	}
	return completes
}

const (
	staysUp = "stays up"
	drops   = "drops"
)

var slowConsumer = scenario{
	name: "A handler that is slower than the keep-alive",
	done: "The keep-alive is 1 s, the time for a PINGRESP 0.75 s where it can be set; 1000 messages of QoS 0 come, and the handler of the first takes 2.5 s. The server answers each PINGREQ at once, behind the messages.",
	words: []meaning{
		{staysUp, "it is the same connection all the time"},
		{drops, "the client ends the connection"},
	},
	want: []string{staysUp, staysUp, staysUp, drops, staysUp},
	play: func(c *cell) string { return c.stall(1000) },
}

var slowConsumerInFlood = scenario{
	name:  "The same in a flood",
	done:  "As row 6, with 70,000 messages.",
	words: slowConsumer.words,
	want:  []string{staysUp, staysUp, drops, drops, leftOut},
	play:  func(c *cell) string { return c.stall(flood) },
}

func (c *cell) stall(burst int) string {
	const takes = 2500 * time.Millisecond
	first := make(chan bool, 1)
	first <- true
	over := make(chan bool, 1)
	v := c.serve(script{burst: burst})
	l := c.open(v, settings{keepAlive: time.Second, handle: func(link, received) {
		select {
		case <-first:
			pause(c.ctx, takes)
			over <- true
		default:
		}
	}})
	c.subscribe(l)
	select {
	case <-over:
	case <-c.ctx.Done():
		c.fail("the handler doesn't come to its end")
	}
	if c.within(400*time.Millisecond, v, func(seen []arrival) bool {
		at := slices.IndexFunc(seen, isEnd)
		if at >= 0 {
			c.log("the server's end of the connection: %v", seen[at].err)
		}
		return at >= 0
	}) {
		return drops
	}
	return staysUp
}

package compare

import (
	"context"
	"time"
)

const (
	returns = "returns"
	blocks  = "blocks"
)

var stalledWords = []meaning{
	{returns, "each call that isn't done is back within 1 s"},
	{blocks, "a call is still at work after 1.5 s"},
}

var stalledAtMostOnce = scenario{
	name:  "Publish when the server doesn't read, QoS 0",
	done:  "The server reads nothing after CONNECT. Messages of 8 MiB are published one after the other, with 300 ms for each (a context, or a token's wait), until four have not been done in that time.",
	words: stalledWords,
	want:  []string{returns, returns, blocks, blocks, blocks},
	play:  func(c *cell) string { return c.publishToTheDeaf(0) },
}

var stalledAtLeastOnce = scenario{
	name:  "Publish when the server doesn't read, QoS 1",
	done:  "As above.",
	words: stalledWords,
	want:  []string{returns, returns, blocks, blocks, blocks},
	play:  func(c *cell) string { return c.publishToTheDeaf(1) },
}

func (c *cell) publishToTheDeaf(qos byte) string {
	const calls, bound, late, tooLate = 4, 300 * time.Millisecond, time.Second, 1500 * time.Millisecond
	l := c.open(c.serve(script{deaf: true}), settings{})
	m := sent{topic: "stalled", qos: qos, payload: make([]byte, 8<<20)} // more than the sockets hold
	for cut := 0; cut < calls; {
		back := make(chan time.Duration, 1)
		go func() {
			ctx, stop := context.WithTimeout(c.ctx, bound)
			defer stop()
			start := time.Now()
			l.publish(ctx, m)
			back <- time.Since(start)
		}()
		ctx, stop := context.WithTimeout(c.ctx, tooLate)
		select {
		case took := <-back:
			if took > late {
				c.fail("back after %v", took)
			}
			if took >= bound {
				cut++
			}
		case <-ctx.Done():
			stop()
			return blocks
		}
		stop()
	}
	return returns
}

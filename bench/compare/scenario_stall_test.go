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
	{returns, "each call that isn't done is back within 1 s, with an error"},
	{blocks, "a call is still at work after 1.5 s"},
}

var stalledAtMostOnce = scenario{
	name:  "Publish when the server doesn't read, QoS 0",
	done:  "The server reads nothing after CONNECT. Messages of 8 MiB are published one after the other, with 300 ms for each (a context, or a token's wait), until three have not been done in that time. Sluice may keep 16 MiB, which is less than its default.",
	words: stalledWords,
	want:  []string{returns, returns, blocks, blocks, blocks},
	play:  func(c *cell) string { return c.publishToTheDeaf(0) },
}

var stalledAtLeastOnce = scenario{
	name:  "Publish when the server doesn't read, QoS 1",
	done:  "As row 3.",
	words: stalledWords,
	want:  []string{returns, returns, blocks, blocks, blocks},
	play:  func(c *cell) string { return c.publishToTheDeaf(1) },
}

func (c *cell) publishToTheDeaf(qos byte) string {
	const calls, late, tooLate = 3, time.Second, 1500 * time.Millisecond
	l := c.open(c.serve(script{deaf: true}), settings{outbox: 16 << 20})
	m := sent{topic: "stalled", qos: qos, payload: make([]byte, 8<<20)} // more than the sockets hold
	for cut := 0; cut < calls; {
		back := make(chan error, 1)
		start := time.Now()
		go func() { back <- c.publishBriefly(l, m) }()
		wait := time.NewTimer(tooLate)
		select {
		case err := <-back:
			if err == nil {
				continue // it had its room, and may have taken its time
			}
			if took := time.Since(start); took > late {
				c.fail("back after %v", took)
			}
			cut++
		case <-wait.C:
			return blocks
		case <-c.ctx.Done():
			c.fail("%d calls were not done in %v", cut, longest)
		}
	}
	return returns
}

// publishBriefly gives a publish 300 ms.
func (c *cell) publishBriefly(l link, m sent) error {
	ctx, stop := context.WithTimeout(c.ctx, 300*time.Millisecond)
	defer stop()
	return l.publish(ctx, m)
}

package actor

import (
	"context"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// politeness is what is left of a Close's context when waiting for outcomes ends, so that DISCONNECT still gets out in time.
const politeness = 50 * time.Millisecond

// joinGrace is how long the processes may take to end when everything was told to end at once; only user code that ignores
// its context takes longer.
const joinGrace = 100 * time.Millisecond

// Close ends the client in order, with words as its DISCONNECT; nil for the plain one.
func (c *Client[M]) Close(ctx context.Context, words *codec.Disconnect) error {
	if !c.tellClose(closeAsk{words: words}) {
		return c.result()
	}
	early, stop := hurryTime(ctx)
	defer stop()
	select {
	case <-c.done:
		return c.result()
	case <-early.Done():
	}
	c.tellClose(closeAsk{hurry: true, why: early.Err()})
	return c.wait()
}

// Abort drops the connection without DISCONNECT and ends the client.
func (c *Client[M]) Abort() error {
	c.tellClose(closeAsk{abort: true})
	return c.wait()
}

func (c *Client[M]) tellClose(q closeAsk) bool {
	reply := make(chan struct{}, 1)
	q.reply = reply
	if !c.ask(q) {
		return false
	}
	<-reply
	return true
}

// hurryTime is ctx, ended a little earlier.
func hurryTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(politeness, time.Until(deadline)/4)))
}

// wait waits for the end that was ordered.
func (c *Client[M]) wait() error {
	grace := time.NewTimer(joinGrace)
	defer grace.Stop()
	select {
	case <-c.done:
		return c.result()
	case <-grace.C:
	}
	hook := make(chan string, 1)
	if !c.ask(hookAsk{hook}) {
		return c.result()
	}
	return &Unfinished{Hook: <-hook, Cause: context.DeadlineExceeded}
}

// result is what every Close returns: nil, or what had to be given up.
func (c *Client[M]) result() error {
	u := c.final.Result
	u.NotSent += int(c.tooLate())
	u.Unacknowledged += c.Stats().Unacknowledged
	if u.Refused+u.NotSent+u.Uncertain+u.Kept+u.Unacknowledged == 0 {
		return nil
	}
	return &u
}

package actor

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// countedContext counts what is derived from it and has not ended. Its channel is its own, so that package context doesn't
// look through it, and asks it for AfterFunc.
type countedContext struct {
	context.Context
	done <-chan struct{}
	open int
}

func (c *countedContext) Done() <-chan struct{} { return c.done }

func (c *countedContext) AfterFunc(f func()) (stop func() bool) {
	c.open++
	end := context.AfterFunc(c.Context, f)
	return func() bool {
		c.open--
		return end()
	}
}

func TestAConnectionThatEndedLeavesNothingWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain, stop := context.WithCancelCause(t.Context())
		ctx := &countedContext{Context: plain, done: make(chan struct{})}
		over := make(chan error, 1)
		s := &supervisor{
			cfg: &Config{
				Delay: func(int, error) (time.Duration, bool) { return time.Hour, true },
			},
			links: make(chan any, 10), inbound: make(chan linkNews, 10), ended: over, over: over, timer: time.NewTimer(time.Hour),
			course: newCourse([]Server{host("server", nil)}),
		}
		for range 3 {
			ours, theirs := net.Pipe()
			s.accept(ctx, tried{conn: ours, ack: new(codec.ConnAck), link: linkUp{version: codec.V5}})
			require.Equal(t, 1, ctx.open)
			theirs.Close()
			require.NoError(t, s.lost(ctx, <-s.ended))
			require.Zero(t, ctx.open)
		}
		stop(ErrClosed)
		s.nursery.Wait()
	})
}

package actor

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// What its caller does after an enlistment comes behind it, however soon (contract 8).
func TestAnEnlistmentHasItsPlaceBeforeItsCallerGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ops, asks, strict := make(chan *Op, quickBatch), make(chan question), make(chan struct{}, 2)
		cfg := &Config{Outbox: Bounds{16 * quickBatch, 16 * quickBatch * quickMax}, OutboxFull: OutboxWait, Offline: OfflineQueue, Tell: func(any) {}}
		out := &tracker{cfg: cfg, roomy: cfg.Roomy(), ops: ops, asks: asks, notices: make(chan *notice, 1), strict: strict, lax: strict, mail: mail{pens: newPens(codec.V311)},
			filters: filters{calls: make(map[*Op]struct{})}}
		ctx, stop := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- lasting(ctx, out) }()

		reply := make(chan error) // no room: the tracker stands still in the moment in which it answers
		declared := NewSubscribe(1, []Subscription{{Subscription: codec.Subscription{Filter: "a"}}})
		asks <- enlistment{declared, reply}
		synctest.Wait()
		later := NewQuickOp()
		require.NoError(t, later.Message.Set(&codec.Publish{Topic: "a"}))
		ops <- later
		require.NoError(t, <-reply)
		synctest.Wait()
		require.Equal(t, []*Op{declared, later}, out.free.list())
		stop(ErrClosed)
		require.ErrorIs(t, <-ended, ErrClosed)
	})
}

package actor

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// small makes op a small message.
func small(t *testing.T, op *Op, qos codec.QoS) *Op {
	t.Helper()
	p := codec.Publish{Topic: "a", QoS: qos, PacketID: uint16(qos)}
	require.NoError(t, op.Message.Set(&p))
	return op
}

// ended is a client that has ended, with a roomy outbox.
func ended(t *testing.T) *Client[struct{}] {
	t.Helper()
	c := Start(Config{
		Outbox: Bounds{16 * quickBatch, 16 * quickBatch * quickMax}, OutboxFull: OutboxWait, Offline: OfflineQueue, Tell: func(any) {},
	}, each(func(*Handout) struct{} { return struct{}{} }))
	require.NoError(t, c.Abort())
	<-c.Done()
	return c
}

// outcome waits for what is told there.
func outcome(at *Ending) Outcome {
	<-at.Told()
	return at.Outcome()
}

// A caller may be between its look at the client and its send for as long as the client takes to end.
func TestWhatIsPromisedWhileTheClientEndsIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ended(t)
		require.NoError(t, c.Offer(t.Context(), small(t, NewQuickOp(), 0)))
		require.Equal(t, Counts{Admitted: 1, NotSent: 1}, c.View().Counts)

		c.ops <- small(t, NewQuickOp(), 0) // and one whose caller hasn't come to its second look
		pending := small(t, c.NewPublish(new(Ending), false), 1)
		receipt := pending.Receipt()
		require.NoError(t, c.Offer(t.Context(), pending))
		require.ErrorIs(t, outcome(receipt.Ending).Err, ErrNotSent)
		require.Equal(t, Counts{Admitted: 3, NotSent: 3}, c.View().Counts)

		waiting := small(t, c.Record(), 1) // its caller was promised nothing
		require.NoError(t, c.Offer(t.Context(), waiting))
		require.ErrorIs(t, outcome(waiting.Ending).Err, ErrNotSent)
		require.Equal(t, Counts{Admitted: 3, NotSent: 3}, c.View().Counts)

		require.Equal(t, 3, c.Close(t.Context(), nil).(*Unfinished).NotSent)
	})
}

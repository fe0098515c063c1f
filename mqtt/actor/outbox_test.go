package actor

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestWhoWaitsAtTheDoorIsAdmittedInOrderOrTakenBack(t *testing.T) {
	e := newEngine(t, 64, func(c *Config) { c.Outbox.Messages = 1 }).connect(codec.ConnAckProperties{})
	m := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "a"}
	e.offer(5, m)
	ops := e.open.list()
	reply := make(chan bool, 1)
	for _, i := range []int{2, 4} {
		withdrawal{receipt: ops[i].Receipt(), why: context.Canceled, reply: reply}.answer(e.tracker)
		require.False(t, <-reply, "it has not left")
		require.ErrorIs(t, outcome(ops[i].Ending).Err, ErrNotSent)
	}
	for _, i := range []int{0, 1, 3} {
		require.Equal(t, opSent, ops[i].state)
		e.write()
		e.answered(&answers{gen: e.link.gen, came: e.began, list: []answer{{kind: codec.TypePubAck, id: ops[i].id}}})
		e.turn()
		require.NoError(t, outcome(ops[i].Ending).Err)
	}
	require.Zero(t, e.door.len()+e.messages+e.ids.used)
	for _, i := range []int{2, 4} {
		require.Empty(t, ops[i].told, "its outcome is told once")
	}
}

package actor

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// sent takes what leaves, and tells it packet by packet.
func (e *engine) sent() (list []string) {
	d := codec.Dialect{Version: codec.V5, From: codec.FromClient}
	for len(e.plug.out) > 0 {
		b := <-e.plug.out
		for at := 0; at < len(b.bytes); {
			f, size, err := codec.Next(b.bytes[at:], d, 0)
			require.NoError(e, err)
			switch f.Type {
			case codec.TypePublish:
				var p codec.Publish
				require.NoError(e, p.Decode(f, d))
				list = append(list, fmt.Sprintf("PUBLISH %d dup=%t", p.PacketID, p.Dup))
			case codec.TypePubRel:
				var p codec.PubRel
				require.NoError(e, p.Decode(f, d))
				list = append(list, fmt.Sprintf("PUBREL %d", p.PacketID))
			default:
				list = append(list, f.Type.String())
			}
			at += size
		}
		e.wrote(&written{b, len(b.bytes), e.began})
		e.turn()
	}
	return list
}

// hears takes an answer.
func (e *engine) hears(kind codec.Type, id uint16) {
	a := answer{kind: kind, id: id}
	if kind == codec.TypeSubAck {
		a.codes = make([]codec.ReasonCode, 1)
	}
	e.answered(&answers{gen: e.link.gen, came: e.began, list: []answer{a}})
	e.turn()
}

// A server that got a packet on the former connection may answer it on the next, before it has come again.
func TestWhatIsAnsweredBeforeItIsSentAgainIsNotSentAgain(t *testing.T) {
	e := newEngine(t, 64, nil).connect(codec.ConnAckProperties{})
	e.offer(3, &codec.Publish{QoS: codec.AtLeastOnce, Topic: "a"})
	e.offer(3, &codec.Publish{QoS: codec.ExactlyOnce, Topic: "a"})
	e.offer(1, &codec.Publish{QoS: codec.AtLeastOnce, Topic: "a"})
	require.Len(t, e.sent(), 7)
	ops := e.open.list()
	e.hears(codec.TypePubRec, 5)
	require.Equal(t, []string{"PUBREL 5"}, e.sent())
	e.down(linkDown{e.link.gen, ErrClosed})
	e.connect(codec.ConnAckProperties{ReceiveMaximum: 1})
	require.Equal(t, []string{"PUBLISH 1 dup=true"}, e.sent())

	reply := make(chan bool, 1)
	withdrawal{receipt: ops[2].Receipt(), why: context.Canceled, reply: reply}.answer(e.tracker)
	require.True(t, <-reply)
	require.ErrorIs(t, outcome(ops[2].Ending).Err, ErrUncertain)
	e.turn()
	e.hears(codec.TypePubRec, 4)
	require.Equal(t, []string{"PUBREL 4"}, e.sent())
	e.hears(codec.TypePubAck, 7)
	require.NoError(t, outcome(ops[6].Ending).Err)
	e.ids.last = 6
	call := NewSubscribe(0, []Subscription{{Subscription: codec.Subscription{Filter: "a"}}})
	e.tracker.offer(call)
	e.turn()
	require.Equal(t, []string{"SUBSCRIBE"}, e.sent())
	require.Equal(t, opSubscribe, e.ids.get(7).kind, "the identifier is in use again")
	e.hears(codec.TypePubAck, 2)
	require.NoError(t, outcome(ops[1].Ending).Err)
	require.Equal(t, []string{"PUBREL 5"}, e.sent())

	e.hears(codec.TypePubAck, 1)
	e.hears(codec.TypePubComp, 5)
	require.Equal(t, []string{"PUBLISH 6 dup=true"}, e.sent())
	e.hears(codec.TypePubRec, 6)
	require.Equal(t, []string{"PUBREL 6"}, e.sent())
	e.hears(codec.TypePubComp, 6)
	e.hears(codec.TypePubComp, 4)
	e.hears(codec.TypePubAck, 3)
	e.hears(codec.TypeSubAck, 7)
	for _, i := range []int{0, 3, 4, 5} {
		require.NoError(t, outcome(ops[i].Ending).Err, i)
	}
	require.NoError(t, outcome(call.Ending).Err)
	require.Empty(t, e.sent())
	require.Zero(t, e.messages+e.ghosts+e.ids.used+e.inUse+len(e.resend))
}

func TestWhatNeedNotBeSentAgainKeepsNothingBackFromTheStore(t *testing.T) {
	e := newEngine(t, 4, nil)
	batches := make(chan *batch, 1)
	e.tracker.to, e.tracker.open = batches, e.fresh(1)
	keep := func() {
		for len(batches) > 0 {
			e.wasKept(kept{batch: <-batches})
			e.turn()
		}
	}
	e.connect(codec.ConnAckProperties{})
	e.offer(5, &codec.Publish{QoS: codec.AtLeastOnce, Topic: "a"})
	keep()
	require.Len(t, e.sent(), 4)
	ops := e.open.list()
	e.down(linkDown{e.link.gen, ErrClosed})
	e.connect(codec.ConnAckProperties{ReceiveMaximum: 1})
	keep()
	require.Equal(t, []string{"PUBLISH 1 dup=true"}, e.sent())
	e.answered(&answers{gen: e.link.gen, came: e.began, list: []answer{{kind: codec.TypePubAck, id: 1}, {kind: codec.TypePubAck, id: 2},
		{kind: codec.TypePubAck, id: 3}, {kind: codec.TypePubAck, id: 4}}})
	e.turn()
	require.Equal(t, opStaged, ops[4].state)
	keep()
	require.Equal(t, []string{"PUBLISH 5 dup=false"}, e.sent())
}

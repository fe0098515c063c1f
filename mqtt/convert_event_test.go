package mqtt

import (
	"errors"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestEventsAreThoseOfTheDesk(t *testing.T) {
	messages, own := new(Stream), new(Stream)
	ack := ConnAck{ClientID: "c"}
	by := &teller{
		connAck: func(actor.EventConnected) ConnAck { return ack },
		stream: func(tag any) *Stream {
			if tag == "own" {
				return own
			}
			return messages
		},
	}
	cause := errors.New("cause")
	since := time.Unix(1, 0)
	m := told{3}
	for _, c := range []struct {
		desk any
		want Event
	}{
		{actor.EventConnected{Server: "s", Attempt: 2}, EventConnected{ConnAck: ack, Server: "s", Attempt: 2, told: m}},
		{actor.EventDisconnected{Err: cause, Server: "s"}, EventDisconnected{Err: cause, Server: "s", told: m}},
		{actor.EventReconnecting{Attempt: 2, Delay: time.Second, Err: cause}, EventReconnecting{Attempt: 2, Delay: time.Second, Err: cause, told: m}},
		{actor.EventOffline{}, EventOffline{m}},
		{actor.EventDrained{}, EventDrained{m}},
		{actor.EventDropped{Published: true, Count: 2}, EventDropped{Count: 2, told: m}},
		{actor.EventDropped{Count: 2}, EventDropped{Stream: messages, Count: 2, told: m}},
		{actor.EventDropped{Stream: 7, Tag: "own", Count: 2}, EventDropped{Stream: own, Count: 2, told: m}},
		{actor.EventUnclaimed{Topic: "t", Count: 2}, EventUnclaimed{Topic: "t", Count: 2, told: m}},
		{actor.EventStalled{Stream: 7, Tag: "own", Topic: "t", Since: since}, EventStalled{Stream: own, Topic: "t", Since: since, told: m}},
		{actor.EventSessionLost{Republished: 1, Uncertain: 2}, EventSessionLost{Republished: 1, Uncertain: 2, told: m}},
		{actor.EventSubscription{Grant: actor.Grant{Filter: "f", Code: codec.NotAuthorized}}, EventSubscription{Grant: Grant{Filter: "f", Code: codec.NotAuthorized}, told: m}},
		{actor.EventClosed{Err: ErrClosed}, EventClosed{Err: ErrClosed, told: m}},
	} {
		got := by.event(c.desk, 3)
		require.Equal(t, c.want, got)
		require.Equal(t, 3, got.Missed())
		switch want := c.want.(type) { // equal isn't the same
		case EventDropped:
			require.Same(t, want.Stream, got.(EventDropped).Stream)
		case EventStalled:
			require.Same(t, want.Stream, got.(EventStalled).Stream)
		}
	}
	require.Nil(t, by.event("something else", 0))
}

func TestReconnectingTellsTheDelayInItsErrorToo(t *testing.T) {
	e := (&teller{}).event(actor.EventReconnecting{Attempt: 2, Delay: time.Second, Err: &actor.AttemptError{Stage: "connack"}}, 0)
	failure, ok := errors.AsType[*ConnectError](e.(EventReconnecting).Err)
	require.True(t, ok)
	require.Equal(t, time.Second, failure.Delay)
}

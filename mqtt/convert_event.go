package mqtt

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// teller knows what the desk's events leave out.
type teller struct {
	connAck func(actor.EventConnected) ConnAck // settings.connAck of that connection
	stream  func(tag any) *Stream              // the handle of what the desk knows a stream by, that of Messages included
}

// event makes of what the desk tells what Client.Events hands out; missed went untold before it. What isn't public gives
// nil.
func (by *teller) event(event any, missed int) Event {
	t := told{missed}
	switch e := event.(type) {
	case actor.EventConnected:
		return by.connected(e, t)
	case actor.EventDisconnected:
		return EventDisconnected{Err: publicError(e.Err), Server: e.Server, told: t}
	case actor.EventReconnecting:
		return reconnecting(e, t)
	case actor.EventRedirected:
		return EventRedirected{From: e.From, To: e.To, Moved: e.ForGood, told: t}
	case actor.EventOffline:
		return EventOffline{t}
	case actor.EventDrained:
		return EventDrained{t}
	case actor.EventDropped:
		dropped := EventDropped{Count: e.Count, told: t}
		if !e.Published {
			dropped.Stream = by.stream(e.Tag)
		}
		return dropped
	case actor.EventUnclaimed:
		return EventUnclaimed{Topic: e.Topic, Count: e.Count, told: t}
	case actor.EventStalled:
		return by.stalled(e, t)
	case actor.EventSessionLost:
		return EventSessionLost{Republished: e.Republished, Uncertain: e.Uncertain, told: t}
	case actor.EventSubscription:
		return subscription(e, t)
	case actor.EventClosed:
		return EventClosed{Err: publicError(e.Err), told: t}
	}
	return nil
}

// The larger events are made in functions of their own. In one, the tracker's stack would have to hold a place for each of them, and
// stay at twice the size with every connection.

//go:noinline
func (by *teller) connected(e actor.EventConnected, t told) Event {
	return EventConnected{ConnAck: by.connAck(e), Server: e.Server, Attempt: e.Attempt, told: t}
}

//go:noinline
func reconnecting(e actor.EventReconnecting, t told) Event {
	return EventReconnecting{Attempt: e.Attempt, Delay: e.Delay, Err: withDelay(publicError(e.Err), e.Delay), told: t}
}

//go:noinline
func (by *teller) stalled(e actor.EventStalled, t told) Event {
	return EventStalled{Stream: by.stream(e.Tag), Topic: e.Topic, Since: e.Since, told: t}
}

//go:noinline
func subscription(e actor.EventSubscription, t told) Event {
	return EventSubscription{Grant: publicGrant(&e.Grant), told: t}
}

// withDelay adds to the error of an attempt, which is nobody else's yet, when the next one follows.
func withDelay(err error, delay time.Duration) error {
	if e, ok := err.(*ConnectError); ok {
		e.Delay = delay
	}
	return err
}

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
		return EventConnected{ConnAck: by.connAck(e), Server: e.Server, Attempt: e.Attempt, told: t}
	case actor.EventDisconnected:
		return EventDisconnected{Err: publicError(e.Err), Server: e.Server, told: t}
	case actor.EventReconnecting:
		return EventReconnecting{Attempt: e.Attempt, Delay: e.Delay, Err: withDelay(publicError(e.Err), e.Delay), told: t}
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
		return EventStalled{Stream: by.stream(e.Tag), Topic: e.Topic, Since: e.Since, told: t}
	case actor.EventSessionLost:
		return EventSessionLost{Republished: e.Republished, Uncertain: e.Uncertain, told: t}
	case actor.EventSubscription:
		return EventSubscription{Grant: publicGrant(&e.Grant), told: t}
	case actor.EventClosed:
		return EventClosed{Err: publicError(e.Err), told: t}
	}
	return nil
}

// withDelay adds to the error of an attempt, which is nobody else's yet, when the next one follows.
func withDelay(err error, delay time.Duration) error {
	if e, ok := err.(*ConnectError); ok {
		e.Delay = delay
	}
	return err
}

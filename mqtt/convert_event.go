package mqtt

import "github.com/sluicemq/sluice/mqtt/actor"

// publicEvent makes of what the desk tells what Client.Events hands out; missed went untold before it. stream knows the
// handle of a stream by its number, that of Messages included. EventConnected isn't the desk's alone to tell: its
// ConnAck is connack. An event that isn't public gives nil.
func publicEvent(event any, missed int, connack ConnAck, stream func(number uint64) *Stream) Event {
	t := told{missed}
	switch e := event.(type) {
	case actor.EventConnected:
		return EventConnected{ConnAck: connack, Server: e.Server, Attempt: e.Attempt, told: t}
	case actor.EventDisconnected:
		return EventDisconnected{Err: publicError(e.Err), Server: e.Server, told: t}
	case actor.EventReconnecting:
		return EventReconnecting{Attempt: e.Attempt, Delay: e.Delay, Err: publicError(e.Err), told: t}
	case actor.EventOffline:
		return EventOffline{t}
	case actor.EventDrained:
		return EventDrained{t}
	case actor.EventDropped:
		dropped := EventDropped{Count: e.Count, told: t}
		if !e.Published {
			dropped.Stream = stream(e.Stream)
		}
		return dropped
	case actor.EventUnclaimed:
		return EventUnclaimed{Topic: e.Topic, Count: e.Count, told: t}
	case actor.EventStalled:
		return EventStalled{Stream: stream(e.Stream), Topic: e.Topic, Since: e.Since, told: t}
	case actor.EventSessionLost:
		return EventSessionLost{Republished: e.Republished, Uncertain: e.Uncertain, told: t}
	case actor.EventSubscription:
		return EventSubscription{Grant: publicGrant(&e.Grant), told: t}
	case actor.EventClosed:
		return EventClosed{Err: publicError(e.Err), told: t}
	}
	return nil
}

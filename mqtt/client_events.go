package mqtt

import "github.com/sluicemq/sluice/mqtt/actor"

// eventsKept is how many events wait for a reader.
const eventsKept = 64

// eventQueue is the channel of Events with its one sender, which runs on the desk's process and so never waits.
type eventQueue struct {
	out    chan Event
	teller teller
}

func newEventQueue(c *Client) *eventQueue {
	return &eventQueue{out: make(chan Event, eventsKept), teller: teller{connAck: c.connAckOf, stream: c.streamOf}}
}

// tell hands an event out. When nobody reads, the oldest goes.
func (q *eventQueue) tell(event any) {
	e := q.teller.event(event, 0)
	if e == nil {
		return
	}
	select {
	case q.out <- e:
	default:
		q.crowd(e)
	}
	if _, last := event.(actor.EventClosed); last {
		close(q.out)
	}
}

// crowd takes the oldest event out for e, and has the next one count it. Nobody else sends, so what is put back fits.
func (q *eventQueue) crowd(e Event) {
	waiting := make([]Event, 0, eventsKept+1)
	for range eventsKept {
		select {
		case old := <-q.out:
			waiting = append(waiting, old)
		default:
		}
	}
	waiting = append(waiting, e)
	if len(waiting) > eventsKept {
		missed := waiting[0].Missed() + 1
		waiting = waiting[1:]
		waiting[0] = withMissed(waiting[0], missed+waiting[0].Missed())
	}
	for _, e := range waiting {
		q.out <- e
	}
}

// withMissed is e with another count of what went untold before it.
func withMissed(e Event, missed int) Event {
	t := told{missed}
	switch e := e.(type) {
	case EventConnected:
		e.told = t
		return e
	case EventDisconnected:
		e.told = t
		return e
	case EventReconnecting:
		e.told = t
		return e
	case EventOffline:
		return EventOffline{t}
	case EventDrained:
		return EventDrained{t}
	case EventDropped:
		e.told = t
		return e
	case EventUnclaimed:
		e.told = t
		return e
	case EventStalled:
		e.told = t
		return e
	case EventSessionLost:
		e.told = t
		return e
	case EventSubscription:
		e.told = t
		return e
	case EventClosed:
		e.told = t
		return e
	}
	return e
}

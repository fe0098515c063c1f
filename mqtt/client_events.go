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

// crowd takes the oldest event out for e, and has the next one count it. Nobody else sends, so what is put back fits. A reader
// that takes one meanwhile has what came after those that are out already: they can't be put back behind it, and go, too.
func (q *eventQueue) crowd(e Event) {
	waiting, missed := make([]Event, 0, eventsKept+1), 0
	for left := eventsKept; left > 0; {
		select {
		case old := <-q.out:
			waiting = append(waiting, old)
			left--
		default:
		}
		if n := len(q.out); n < left {
			missed += count(waiting)
			waiting, left = waiting[:0], n
		}
	}
	if waiting = append(waiting, e); len(waiting) > eventsKept {
		missed += count(waiting[:1])
		waiting = waiting[1:]
	}
	if missed > 0 {
		waiting[0] = withMissed(waiting[0], missed+waiting[0].Missed())
	}
	for _, e := range waiting {
		q.out <- e
	}
}

// count is how many events go untold when these do.
func count(gone []Event) (n int) {
	for _, e := range gone {
		n += 1 + e.Missed()
	}
	return n
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
	case EventRedirected:
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

package mqtt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// A reader that comes and goes beside a crowded queue sees events in order, and each is told or counted.
func TestEventsKeepTheirOrderBesideAReader(t *testing.T) {
	const all = 100_000
	q := &eventQueue{out: make(chan Event, eventsKept)}
	go func() {
		for i := range all {
			q.tell(actor.EventReconnecting{Attempt: i + 1})
		}
		q.tell(actor.EventClosed{})
	}()
	last, told, missed := 0, 0, 0
	for e := range q.out {
		missed += e.Missed()
		told++
		if r, ok := e.(EventReconnecting); ok {
			require.Greater(t, r.Attempt, last)
			last = r.Attempt
		}
	}
	require.Equal(t, all+1, told+missed)
}

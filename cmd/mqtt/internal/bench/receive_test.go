package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// counting is a receiver with a ledger to count in.
func counting(run uint64, limit *budget) (*receiver, *ledger) {
	l := newLedger(newClock(), 1, func() int64 { return 0 }, nil)
	l.begin()
	r := newReceiver(nil, run, nil)
	r.place = place{l.counter(0), l.clock, limit}
	return r, l
}

// published has r count a message.
func published(r *receiver, s stamp) {
	p := newPayload(stampSize, s)
	number(p, int(s.number), s.due)
	r.count(&mqtt.Received{Message: mqtt.Message{Payload: p}})
}

func TestAReceiverCountsEachPublisherByItself(t *testing.T) {
	r, l := counting(5, nil)
	for _, s := range []stamp{
		{publisher: 0, number: 0}, {publisher: 1, number: 0}, {publisher: 0, number: 1}, {publisher: 1, number: 2},
		{publisher: 1, number: 1}, {publisher: 0, number: 1}, {publisher: 0, number: 4},
	} {
		s.run, s.due = 5, l.clock.unix(0)
		published(r, s)
	}
	published(r, stamp{run: 6, number: 9})             // another run's
	published(r, stamp{run: 5, number: 9, warm: true}) // the warm-up's
	l.finish()
	require.Equal(t, counts{Received: 7, Lost: 2, Duplicated: 1, Reordered: 1}, l.sum)
	require.Equal(t, int64(6), l.soFar())
	require.Equal(t, int64(7), l.total.TotalCount())
	require.Equal(t, int64(1+2+3), r.missing([]uint64{6, 5, 3}), "publisher 2 was never heard of")
}

func TestAReceiverOfAnyRunBeginsInTheMiddle(t *testing.T) {
	r, l := counting(0, nil)
	published(r, stamp{run: 1, number: 1000, due: l.clock.unix(0)})
	published(r, stamp{run: 2, number: 50, due: l.clock.unix(0)})
	published(r, stamp{run: 1, number: 1002, due: l.clock.unix(0)})
	published(r, stamp{run: 1, number: 1003, due: l.clock.unix(time.Hour)}) // its clock is ahead
	r.count(&mqtt.Received{Message: mqtt.Message{Payload: []byte("21.5")}})
	l.finish()
	require.Equal(t, counts{Received: 5, Lost: 1, Foreign: 1, Skewed: 1}, l.sum)
	require.Equal(t, int64(4), l.total.TotalCount())
}

func TestNoMoreCountThanTheBudgetHas(t *testing.T) {
	limit := newBudget(3)
	r, l := counting(5, limit)
	for n := range uint64(5) {
		published(r, stamp{run: 5, number: n, due: l.clock.unix(0)})
	}
	l.finish()
	require.Equal(t, counts{Received: 3}, l.sum)
	<-limit.spent()
}

func TestFiltersOfAllPublishers(t *testing.T) {
	for topic, want := range map[string][]string{
		"a/%c/b": {"a/+/b"},
		"a/b":    {"a/b"},
		"%c":     {"+"},
		"a/x%c":  {"a/x0", "a/x1", "a/x2"},
	} {
		require.Equal(t, want, (&options{topic: topic}).filtersOf(3), topic)
	}
}

// Those are as many as came of what was published, which the end waits for.
func TestMessagesOfOthersAreNoneOfOurs(t *testing.T) {
	r, l := counting(5, nil)
	published(r, stamp{run: 5, number: 0, due: l.clock.unix(0)})
	r.count(&mqtt.Received{Message: mqtt.Message{Payload: []byte("21.5")}})
	l.finish()
	require.Equal(t, counts{Received: 2, Foreign: 1}, l.sum)
	require.Equal(t, int64(1), l.soFar())
}

func TestWhatTheServerHadRetainedCountsForNothing(t *testing.T) {
	for _, run := range []uint64{0, 5} {
		r, l := counting(run, nil)
		p := newPayload(stampSize, stamp{run: 5})
		number(p, 7, l.clock.unix(-time.Hour))
		r.count(&mqtt.Received{Message: mqtt.Message{Payload: p, Retain: true}})
		r.count(&mqtt.Received{Message: mqtt.Message{Payload: []byte("21.5"), Retain: true}})
		l.finish()
		require.Equal(t, counts{}, l.sum)
	}
}

// Of its numbers only the server knows who else got the others.
func TestAReceiverOfASharedSubscriptionKnowsOfNoneThatIsLost(t *testing.T) {
	r, l := counting(0, nil)
	r.shared = true
	for _, n := range []uint64{10, 17, 14, 14} {
		published(r, stamp{run: 1, number: n, due: l.clock.unix(0)})
	}
	l.finish()
	require.Equal(t, counts{Received: 4}, l.sum)
	require.Equal(t, int64(4), l.total.TotalCount())
}

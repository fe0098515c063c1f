package actor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBranch(t *testing.T) {
	lent := func() (*branch, chan []item) {
		work := make(chan []item, 1)
		work <- make([]item, 3)
		return &branch{work: work, unread: work, running: true, lent: 3}, work
	}
	t.Run("a recall never waits: it takes back what the stream has not read", func(t *testing.T) {
		b, work := lent()
		b.recall()
		b.recall()
		require.Nil(t, <-work)
		require.Empty(t, work)
		require.False(t, b.idle())
	})
	t.Run("a closed stream isn't given what it has not read", func(t *testing.T) {
		b, work := lent()
		b.stop()
		_, open := <-work
		require.False(t, open)
	})
	t.Run("nor one that was being recalled", func(t *testing.T) {
		b, work := lent()
		b.recall()
		b.stop()
		require.Nil(t, <-work)
		_, open := <-work
		require.False(t, open)
	})
}

func TestStreamConfig(t *testing.T) {
	_, in := newDispatcher(settings(), each(newMessage), nil, nil, nil)
	for _, c := range []struct {
		name string
		cfg  StreamConfig
		room Bounds
		over Overflow
		ack  AckMode
	}{
		{"zero fields are the client's", StreamConfig{}, Bounds{4, 400}, OverflowHold, AckOnTake},
		{"each for itself", StreamConfig{Inbox: Bounds{Bytes: 9}, Ack: AckManual}, Bounds{4, 9}, OverflowHold, AckManual},
		{"all its own", StreamConfig{Inbox: Bounds{1, 2}, Overflow: OverflowDropOldest, Ack: AckManual}, Bounds{1, 2}, OverflowDropOldest, AckManual},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := newStream(in, c.cfg, nil)
			require.Equal(t, c.room, b.inbox.room)
			require.Equal(t, c.over, b.overflow)
			require.Equal(t, c.ack, b.ack)
		})
	}
}

package actor

import (
	"strings"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestRoomForQoS0(t *testing.T) {
	bubble(t, "contract 12: Hold stops reading when something doesn't fit, and drops nothing", settings(), func(r *rig) {
		r.up(codec.V5, false)
		require.True(r, r.arrive(q0("a", "1"), q0("a", "2"), q0("a", "3"), q0("a", "4")))
		require.False(r, r.held, "it is full, and nothing has to wait")
		require.True(r, r.arrive(q0("a", "5"), q0("a", "6"), q1("a", 7)))
		require.True(r, r.held)
		require.False(r, r.arrive(q0("a", "never read")))
		require.True(r, r.in.Stats().Held)
		require.Equal(r, 4, r.in.Stats().Streams[0].Depth.Messages)
		r.take(r.messages.Out(), "a=1")
		require.True(r, r.look().held)
		r.take(r.messages.Out(), "a=2")
		require.False(r, r.look().held)
		r.take(r.messages.Out(), "a=3", "a=4", "a=5", "a=6", "a=7")
		require.True(r, r.arrive(q0("a", "8")))
		r.take(r.messages.Out(), "a=8")
		r.tells()
	})
	bubble(t, "contract 12: while an answer is owed the newest are dropped and counted", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q0("a", "1"), q0("a", "2"), q0("a", "3"), q0("a", "4"), q0("a", "5"), q1("a", 6), q0("a", "7"))
		require.True(r, r.held)
		r.note(notice{answerOwed: true})
		require.False(r, r.held)
		require.True(r, r.arrive(q0("a", "8"), q1("a", 9)))
		r.tells(EventDropped{Count: 2}, EventDropped{Count: 1})
		require.EqualValues(r, 3, r.in.Stats().Dropped)
		require.EqualValues(r, 3, r.stats(0).Dropped)
		r.note(notice{})
		r.arrive(q0("a", "10"))
		require.True(r, r.held)
		r.take(r.messages.Out(), "a=1", "a=2", "a=3", "a=4", "a=6", "a=9", "a=10")
		require.False(r, r.look().held)
	})
	bubble(t, "B154 DropNewest never holds", with(func(c *inboundConfig) { c.overflow = OverflowDropNewest }), func(r *rig) {
		r.up(codec.V5, false)
		for p := range strings.FieldsSeq("1 2 3 4 5 6 7") {
			require.True(r, r.arrive(q0("a", p)))
		}
		r.take(r.messages.Out(), "a=1", "a=2", "a=3", "a=4")
		r.nothing(r.messages.Out())
		r.tells(EventDropped{Count: 1}, EventDropped{Count: 1}, EventDropped{Count: 1})
	})
	bubble(t, "B154 DropOldest keeps the newest, also of what the stream had been lent; QoS 1 stays", with(func(c *inboundConfig) { c.overflow = OverflowDropOldest }), func(r *rig) {
		r.up(codec.V5, false)
		require.True(r, r.arrive(q0("a", "1"), q1("a", 100), q0("a", "2"), q0("a", "3")))
		require.True(r, r.arrive(q0("a", "4"), q0("a", "5"), q0("a", "6"), q0("a", "7"), q1("a", 101)))
		require.False(r, r.held)
		r.take(r.messages.Out(), "a=100", "a=4", "a=5", "a=6", "a=7", "a=101")
		r.nothing(r.messages.Out())
		require.EqualValues(r, 3, r.stats(0).Dropped)
		require.Zero(r, r.in.Stats().Bytes)
		r.tells(EventDropped{Count: 3})
	})
	bubble(t, "a policy is each stream's own; the others get the message", settings(), func(r *rig) {
		newest := r.declare(StreamConfig{Inbox: Bounds{Messages: 1}, Overflow: OverflowDropNewest}, "a")
		oldest := r.declare(StreamConfig{Inbox: Bounds{Messages: 1}, Overflow: OverflowDropOldest}, "a")
		hold := r.declare(StreamConfig{Inbox: Bounds{Messages: 2}}, "#")
		r.up(codec.V5, false)
		r.arrive(q0("a", "1"), q0("a", "2"), q0("a", "3"), q0("other", "4"))
		require.True(r, r.held)
		r.take(newest.Out(), "a=1")
		r.take(oldest.Out(), "a=2")
		r.take(hold.Out(), "a=1")
		require.True(r, r.look().held, "4 doesn't fit")
		r.take(newest.Out(), "a=3")
		r.take(oldest.Out(), "a=3")
		r.take(hold.Out(), "a=2", "a=3", "other=4")
		require.False(r, r.look().held)
		r.tells(EventDropped{Stream: newest.Number(), Count: 1}, EventDropped{Stream: oldest.Number(), Count: 1})
	})
	bubble(t, "what two streams get is received once, and taken and dropped by each", with(func(c *inboundConfig) {
		c.overflow, c.inbox.Messages = OverflowDropNewest, 1
	}), func(r *rig) {
		one, all := r.declare(StreamConfig{}, "a"), r.declare(StreamConfig{}, "#")
		r.up(codec.V5, false)
		r.arrive(q0("a", "1"), q0("a", "2"))
		r.take(one.Out(), "a=1")
		r.take(all.Out(), "a=1")
		r.look()
		s := r.in.Stats()
		require.Equal(r, []uint64{2, 2, 2}, []uint64{s.Received, s.Taken, s.Dropped})
	})
	bubble(t, "bytes bound as messages do; one that is larger than the room passes alone", settings(), func(r *rig) {
		r.up(codec.V5, false)
		large := strings.Repeat("x", 1000)
		r.arrive(q0("a", large), q0("a", "2"))
		require.True(r, r.held)
		require.Equal(r, Bounds{1, 1001}, r.stats(0).Depth)
		r.take(r.messages.Out(), "a="+large, "a=2")
		require.False(r, r.look().held)
	})
	bubble(t, "properties count", settings(), func(r *rig) {
		r.up(codec.V5, false)
		m := q0("a", "")
		m.publish.Properties = &codec.PublishProperties{UserProperties: []codec.UserProperty{{Key: strings.Repeat("k", 200), Value: strings.Repeat("v", 166)}}, CorrelationData: []byte("1"), ContentType: "2", ResponseTopic: "3"}
		r.arrive(q0("b", ""), m)
		require.True(r, r.held)
		r.take(r.messages.Out(), "b=")
		r.look()
		require.Equal(r, 402, r.in.Stats().Bytes)
	})
	bubble(t, "contract 20: User Properties without text count, for they take memory", settings(), func(r *rig) {
		r.up(codec.V5, false)
		m := q0("a", "")
		m.publish.Properties = &codec.PublishProperties{UserProperties: make([]codec.UserProperty, 10)}
		r.arrive(m, m)
		require.True(r, r.held)
		require.Equal(r, 1+10*userPropertySize, r.in.Stats().Bytes)
		q := q1("a", 1)
		q.publish.Properties = &codec.PublishProperties{UserProperties: make([]codec.UserProperty, 1000)}
		r.take(r.messages.Out(), "a=", "a=")
		r.arrive(q, q1("a", 2))
		require.True(r, r.held, "beyond InboxHard")
	})
	bubble(t, "what waited for room when the connection ended is kept beyond the room: nobody sends it again", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q0("a", "1"), q0("a", "2"), q0("a", "3"), q0("a", "4"), q0("a", "5"), q1("a", 6), rel(7), q0("a", "8"))
		require.True(r, r.held)
		r.down()
		r.up(codec.V5, true)
		require.False(r, r.look().held)
		require.Equal(r, 6, r.stats(0).Depth.Messages)
		r.take(r.messages.Out(), "a=1", "a=2", "a=3", "a=4", "a=5", "a=8")
		r.nothing(r.messages.Out())
		r.owes()
	})
}

func TestRoomForQoS1And2(t *testing.T) {
	bubble(t, "B154 on 3.x reading waits at Receive Maximum unacknowledged, and goes on with an acknowledgement", settings(), func(r *rig) {
		r.up(codec.V311, false)
		r.arrive(q1("a", 1), q2("a", 2), q1("a", 3), q1("a", 4), q1("a", 5), q1("a", 6))
		require.True(r, r.held)
		require.False(r, r.arrive(q1("a", 7)))
		require.Equal(r, 4, r.in.Stats().Unacknowledged)
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
		require.True(r, r.held)
		r.take(r.messages.Out(), "a=2")
		r.owes("rec 2")
		require.False(r, r.held)
		r.take(r.messages.Out(), "a=3", "a=4", "a=5", "a=6")
		r.owes("ack 3", "ack 4", "ack 5", "ack 6")
	})
	bubble(t, "contract 12: on 3.x, while an answer is owed, InboxHard is the bound; beyond the connection ends", settings(), func(r *rig) {
		r.up(codec.V311, false)
		r.note(notice{answerOwed: true})
		for id := range uint16(8) {
			require.True(r, r.arrive(q1("a", id+1)))
		}
		require.False(r, r.held)
		require.NoError(r, r.fault)
		r.arrive(q1("a", 9))
		require.ErrorIs(r, r.fault, ErrInboundOverrun)
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
	})
	bubble(t, "contract 12: on 5.0 the bytes of InboxHard hold reading, and end the connection while an answer is owed", settings(), func(r *rig) {
		r.up(codec.V5, false)
		big := q1("a", 1)
		big.publish.Payload = make([]byte, 799)
		r.arrive(big)
		require.False(r, r.held)
		r.arrive(q1("a", 2))
		require.True(r, r.held)
		require.NoError(r, r.fault)
		r.note(notice{answerOwed: true})
		require.ErrorIs(r, r.fault, ErrInboundOverrun)
	})
	bubble(t, "3.x: what former connections left takes room", manual(), func(r *rig) {
		r.up(codec.V311, false)
		r.arrive(q2("a", 1), q2("a", 2), q2("a", 3))
		one := r.take(r.messages.Out(), "a=1")
		r.take(r.messages.Out(), "a=2", "a=3")
		r.down()
		r.up(codec.V311, true)
		r.arrive(q1("b", 9), q1("b", 10))
		require.True(r, r.held)
		r.take(r.messages.Out(), "b=9")
		r.nothing(r.messages.Out())
		one.ticket.Answer(codec.Success, nil)
		require.False(r, r.look().held)
		r.take(r.messages.Out(), "b=10")
	})
	for _, v := range []codec.Version{codec.V311, codec.V5} {
		bubble(t, "contract 20: QoS 2 messages that the server releases before the application has them take room: "+v.String(), with(func(c *inboundConfig) {
			c.hard = Bounds{100, 1 << 30}
		}), func(r *rig) {
			r.up(v, false)
			var list []arrival
			for range mostEntries + 10 {
				list = append(list, q2("a", 1), rel(1))
			}
			r.arrive(list...)
			require.True(r, r.held)
			require.Equal(r, 4, r.stats(0).Depth.Messages)
			r.take(r.messages.Out(), "a=1")
			require.Equal(r, 4, r.stats(0).Depth.Messages, "one was taken, and another came in")
			r.note(notice{answerOwed: true})
			require.ErrorIs(r, r.fault, ErrInboundOverrun)
		})
	}
	bubble(t, "a refusal that comes before the word that the message was taken leaves no room taken", manual(), func(r *rig) {
		r.up(codec.V5, false)
		for id := range uint16(50) {
			list := []arrival{q2("a", id+1), q1("a", id+101)}
			r.arriving <- arrivals{gen: r.link.gen, list: &list}
			for range 2 {
				m := <-r.messages.Out()
				require.NoError(r, m.ticket.Answer(codec.QuotaExceeded, nil))
			}
			require.Zero(r, r.look().census())
		}
	})
	bubble(t, "a QoS 2 message repeated for ever doesn't grow without bound", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 1))
		var list []arrival
		for range mostEntries {
			list = append(list, dup(q2("a", 1)))
		}
		r.arrive(list...)
		require.ErrorIs(r, r.fault, ErrInboundOverrun)
	})
}

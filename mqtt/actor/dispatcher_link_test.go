package actor

import (
	"context"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestConnections(t *testing.T) {
	bubble(t, "B155 acknowledging a message of a former connection does nothing; it comes again as Redelivered", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2))
		old := r.take(r.messages.Out(), "a=1")
		require.False(r, old.again)
		r.down()
		r.look()
		require.ErrorIs(r, old.ticket.Answer(codec.Success, nil), ErrStale)
		r.up(codec.V5, true)
		require.ErrorIs(r, old.ticket.Answer(codec.Success, nil), ErrStale)
		r.arrive(dup(q1("a", 1)), dup(q1("a", 2)))
		again := r.take(r.messages.Out(), "a=1")
		require.True(r, again.again)
		fresh := r.take(r.messages.Out(), "a=2")
		require.False(r, fresh.again, "it was never handed out")
		r.nothing(r.messages.Out())
		again.ticket.Answer(codec.Success, nil)
		r.owes("ack 1")
	})
	bubble(t, "an identifier that the server uses for another message isn't Redelivered", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		r.take(r.messages.Out(), "a=1")
		r.down()
		r.up(codec.V5, true)
		r.arrive(q1("b", 1))
		require.False(r, r.take(r.messages.Out(), "b=1").again)
		r.down()
		r.up(codec.V5, true)
		r.arrive(dup(q1("b", 1)))
		require.True(r, r.take(r.messages.Out(), "b=1").again)
	})
	bubble(t, "what was taken but never acknowledged, because it waited behind another, comes again as Redelivered", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2))
		s := r.declare(StreamConfig{}, "a")
		m := r.take(s.Each(), "a=1")
		r.take(s.Out(), "a=2")
		r.owes()
		r.down()
		r.up(codec.V5, true)
		_ = m
		r.arrive(dup(q1("a", 1)), dup(q1("a", 2)))
		require.True(r, r.take(s.Out(), "a=1").again)
		require.True(r, r.take(s.Out(), "a=2").again)
	})
	bubble(t, "an acknowledgement that the tracker didn't take is void, and the message known when it comes again", settings(), func(r *rig) {
		r.up(codec.V5, false)
		list := []arrival{q1("a", 1)}
		r.arriving <- arrivals{gen: r.link.gen, list: &list}
		require.Equal(r, "a=1", (<-r.messages.Out()).text)
		for r.in.Stats().Owed == 0 {
			elapse(time.Millisecond)
		}
		r.down()
		r.up(codec.V5, true)
		r.owes()
		r.arrive(dup(q1("a", 1)))
		require.True(r, r.take(r.messages.Out(), "a=1").again)
		r.owes("ack 1")
	})
	bubble(t, "session kept: QoS 1 that wasn't taken is removed, from inbox and stream; the rest stays in order", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "idle")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q0("a", "x"), q2("a", 2), q1("a", 3), q1("idle", 4))
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
		r.down()
		require.Equal(r, 3, r.census(), "2, 3, 4")
		r.up(codec.V5, true)
		r.arrive(dup(q2("a", 2)), dup(q1("a", 3)), dup(q1("idle", 4)))
		r.take(r.messages.Out(), "a=x", "a=2", "a=3")
		r.nothing(r.messages.Out())
		r.take(s.Out(), "idle=4")
		r.nothing(s.Out())
		r.owes("rec 2", "ack 3", "ack 4")
		require.Zero(r, r.in.Stats().Unacknowledged)
	})
	bubble(t, "session lost: what waits stays and is handed out, its tickets are stale", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q2("a", 2), q1("a", 3))
		r.down()
		r.up(codec.V5, false)
		r.arrive(q1("b", 1))
		require.Equal(r, 4, r.in.Stats().Unacknowledged)
		one := r.take(r.messages.Each(), "a=1")
		two := r.take(r.messages.Each(), "a=2")
		require.ErrorIs(r, one.ticket.Answer(codec.Success, nil), ErrStale)
		require.ErrorIs(r, two.ticket.Answer(codec.Success, nil), ErrStale)
		r.take(r.messages.Out(), "a=3")
		r.owes()
		r.take(r.messages.Out(), "b=1")
		r.owes("ack 1")
	})
	for _, then := range []string{"offline", "session kept", "session lost"} {
		bubble(t, "a stream that waited for others' acknowledgements goes on without them: "+then, manual(), func(r *rig) {
			slow, waiting := r.declare(StreamConfig{}, "slow"), r.declare(StreamConfig{}, "waiting")
			r.up(codec.V311, false)
			r.note(notice{answerOwed: true}) // else no more than Receive Maximum come
			r.arrive(q1("slow", 1), q1("slow", 2), q1("slow", 3), q1("slow", 4), q2("waiting", 5))
			r.take(slow.Out(), "slow=1", "slow=2", "slow=3", "slow=4")
			r.nothing(waiting.Out())
			r.down()
			if then != "offline" {
				r.up(codec.V311, then == "session kept")
			}
			r.take(waiting.Out(), "waiting=5")
		})
	}
	bubble(t, "what a resumed session has left with one stream waits for another: it doesn't wait for itself", with(func(c *inboundConfig) {
		c.hard.Messages = 9
	}), func(r *rig) {
		slow := r.declare(StreamConfig{Ack: AckManual}, "slow")
		one, both := r.declare(StreamConfig{}, "a/#"), r.declare(StreamConfig{}, "+/x")
		r.up(codec.V311, false)
		r.note(notice{answerOwed: true}) // else no more than Receive Maximum come
		r.arrive(q2("slow", 1), q2("slow", 2), q2("slow", 3), q2("slow", 4), q0("b/x", "lent"), q2("b/x", 5), q2("a/x", 6), q2("a/x", 7), q2("a/x", 8), q2("a/x", 9))
		var unanswered []*message
		for range 4 {
			unanswered = append(unanswered, r.next(slow.Out()))
		}
		r.down()
		r.up(codec.V311, true)
		r.look()
		for _, m := range unanswered {
			require.NoError(r, m.ticket.Answer(codec.Success, nil))
		}
		r.take(one.Out(), "a/x=6", "a/x=7", "a/x=8", "a/x=9")
		r.take(both.Out(), "b/x=lent", "b/x=5", "a/x=6", "a/x=7", "a/x=8", "a/x=9")
	})
	bubble(t, "two losses later the copies of the first session aren't removed", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		r.down()
		r.up(codec.V5, false)
		r.arrive(q1("a", 2))
		r.down()
		r.up(codec.V5, true)
		r.arrive(dup(q1("a", 2)))
		r.take(r.messages.Out(), "a=1", "a=2")
		r.nothing(r.messages.Out())
	})
	bubble(t, "what arrives for another connection is dropped", settings(), func(r *rig) {
		list := []arrival{q0("a", "early")}
		r.arriving <- arrivals{gen: 1, list: &list}
		r.up(codec.V5, false)
		r.up(codec.V5, false)
		old := []arrival{q1("a", 1)}
		r.arriving <- arrivals{gen: 1, list: &old}
		r.nothing(r.messages.Out())
		r.owes()
	})
	bubble(t, "a linkDown of another connection does nothing", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		r.in.inquiries <- linkDown{gen: 99}
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
	})
	bubble(t, "contract 13 and census: what is with the application counts until it is acknowledged", manual(), func(r *rig) {
		r.up(codec.V5, false)
		require.Zero(r, r.census())
		r.arrive(q1("a", 1), q2("a", 2), q2("a", 3))
		r.take(r.messages.Out(), "a=1")
		m := r.take(r.messages.Out(), "a=2")
		require.Equal(r, 3, r.census())
		r.down()
		require.Equal(r, 2, r.census(), "nothing tells of 1 any more")
		m.ticket.Answer(codec.Success, nil)
		require.Equal(r, 1, r.look().census())
		r.up(codec.V5, true)
		r.arrive(dup(q2("a", 3)))
		require.Equal(r, 1, r.in.Stats().Unacknowledged)
	})
	bubble(t, "a given back QoS 1 message isn't offered any more when the server sends it again", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q2("a", 3))
		one := r.take(r.messages.Each(), "a=1")
		two := r.take(r.messages.Each(), "a=2")
		three := r.take(r.messages.Each(), "a=3")
		r.messages.GiveBack(one, one.ticket)
		r.messages.GiveBack(three, three.ticket)
		r.down()
		r.up(codec.V5, true)
		r.look()
		r.messages.GiveBack(two, two.ticket)
		r.arrive(dup(q1("a", 1)), dup(q1("a", 2)))
		r.take(r.messages.Out(), "a=3")
		require.True(r, r.take(r.messages.Out(), "a=1").again)
		require.True(r, r.take(r.messages.Out(), "a=2").again)
		r.nothing(r.messages.Out())
	})
	bubble(t, "a waiting QoS 2 message that the server repeats is delivered once, and counted once", settings(), func(r *rig) {
		r.up(codec.V311, false)
		r.arrive(q2("a", 1), q2("a", 2))
		r.down()
		require.Equal(r, 2, r.census())
		r.up(codec.V311, true)
		require.Equal(r, 2, r.census())
		r.arrive(dup(q2("a", 1)), dup(q2("a", 2)))
		require.Equal(r, 2, r.census())
		r.take(r.messages.Out(), "a=1", "a=2")
		r.nothing(r.messages.Out())
		r.owes("rec 1", "rec 2")
		require.Zero(r, r.census())
	})
}

func TestEnding(t *testing.T) {
	bubble(t, "B156 every channel is closed once, and nothing is left", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "s")
		idle := r.declare(StreamConfig{}, "idle")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("s", 2), q0("s", "x"))
		m := r.take(s.Each(), "s=2")
		r.look()
		r.end()
		for _, c := range []<-chan *message{r.messages.Out(), r.messages.Each(), s.Out(), s.Each(), idle.Out(), idle.Each()} {
			_, open := <-c
			require.False(r, open)
		}
		require.ErrorIs(r, m.ticket.Answer(codec.Success, nil), ErrStale)
		s.GiveBack(m, m.ticket)
		require.NoError(r, s.Close(r.Context()))
		r.in.Claim()
		_, err := r.in.Declare(StreamConfig{}, []string{"x"})
		require.ErrorIs(r, err, ErrClosed)
		last := r.in.Stats()
		require.Equal(r, 2, last.Unacknowledged)
		require.EqualValues(r, 1, last.Taken)
		require.Len(r, last.Streams, 3)
	})
	bubble(t, "a QoS 2 ticket says ErrClosed after the end", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 1))
		m := r.take(r.messages.Each(), "a=1")
		r.end()
		require.ErrorIs(r, m.ticket.Answer(codec.Success, nil), ErrClosed)
	})
	bubble(t, "the last counts have what was taken and not reported yet", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q0("a", "1"), q0("a", "2"))
		<-r.messages.Out()
		<-r.messages.Out()
		r.end()
		require.EqualValues(r, 2, r.in.Stats().Taken)
	})
	bubble(t, "contract 18: closing drops what arrives, holds nothing, and tells when all that was acknowledged is told", settings(), func(r *rig) {
		s := r.declare(StreamConfig{Ack: AckManual}, "s")
		r.up(codec.V311, false)
		h := r.declare(StreamConfig{Inbox: Bounds{1, 100}}, "h")
		r.arrive(q1("a", 1), q1("s", 2), q1("s", 3), q2("a", 4), q0("h", "1"))
		require.True(r, r.arrive(q0("h", "2")))
		require.True(r, r.look().held)
		m := r.take(s.Out(), "s=2")
		m.ticket.Answer(codec.Success, nil)
		r.owes()
		require.Equal(r, "a=1", (<-r.messages.Out()).text)
		r.note(notice{closing: true})
		require.True(r, r.settled)
		require.False(r, r.held)
		r.owes("ack 1", "ack 2")
		r.take(h.Out(), "h=1")
		r.nothing(h.Out())
		require.True(r, r.arrive(q1("a", 6), q0("a", "x"), rel(4)))
		require.True(r, r.arrive(q1("a", 7)))
		r.owes()
		r.take(r.messages.Out(), "a=4")
		r.nothing(r.messages.Out())
		r.down()
		r.end()
		require.Equal(r, 1, r.in.Stats().Unacknowledged, "3; the application has had 4")
	})
	bubble(t, "closing without anything is settled at once, also offline", settings(), func(r *rig) {
		r.note(notice{closing: true})
		require.True(r, r.settled)
		r.settled = false
		r.note(notice{closing: true, answerOwed: true})
		require.False(r, r.settled, "once")
	})
	bubble(t, "the end is told by its cause", settings(), func(r *rig) {
		ctx, stop := context.WithCancelCause(r.Context())
		d, _ := newDispatcher(settings(), each(newMessage), nil, nil, nil)
		stop(ErrClosed)
		require.ErrorIs(r, d.run(ctx), ErrClosed)
	})
}

package actor

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestStreams(t *testing.T) {
	bubble(t, "B158 overlapping filters: each stream once, the rest to Messages", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a/#", "a/+", "a/b")
		u := r.declare(StreamConfig{}, "+/b")
		r.up(codec.V5, false)
		r.arrive(q1("a/b", 1), q0("c", "2"))
		r.take(s.Out(), "a/b=1")
		r.nothing(s.Out())
		r.owes()
		r.take(u.Out(), "a/b=1")
		r.nothing(u.Out())
		r.owes("ack 1")
		r.take(r.messages.Out(), "c=2")
		r.nothing(r.messages.Out())
	})
	bubble(t, "what several streams get is each one's own", settings(), func(r *rig) {
		s, u := r.declare(StreamConfig{}, "a"), r.declare(StreamConfig{}, "#")
		r.up(codec.V5, false)
		m := q0("a", "payload")
		m.publish.Properties = &codec.PublishProperties{CorrelationData: []byte("c"), UserProperties: []codec.UserProperty{{Key: "k"}}, SubscriptionIdentifiers: []uint32{1}}
		var got []codec.Publish
		collect := func(b *branch) {
			for it := range b.inbox.all {
				got = append(got, it.publish)
			}
		}
		r.arrive(m)
		r.end()
		collect(r.d.streams[s.Number()])
		collect(r.d.streams[u.Number()])
		require.Len(r, got, 2)
		require.Equal(r, got[0], got[1])
		for _, at := range []func(*codec.Publish) any{
			func(p *codec.Publish) any { return &p.Payload[0] },
			func(p *codec.Publish) any { return &p.Properties.CorrelationData[0] },
			func(p *codec.Publish) any { return &p.Properties.UserProperties[0] },
			func(p *codec.Publish) any { return &p.Properties.SubscriptionIdentifiers[0] },
		} {
			require.NotSame(r, at(&got[0]), at(&got[1]))
		}
	})
	bubble(t, "contract 10: identifiers choose the streams, for filters that match", settings(), func(r *rig) {
		s, u := r.declare(StreamConfig{}, "a/#"), r.declare(StreamConfig{}, "a/b")
		r.up(codec.V5, false)
		r.note(notice{identifiers: []identifier{{268_000_000, "a/#"}, {268_000_001, "a/b"}, {7, "#"}}})
		r.arrive(identified(q0("a/b", "1"), 268_000_000))
		r.take(s.Out(), "a/b=1")
		r.nothing(u.Out())
		r.arrive(identified(q0("a/b", "2"), 268_000_001))
		r.take(u.Out(), "a/b=2")
		r.nothing(s.Out())
		r.arrive(identified(q0("a/b", "3"), 268_000_000, 268_000_001))
		r.take(u.Out(), "a/b=3")
		r.take(s.Out(), "a/b=3")
		r.arrive(identified(q0("a/b", "4"), 7))
		r.take(r.messages.Out(), "a/b=4")
		r.nothing(s.Out())
		r.arrive(identified(q0("a/b", "5"), 268_000_099))
		r.take(u.Out(), "a/b=5")
		r.take(s.Out(), "a/b=5")
		r.nothing(r.messages.Out())
	})
	bubble(t, "contract 10: an identifier told together with the message counts for it", settings(), func(r *rig) {
		s, u := r.declare(StreamConfig{}, "a"), r.declare(StreamConfig{}, "+")
		r.up(codec.V5, false)
		list := []arrival{identified(q0("a", "1"), 5)}
		r.look()
		r.notices <- &notice{identifiers: []identifier{{5, "+"}}}
		r.arriving <- arrivals{gen: r.link.gen, list: &list}
		r.take(u.Out(), "a=1")
		r.nothing(s.Out())
	})
	bubble(t, "contract 14: declaring moves what waits on Messages and matches, in order, also what was lent", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q0("b", "2"), q1("a", 3), q0("a", "4"))
		r.look() // Messages offers 1
		s := r.declare(StreamConfig{}, "a")
		r.arrive(q1("a", 5))
		r.take(s.Out(), "a=1", "a=3", "a=4", "a=5")
		r.nothing(s.Out())
		r.take(r.messages.Out(), "b=2")
		r.nothing(r.messages.Out())
		r.owes("ack 1", "ack 3", "ack 5")
		require.Zero(r, r.in.Stats().Bytes)
	})
	bubble(t, "contract 14: before anybody listens, what a resumed session brings is kept for the first who does", with(func(c *inboundConfig) { c.claimed = false }), func(r *rig) {
		r.up(codec.V5, true)
		r.arrive(q1("a", 1), q1("b", 2), q1("a", 3))
		r.nothing(r.messages.Out())
		s := r.declare(StreamConfig{}, "a")
		r.take(s.Out(), "a=1", "a=3")
		r.nothing(r.messages.Out())
		r.in.Claim()
		r.take(r.messages.Out(), "b=2")
		r.owes("ack 1", "ack 2", "ack 3")
	})
	bubble(t, "a moved message stalls in the name of its new stream", with(func(c *inboundConfig) { c.claimed = false }), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 1))
		since := time.Now()
		s := r.declare(StreamConfig{}, "a")
		time.Sleep(31 * time.Second)
		r.tells(EventStalled{Stream: s.Number(), Topic: "a", Since: since})
	})
	bubble(t, "contract 14: what a closed stream held, and what comes until it is retired, is acknowledged and discarded", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a")
		number := s.Number()
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q0("a", "3"), q2("a", 4))
		r.take(s.Out(), "a=1")
		r.owes("ack 1")
		require.NoError(r, s.Close(r.Context()))
		_, open := <-s.Out()
		require.False(r, open)
		_, open = <-s.Each()
		require.False(r, open)
		require.NoError(r, s.Close(r.Context()), "again")
		r.owes("ack 2", "rec 4")
		r.arrive(q1("a", 5), q0("a", "6"))
		r.owes("ack 5")
		require.EqualValues(r, 5, r.in.Stats().Discarded)
		require.Len(r, r.in.Stats().Streams, 1)
		r.nothing(r.messages.Out())
		r.note(notice{retired: []retirement{{stream: number}, {stream: 77}}})
		r.arrive(q1("a", 7))
		r.take(r.messages.Out(), "a=7")
		r.look()
		require.Zero(r, r.d.routes.filters)
		require.Zero(r, r.in.Stats().Bytes)
	})
	bubble(t, "a stream that never ran closes too; one that was retired before is forgotten at once", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a")
		r.note(notice{retired: []retirement{{stream: s.Number()}}})
		require.NoError(r, s.Close(r.Context()))
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		r.take(r.messages.Out(), "a=1")
		require.Len(r, r.d.streams, 1)
	})
	bubble(t, "a message that a live stream matches too still goes there", settings(), func(r *rig) {
		s, u := r.declare(StreamConfig{}, "a"), r.declare(StreamConfig{}, "#")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		require.NoError(r, s.Close(r.Context()))
		r.arrive(q1("a", 2))
		r.take(u.Out(), "a=1", "a=2")
		r.owes("ack 1", "ack 2")
		require.EqualValues(r, 1, r.in.Stats().Discarded)
	})
	bubble(t, "what was handed out of a closed stream is still the application's to acknowledge", manual(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2))
		m := r.take(s.Out(), "a=1")
		require.NoError(r, s.Close(r.Context()))
		r.owes()
		m.ticket.Answer(codec.Success, nil)
		r.owes("ack 1", "ack 2")
	})
	bubble(t, "a Close whose context is over says so", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a")
		ctx, stop := context.WithCancel(r.Context())
		stop()
		for !s.Closed() {
			if err := s.Close(ctx); err != nil {
				require.ErrorIs(r, err, context.Canceled)
			}
			synctest.Wait()
		}
	})
	bubble(t, "a declared stream that waits for Messages to give back can be closed", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		r.look()
		s := r.declare(StreamConfig{}, "a")
		require.NoError(r, s.Close(r.Context()))
		r.look()
		require.False(r, r.d.messages.recalled)
		if m := r.next(r.messages.Out()); m == nil {
			require.EqualValues(r, 1, r.in.Stats().Discarded)
		}
		r.owes("ack 1")
	})
	bubble(t, "10,000 declared idle streams cost no goroutine", settings(), func(r *rig) {
		var last *StreamHandle[*message]
		for i := range 10_000 {
			last = r.declare(StreamConfig{}, "s/"+strconv.Itoa(i))
		}
		require.Zero(r, r.d.living)
		r.up(codec.V5, false)
		r.arrive(q0("s/9999", "x"))
		r.take(last.Out(), "s/9999=x")
		require.Equal(r, 1, r.d.living)
	})
}

func TestHandingOut(t *testing.T) {
	bubble(t, "B148 the next message isn't handed over before the last was finished", with(func(c *inboundConfig) { c.receiveMaximum, c.inbox = 10, Bounds{10, 1000} }), func(r *rig) {
		r.up(codec.V5, false)
		for q := range codec.ExactlyOnce + 1 {
			var at []time.Duration
			begin := time.Now()
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 10 {
					<-r.messages.Out()
					at = append(at, time.Since(begin))
					time.Sleep(time.Second)
				}
			}()
			for id := range uint16(10) {
				a := acked(q, "a", id+1)
				if q == codec.AtMostOnce {
					a.publish.PacketID = 0
				}
				r.arrive(a)
				time.Sleep(time.Millisecond)
			}
			<-done
			for i := range at {
				require.Equal(r, i, int(at[i]/time.Second))
			}
			r.down()
			r.up(codec.V5, false)
		}
	})
	bubble(t, "contract 11: what was given back is the first again", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q0("a", "3"))
		one := r.take(r.messages.Each(), "a=1")
		two := r.take(r.messages.Each(), "a=2")
		two.again = true
		r.messages.GiveBack(two, two.ticket)
		one.again = true
		r.messages.GiveBack(one, one.ticket)
		require.Same(r, one, r.take(r.messages.Each(), "a=1"))
		r.messages.GiveBack(one, one.ticket)
		require.Same(r, one, r.take(r.messages.Out(), "a=1"))
		r.owes("ack 1")
		require.Same(r, two, r.take(r.messages.Out(), "a=2"))
		r.owes("ack 2")
		three := r.take(r.messages.Each(), "a=3")
		r.messages.GiveBack(three, three.ticket)
		r.take(r.messages.Out(), "a=3")
	})
	bubble(t, "contract 14: what is given back to a closed stream is acknowledged and discarded", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q0("a", "3"))
		one, two, three := r.take(s.Each(), "a=1"), r.take(s.Each(), "a=2"), r.take(s.Each(), "a=3")
		s.GiveBack(one, one.ticket)
		require.NoError(r, s.Close(r.Context()))
		s.GiveBack(two, two.ticket)
		s.GiveBack(three, three.ticket)
		r.owes("ack 1", "ack 2")
		require.EqualValues(r, 2, r.in.Stats().Discarded)
	})
	bubble(t, "a given back message that went through Messages is acknowledged also when its stream closes then", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "a")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		one := r.take(s.Each(), "a=1")
		s.GiveBack(one, one.ticket)
		synctest.Wait()
		<-s.Out()
		require.NoError(r, s.Close(r.Context()))
		r.owes("ack 1")
		require.Zero(r, r.in.Stats().Discarded)
	})
	bubble(t, "Messages and All are one stream: who asks first gets the next", with(func(c *inboundConfig) { c.receiveMaximum = 100 }), func(r *rig) {
		r.up(codec.V5, false)
		var list []arrival
		for id := range uint16(100) {
			list = append(list, q1("a", id+1))
		}
		var got []int
		out := make(chan int)
		for _, c := range []<-chan *message{r.messages.Out(), r.messages.Each()} {
			go func() {
				for m := range c {
					out <- int(m.id)
				}
			}()
		}
		r.arrive(list...)
		for range list {
			got = append(got, <-out)
		}
		slices.Sort(got)
		for i, id := range got {
			require.Equal(r, i+1, id)
		}
	})
	bubble(t, "B157 a consumer that is gone holds up nobody else", settings(), func(r *rig) {
		s := r.declare(StreamConfig{}, "s")
		r.up(codec.V5, false)
		r.arrive(q0("a", "lost"), q1("s", 1))
		r.take(s.Out(), "s=1")
		r.owes("ack 1")
	})
	bubble(t, "counts", settings(), func(r *rig) {
		r.up(codec.V5, false)
		begin := time.Now()
		time.Sleep(time.Second)
		r.arrive(q1("a", 1), q0("a", "2"), q0("a", "3"))
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
		require.Equal(r, InboundStats{Received: 3, Taken: 1, Bytes: 4, Streams: []StreamStats{
			{Received: 3, Taken: 1, Depth: Bounds{2, 4}, Oldest: begin.Add(time.Second)}}}, r.in.Stats())
	})
}

func TestWatching(t *testing.T) {
	unclaimedConfig := with(func(c *inboundConfig) { c.claimed = false })
	bubble(t, "contract 14: unclaimed after StallAfter: acknowledged, counted, told once a topic, until somebody asks", unclaimedConfig, func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q0("b", "2"))
		time.Sleep(20 * time.Second)
		r.arrive(q2("a", 3))
		time.Sleep(10*time.Second - 1)
		r.owes()
		elapse(time.Nanosecond)
		r.owes("ack 1", "rec 3")
		r.tells(EventUnclaimed{"a", 2}, EventUnclaimed{"b", 1})
		r.arrive(q1("a", 4), q1("c", 5), q0("c", "6"))
		r.owes("ack 4", "ack 5")
		r.tells(EventUnclaimed{"c", 2})
		require.EqualValues(r, 6, r.in.Stats().Unclaimed)
		require.EqualValues(r, 6, r.in.Stats().Received)
		require.Zero(r, r.in.Stats().Bytes)
		r.in.Claim()
		r.arrive(q1("a", 7))
		r.take(r.messages.Out(), "a=7")
	})
	bubble(t, "claiming in time keeps all", unclaimedConfig, func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		time.Sleep(29 * time.Second)
		r.in.Claim()
		time.Sleep(time.Hour)
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
		require.Zero(r, r.in.Stats().Unclaimed)
	})
	bubble(t, "what nobody claims frees its room", unclaimedConfig, func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q0("a", "1"), q0("a", "2"), q0("a", "3"), q0("a", "4"), q0("a", "5"), q1("a", 6))
		require.True(r, r.held)
		time.Sleep(30 * time.Second)
		require.False(r, r.look().held)
		r.owes("ack 6")
		r.tells(EventUnclaimed{"a", 6})
	})
	bubble(t, "contract 13: the message that holds up the others is named once, after StallAfter at the head", manual(), func(r *rig) {
		s := r.declare(StreamConfig{Tag: "mine"}, "s")
		r.up(codec.V5, false)
		r.arrive(q1("s", 1), q2("a", 2))
		since := time.Now()
		one := r.take(s.Out(), "s=1")
		two := r.take(r.messages.Out(), "a=2")
		time.Sleep(30*time.Second - 1)
		r.tells()
		elapse(time.Nanosecond)
		r.tells(EventStalled{Stream: s.Number(), Tag: "mine", Topic: "s", Since: since})
		require.Equal(r, "mine", r.stats(s.Number()).Tag)
		require.Equal(r, "s", r.stats(s.Number()).Stalled)
		require.Equal(r, since, r.stats(s.Number()).StalledSince)
		require.Empty(r, r.stats(0).Stalled)
		time.Sleep(time.Hour)
		r.tells()
		one.ticket.Answer(codec.Success, nil)
		r.look()
		since = time.Now()
		require.Empty(r, r.stats(s.Number()).Stalled)
		time.Sleep(30*time.Second - 1)
		r.tells()
		elapse(time.Nanosecond)
		r.tells(EventStalled{Topic: "a", Since: since})
		two.ticket.Answer(codec.Success, nil)
		r.owes("ack 1", "rec 2")
		require.Empty(r, r.stats(0).Stalled)
	})
	bubble(t, "of several streams the one that has not answered is named", manual(), func(r *rig) {
		s, u := r.declare(StreamConfig{}, "a"), r.declare(StreamConfig{}, "#")
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		since := time.Now()
		r.take(s.Out(), "a=1").ticket.Answer(codec.Success, nil)
		time.Sleep(31 * time.Second)
		r.tells(EventStalled{Stream: u.Number(), Topic: "a", Since: since})
	})
	bubble(t, "a slow consumer that goes on stalls nothing", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q1("a", 3), q1("a", 4))
		for _, text := range []string{"a=1", "a=2", "a=3", "a=4"} {
			time.Sleep(29 * time.Second)
			r.take(r.messages.Out(), text)
			r.look()
		}
		time.Sleep(time.Hour)
		r.tells()
	})
	bubble(t, "without StallAfter nothing is told, and nothing given up", with(func(c *inboundConfig) { c.stallAfter, c.claimed = 0, false }), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1))
		time.Sleep(time.Hour)
		r.tells()
		r.owes()
	})
}

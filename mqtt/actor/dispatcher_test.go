package actor

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestAcknowledging(t *testing.T) {
	bubble(t, "B130 a QoS 1 message is acknowledged when it was taken", settings(), func(r *rig) {
		r.up(codec.V5, false)
		require.True(r, r.arrive(q1("a", 7)))
		r.owes()
		m := r.take(r.messages.Out(), "a=7")
		require.Equal(r, codec.AtLeastOnce, m.qos)
		require.Equal(r, uint16(7), m.id)
		r.owes("ack 7")
	})
	bubble(t, "contract 11: through All it is acknowledged by its verdict", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 7))
		m := r.take(r.messages.Each(), "a=7")
		r.owes()
		require.NoError(r, m.ticket.Answer(codec.Success, nil))
		r.owes("ack 7")
		require.NoError(r, m.ticket.Answer(codec.Success, nil), "a second one is harmless")
		r.owes()
	})
	bubble(t, "B149 and B150: with AckManual nothing leaves without a verdict", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q2("a", 2), q0("a", "zero"))
		one := r.take(r.messages.Out(), "a=1")
		require.Equal(r, AckManual, one.ack)
		two := r.take(r.messages.Each(), "a=2")
		zero := r.take(r.messages.Out(), "a=zero")
		r.owes()
		require.NoError(r, zero.ticket.Answer(codec.Success, nil))
		require.Equal(r, 2, r.in.Stats().Unacknowledged)
		one.ticket.Answer(codec.Success, nil)
		two.ticket.Answer(codec.Success, nil)
		r.owes("ack 1", "rec 2")
	})
	bubble(t, "B141 acknowledgements leave in arrival order, over all streams", manual(), func(r *rig) {
		s := r.declare(StreamConfig{}, "s")
		r.up(codec.V5, false)
		r.arrive(q1("a", 5), q2("s", 3), q1("s", 9), q1("a", 1))
		first := r.take(r.messages.Out(), "a=5")
		last := r.take(r.messages.Out(), "a=1")
		second := r.take(s.Out(), "s=3")
		third := r.take(s.Out(), "s=9")
		for _, m := range []*message{last, third, second} {
			m.ticket.Answer(codec.Success, nil)
		}
		r.owes()
		require.Equal(r, 3, r.in.Stats().Owed)
		first.ticket.Answer(codec.Success, nil)
		r.owes("ack 5", "rec 3", "ack 9", "ack 1")
	})
	bubble(t, "B141 also when many goroutines acknowledge at once", with(func(c *inboundConfig) { c.ack, c.receiveMaximum = AckManual, 100 }), func(r *rig) {
		r.up(codec.V5, false)
		var list []arrival
		var want []string
		for id := range uint16(100) {
			list = append(list, q1("a", id+1))
			want = append(want, "ack "+strconv.Itoa(int(id)+1))
		}
		for range 10 {
			go func() {
				for m := range r.messages.Out() {
					go func() {
						elapse(time.Duration(rand.IntN(1000)))
						m.ticket.Answer(codec.Success, nil)
						m.ticket.Answer(codec.NotAuthorized, nil)
					}()
				}
			}()
		}
		r.arrive(list...)
		elapse(time.Second)
		r.owes(want...)
	})
	bubble(t, "a refusal tells its code and words; of several the first", manual(), func(r *rig) {
		r.up(codec.V5, false)
		s := r.declare(StreamConfig{}, "a")
		u := r.declare(StreamConfig{}, "#")
		r.arrive(q1("a", 1))
		ours, theirs := r.take(s.Out(), "a=1"), r.take(u.Out(), "a=1")
		theirs.ticket.Answer(codec.Success, nil)
		r.owes()
		ours.ticket.Answer(codec.NotAuthorized, &codec.ReasonProperties{ReasonString: "no"})
		r.owes("ack 1 0x87 no")

		r.arrive(q1("a", 2))
		ours, theirs = r.take(s.Out(), "a=2"), r.take(u.Out(), "a=2")
		theirs.ticket.Answer(codec.QuotaExceeded, nil)
		theirs.ticket.Answer(codec.Success, nil)
		r.owes()
		ours.ticket.Answer(codec.NotAuthorized, nil)
		r.owes("ack 2 0x97")
	})
	bubble(t, "Reject on 3.x is an error and acknowledges nothing", manual(), func(r *rig) {
		r.up(codec.V311, false)
		r.arrive(q1("a", 1))
		m := r.take(r.messages.Out(), "a=1")
		require.ErrorIs(r, m.ticket.Answer(codec.NotAuthorized, nil), ErrVersion)
		r.owes()
		m.ticket.Answer(codec.Success, nil)
		r.owes("ack 1")
	})
	bubble(t, "B138 1000 QoS 1 messages in one read are all delivered, acknowledgements in order", with(func(c *inboundConfig) { c.receiveMaximum = 1000; c.hard = Bounds{2000, 1 << 20} }), func(r *rig) {
		r.up(codec.V5, false)
		var list []arrival
		var want []string
		for id := range uint16(1000) {
			list = append(list, q1("a", id+1))
			want = append(want, ackText(ack{kind: codec.TypePubAck, id: id + 1}))
		}
		got := make(chan int)
		go func() {
			n := 0
			for m := range r.messages.Out() {
				if n++; int(m.id) != n {
					break
				}
			}
			got <- n
		}()
		r.arrive(list...)
		r.owes(want...)
		r.end()
		require.Equal(r, 1000, <-got)
	})
	bubble(t, "B140 a QoS 1 message with DUP is delivered again", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 7), dup(q1("a", 7)))
		r.take(r.messages.Out(), "a=7", "a=7")
		r.owes("ack 7", "ack 7")
	})
	bubble(t, "what is taken while the rest waits is acknowledged at once", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q1("a", 3))
		r.take(r.messages.Out(), "a=1")
		r.owes("ack 1")
		r.take(r.messages.Out(), "a=2")
		r.owes("ack 2")
	})
}

func TestExactlyOnce(t *testing.T) {
	bubble(t, "B132 and B144: PUBREC when taken, PUBCOMP for PUBREL, then the id is free", settings(), func(r *rig) {
		r.up(codec.V5, false)
		for range 3 {
			r.arrive(q2("a", 7))
			r.take(r.messages.Out(), "a=7")
			r.owes("rec 7")
			r.arrive(rel(7))
			r.owes("comp 7")
		}
		r.nothing(r.messages.Out())
	})
	bubble(t, "B133 the same PUBLISH twice: two PUBRECs in arrival order, one delivery", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7), q1("a", 8), dup(q2("a", 7)))
		m := r.take(r.messages.Out(), "a=7")
		other := r.take(r.messages.Out(), "a=8")
		r.nothing(r.messages.Out())
		m.ticket.Answer(codec.Success, nil)
		r.owes("rec 7")
		other.ticket.Answer(codec.Success, nil)
		r.owes("ack 8", "rec 7")
		r.arrive(dup(q2("a", 7)))
		r.owes("rec 7")
		r.nothing(r.messages.Out())
	})
	bubble(t, "B134 PUBREL twice: two PUBCOMPs, one delivery", settings(), func(r *rig) {
		r.up(codec.V311, false)
		r.arrive(q2("a", 7))
		r.take(r.messages.Out(), "a=7")
		r.arrive(rel(7), rel(7))
		r.owes("rec 7", "comp 7", "comp 7")
		r.nothing(r.messages.Out())
	})
	bubble(t, "B135 PUBREL for an unknown id: PUBCOMP, with 0x92 on 5.0", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(rel(9))
		r.owes("comp 9 0x92")
		r.down()
		r.up(codec.V311, false)
		r.arrive(rel(9))
		r.owes("comp 9")
	})
	bubble(t, "PUBCOMP isn't held by the order of acknowledgements", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 1), q1("a", 2))
		r.take(r.messages.Out(), "a=1").ticket.Answer(codec.Success, nil)
		r.owes("rec 1")
		r.arrive(rel(1))
		r.owes("comp 1")
	})
	bubble(t, "B266 after a failing PUBREC the id is free, and no PUBREL is expected", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7))
		r.take(r.messages.Out(), "a=7").ticket.Answer(codec.QuotaExceeded, nil)
		r.owes("rec 7 0x97")
		r.arrive(q2("b", 7))
		r.take(r.messages.Out(), "b=7").ticket.Answer(codec.Success, nil)
		r.owes("rec 7")
		require.Equal(r, 1, r.d.unfinished)
	})
	bubble(t, "a PUBREL before our PUBREC ends the exchange, and nothing of it is answered later", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7), rel(7), q2("b", 7))
		r.owes("comp 7")
		old := r.take(r.messages.Out(), "a=7")
		next := r.take(r.messages.Out(), "b=7")
		require.NoError(r, old.ticket.Answer(codec.NotAuthorized, nil))
		r.owes()
		next.ticket.Answer(codec.Success, nil)
		r.owes("rec 7")
	})
	bubble(t, "a PUBREL for what a former connection left unacknowledged frees its room", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7), q2("a", 8))
		r.take(r.messages.Out(), "a=7")
		r.down()
		r.up(codec.V5, true)
		require.Equal(r, 2, r.census())
		r.arrive(rel(7), rel(8))
		r.owes("comp 7", "comp 8")
		require.Equal(r, 1, r.census(), "8 waits still")
		require.Zero(r, r.d.out)
		r.take(r.messages.Out(), "a=8")
		require.Zero(r, r.look().census())
	})
	bubble(t, "§4.3.3 an id stays known over a resumed connection: answered, not delivered", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7))
		r.take(r.messages.Out(), "a=7")
		r.owes("rec 7")
		r.down()
		r.up(codec.V5, true)
		r.arrive(dup(q2("a", 7)), rel(7))
		r.owes("rec 7", "comp 7")
		r.nothing(r.messages.Out())
	})
	bubble(t, "without the session it is a new message", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7))
		r.take(r.messages.Out(), "a=7")
		r.down()
		r.up(codec.V5, false)
		r.arrive(q2("b", 7))
		r.take(r.messages.Out(), "b=7")
		r.owes("rec 7")
	})
	bubble(t, "contract 13: a QoS 2 ticket works as long as the session lives", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 7), q2("a", 8))
		seven := r.take(r.messages.Out(), "a=7")
		eight := r.take(r.messages.Out(), "a=8")
		r.down()
		require.NoError(r, seven.ticket.Answer(codec.Success, nil), "offline")
		r.up(codec.V5, true)
		r.arrive(dup(q2("a", 7)), dup(q2("a", 8)))
		r.owes("rec 7")
		require.NoError(r, eight.ticket.Answer(codec.Success, nil))
		r.owes("rec 8")
		r.nothing(r.messages.Out())
		r.down()
		r.up(codec.V5, false)
		require.ErrorIs(r, eight.ticket.Answer(codec.Success, nil), ErrStale)
	})
}

func TestReceiveMaximum(t *testing.T) {
	overrun := &ProtocolError{codec.ReceiveMaximumExceeded, "3.3.4", "more messages than Receive Maximum lack their acknowledgement"}
	bubble(t, "B146 one more than Receive Maximum is 0x93", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q2("a", 2), q1("a", 3), q2("a", 4))
		require.NoError(r, r.fault)
		r.arrive(q1("a", 5), q1("a", 6))
		require.Equal(r, overrun, r.fault)
		require.ErrorIs(r, r.fault, codec.ReceiveMaximumExceeded)
		r.take(r.messages.Out(), "a=1", "a=2", "a=3", "a=4")
		r.nothing(r.messages.Out())
	})
	bubble(t, "B146 a repeat of an id that is held takes no second place", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 1), q1("a", 2), q1("a", 3), q1("a", 4))
		r.arrive(dup(q2("a", 1)), dup(q1("a", 2)), dup(q1("a", 2)))
		require.NoError(r, r.fault)
		r.arrive(q1("a", 5))
		require.Equal(r, overrun, r.fault)
	})
	bubble(t, "§4.4 a QoS 1 message repeated for ever isn't taken for ever", with(func(c *inboundConfig) { c.hard.Bytes = 1 << 20 }), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(slices.Repeat([]arrival{dup(q1("a", 1))}, 4+mostRepeats)...)
		require.NoError(r, r.fault)
		r.arrive(dup(q1("a", 1)))
		require.Equal(r, overrun, r.fault)
	})
	bubble(t, "§4.9 PUBACK, PUBCOMP and a failing PUBREC give a place back, PUBREC doesn't", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q2("a", 2), q2("a", 3), q1("a", 4))
		var m []*message
		for range 4 {
			m = append(m, r.next(r.messages.Out()))
		}
		m[0].ticket.Answer(codec.Success, nil)
		m[1].ticket.Answer(codec.Success, nil)
		m[2].ticket.Answer(codec.NotAuthorized, nil)
		r.owes("ack 1", "rec 2", "rec 3 0x87")
		r.arrive(rel(2))
		r.arrive(q1("a", 5), q1("a", 6), q1("a", 7))
		require.NoError(r, r.fault)
		r.arrive(q1("a", 8))
		require.Equal(r, overrun, r.fault)
	})
	bubble(t, "§4.9 each connection counts anew; what it repeats counts once", manual(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q2("a", 1), q2("a", 2), q2("a", 3), q2("a", 4))
		r.down()
		require.Equal(r, 4, r.census())
		r.up(codec.V5, true)
		r.arrive(dup(q2("a", 1)), dup(q2("a", 1)), q1("a", 5), q1("a", 6), q1("a", 7))
		require.NoError(r, r.fault)
		r.arrive(dup(q2("a", 2)))
		require.Equal(r, overrun, r.fault)
	})
	bubble(t, "after a fault nothing more is taken of that connection", settings(), func(r *rig) {
		r.up(codec.V5, false)
		r.arrive(q1("a", 1), q1("a", 2), q1("a", 3), q1("a", 4), q1("a", 5), q0("a", "late"))
		require.Error(r, r.fault)
		require.True(r, r.arrive(q0("a", "later")))
		r.down()
		r.fault = nil
		r.up(codec.V5, false)
		r.arrive(q0("a", "new"))
		r.take(r.messages.Out(), "a=1", "a=2", "a=3", "a=4", "a=new")
		require.NoError(r, r.fault)
	})
	bubble(t, "what former connections left with the application counts among what is out", manual(), func(r *rig) {
		r.up(codec.V311, false)
		r.arrive(q2("a", 1), q2("a", 2), q2("a", 3))
		m := r.take(r.messages.Out(), "a=1")
		r.take(r.messages.Out(), "a=2", "a=3")
		r.down()
		r.up(codec.V311, true)
		r.note(notice{answerOwed: true})
		r.arrive(q1("a", 4), q1("a", 5))
		r.take(r.messages.Out(), "a=4")
		r.nothing(r.messages.Out())
		m.ticket.Answer(codec.Success, nil)
		r.take(r.messages.Out(), "a=5")
	})
	bubble(t, "no more are out unacknowledged than Receive Maximum, on 3.x neither, and the oldest ones", with(func(c *inboundConfig) { c.ack = AckManual; c.hard = Bounds{100, 10000} }), func(r *rig) {
		s := r.declare(StreamConfig{}, "s")
		r.up(codec.V311, false)
		r.note(notice{answerOwed: true})
		r.arrive(q1("a", 1), q1("s", 2), q1("a", 3), q1("s", 4), q1("s", 5), q1("a", 6))
		first := r.take(r.messages.Out(), "a=1")
		third := r.take(r.messages.Out(), "a=3")
		r.nothing(r.messages.Out())
		second := r.take(s.Out(), "s=2")
		r.take(s.Out(), "s=4")
		r.nothing(s.Out())
		second.ticket.Answer(codec.Success, nil)
		third.ticket.Answer(codec.Success, nil)
		r.nothing(s.Out())
		first.ticket.Answer(codec.Success, nil)
		r.owes("ack 1", "ack 2", "ack 3")
		r.take(s.Out(), "s=5")
		r.take(r.messages.Out(), "a=6")
	})
}

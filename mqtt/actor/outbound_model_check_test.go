package actor

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// connect brings up the next connection, on which the session may be lost.
func (m *outboundModel) connect() {
	present := m.r.IntN(3) > 0
	m.window = 1 + m.r.IntN(20)
	ack := &codec.ConnAck{Properties: &codec.ConnAckProperties{ReceiveMaximum: uint16(m.window)}}
	if m.r.IntN(4) == 0 {
		ack.Properties.MaximumQoS = new(codec.QoS(m.r.IntN(2)))
	}
	var w *wire
	w, m.plug = newWire()
	m.pending, m.seen, m.open, m.lastDup, m.lastNew = nil, make(map[string]bool), 0, 0, [3]int{}
	if !present {
		clear(m.session)
		for _, s := range m.sends {
			s.tried = false
		}
	}
	m.up(linkUp{gen: m.link.gen + 1, version: codec.V5, sessionPresent: present, connack: ack, wire: w})
}

// lose ends the connection, somewhere in the buffer that is out.
func (m *outboundModel) lose() {
	if m.away != nil {
		m.plug.back <- &written{buffer: m.home(), n: len(m.image)}
	}
	select {
	case b := <-m.plug.out:
		n := m.r.IntN(b.len())
		m.read(flat(b), n)
		m.plug.back <- &written{buffer: b, n: n}
	default:
	}
	for id, payload := range m.session {
		if payload == "" { // SUBSCRIBE and UNSUBSCRIBE are no part of a session
			delete(m.session, id)
		}
	}
	m.down(linkDown{m.link.gen, errors.New("lost")})
}

// gather takes the outcomes, and looks whether they are the truth.
func (m *outboundModel) gather() {
	for _, s := range m.sends {
		var word error
		if len(s.admission) > 0 {
			word = <-s.admission
		}
		switch {
		case s.posted:
			continue
		case word != nil:
			require.False(m, s.ended)
			s.ended, s.err = true, word
		case len(s.receipt.told) > 0:
			require.False(m, s.ended, "%d ends twice", s.n)
			<-s.receipt.told
			s.ended, s.err = true, s.receipt.Outcome().Err
		default:
			continue
		}
		switch {
		case errors.Is(s.err, ErrNotSent):
			require.False(m, s.left, "%d is not sent, but it was: %v", s.n, s.err)
		case errors.Is(s.err, ErrUncertain):
		default:
			require.True(m, s.whole, "%d: %v", s.n, s.err)
		}
	}
}

// check compares what the tracker counts with what there is.
func (m *outboundModel) check() {
	t := m.tracker
	var inFlight, ghosts, inUse, flightBytes, messages, bytes, ids int
	count := func(op *Op) {
		messages++
		bytes += op.size
		require.NotEqual(m, opEnded, op.state)
	}
	countParcel := func(p *parcel) {
		messages += len(p.items)
		bytes += p.size
	}
	for op := t.flight.first; op != nil; op = op.next {
		inFlight++
		flightBytes += op.size
		require.Same(m, op, t.ids.get(op.id))
		if op.gen != 0 && op.gen == t.link.gen {
			inUse++
		}
		if op.withdrawn {
			ghosts++
		} else {
			count(op)
		}
	}
	for _, l := range []*lane{&t.free, &t.windowed} {
		require.True(m, slices.IsSortedFunc(l.list(), func(a, b *Op) int { return int(int64(a.seq) - int64(b.seq)) }))
		for op := range l.all {
			if op.kind == opParcel {
				countParcel(op.rare.parcel)
			} else if op.kind == opPublish {
				count(op)
				require.True(m, !op.expires() || op.rare.timed == op, "it would wait for ever")
			}
		}
	}
	if t.link.wire != nil && t.buffer == nil {
		b := m.away
		if b == nil {
			b = <-m.plug.out
			t.link.wire.out <- b
		}
		for _, p := range b.parcels {
			countParcel(p)
		}
		for _, f := range b.fire {
			if !f.op.withdrawn {
				count(f.op)
			}
		}
	}
	t.deadlines.check(m)
	for op := range t.calls {
		ids += len(op.call.open)
	}
	if op := t.firstAgain(); op != nil {
		require.NotEqual(m, t.link.gen, op.gen, "it was sent again")
	}
	require.Equal(m, [...]int{inFlight, ghosts, flightBytes, messages, bytes, inFlight + ids},
		[...]int{t.flight.len, t.ghosts, t.flight.bytes, t.messages, t.bytes, t.ids.used})
	if t.link.wire != nil {
		require.Equal(m, inUse, t.inUse)
	}
	open := 0
	for _, n := range t.epochs.open {
		open += n
	}
	require.Equal(m, messages, open)
	require.EqualValues(m, messages, t.counts.Admitted-t.counts.Done-t.counts.Refused-t.counts.NotSent-t.counts.Uncertain)
	require.LessOrEqual(m, messages, t.cfg.Outbox.Messages)
	require.LessOrEqual(m, bytes, t.cfg.Outbox.Bytes)
}

// settleAll answers all there is until nothing is open.
func (m *outboundModel) settleAll() {
	if m.link.wire != nil {
		m.lose()
	}
	m.connect()
	for range 100_000 {
		m.drain()
		m.turn()
		m.write()
		m.reply()
		m.turn()
		m.gather()
		m.check()
		if m.nothingOpen() && len(m.pending) == 0 && m.buffer != nil && len(m.tracker.ops) == 0 {
			break
		}
	}
	for _, s := range m.sends {
		if s.posted {
			require.True(m, s.whole, "%d was lost", s.n)
			continue
		}
		require.True(m, s.ended, "%d has no outcome: %+v", s.n, s.receipt.op)
	}
	for _, op := range m.calls {
		require.NotEmpty(m, op.told)
	}
	for _, reply := range m.flushed {
		require.NotEmpty(m, reply)
	}
	require.Zero(m, m.messages+m.bytes+m.restoring+len(m.tracker.calls))
	require.Equal(m, m.tracker.ghosts, m.tracker.ids.used)
}

func TestOutboundModel(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			m := newOutboundModel(t, seed)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			})
			for range 1500 {
				m.step()
			}
			m.settleAll()
		})
	}
}

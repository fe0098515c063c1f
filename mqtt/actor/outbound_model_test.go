package actor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// outboundModel moves a tracker turn by turn, without its goroutine: the test is its callers, its writer and its server. After
// each turn what the tracker counts must be what there is.
type outboundModel struct {
	*testing.T
	*tracker
	r       *rand.Rand
	plug    *plug
	ops     chan *Op
	records Client[struct{}] // where callers have them from
	away    *outBuffer       // with the writer, and read by the server: it is
	image   []byte           // this
	sends   []*modelled
	calls   []*Op
	flushed []<-chan error
	// the server's
	window  int
	pending []answer          // what it may answer now
	session map[uint16]string // identifiers in use: the payload
	seen    map[string]bool   // PUBLISH of this connection
	lastDup uint64            // the order of the first sending of the last resent,
	lastNew [3]int            // and the last new one, by QoS, of this connection
	order   uint64
	open    int
}

// modelled is a message and what is known of it from outside.
type modelled struct {
	receipt   Receipt
	posted    bool         // in a parcel, so that its outcome isn't told
	admission <-chan error // nil when it was promised
	n         int
	qos       codec.QoS
	left      bool   // some byte of it was written
	whole     bool   // all of them were
	tried     bool   // written in this session
	first     uint64 // the order of its first sending in this session
	ended     bool
	err       error
}

func newOutboundModel(t *testing.T, seed uint64) *outboundModel {
	r := rand.New(rand.NewPCG(seed, 1))
	cfg := &Config{
		Outbox: Bounds{4 * quickBatch, 4 * quickBatch * quickMax}, OutboxFull: OutboxWait, Offline: OfflineQueue, Tell: func(any) {},
		MaxInFlight: 1 + r.IntN(20), Session: SessionDurable, LostFail: r.IntN(3) == 0, SubscribeBatch: r.IntN(3),
	}
	if r.IntN(2) == 0 {
		cfg.Outbox = Bounds{1 + r.IntN(30), 1000}
		cfg.OutboxFull = OutboxPolicy(1 + r.IntN(3))
		cfg.NoOfflineQoS0 = r.IntN(3) == 0
	}
	ops, strict, notices := make(chan *Op, quickBatch), make(chan struct{}, 2), make(chan *notice, 1)
	m := &outboundModel{T: t, r: r, ops: ops, session: make(map[uint16]string)}
	m.records.ops, m.records.pens = ops, newPens(codec.V311)
	m.records.bare.New = func() any { return &Op{home: &m.records.bare} }
	m.tracker = &tracker{cfg: cfg, roomy: cfg.Roomy(), ops: ops, strict: strict, lax: strict, notices: notices, unread: notices,
		filters: filters{calls: make(map[*Op]struct{})}, mail: mail{pens: m.records.pens},
		orders: orders{to: make(chan *order, 1)}}
	m.grant()
	return m
}

func (m *outboundModel) step() {
	switch k := m.r.IntN(100); {
	case k < 35:
		m.publish()
	case k < 40:
		m.filter()
	case k < 46:
		m.withdraw()
	case k < 47:
		m.flush()
	case k < 66:
		m.write()
	case k < 90:
		m.reply()
	case k < 93:
		elapse(time.Duration(m.r.IntN(3000)) * time.Millisecond)
		m.tracker.tick(time.Now())
	case k < 96 && m.link.wire != nil:
		m.lose()
	case m.link.wire == nil:
		m.connect()
	}
	m.now = m.clock()
	m.drain()
	m.turn()
	m.gather()
	m.check()
}

func (m *outboundModel) publish() {
	if len(m.ops) == cap(m.ops) {
		return
	}
	s := &modelled{n: len(m.sends), qos: codec.QoS(m.r.IntN(3))}
	p := codec.Publish{Topic: "a", QoS: s.qos, Payload: []byte(strconv.Itoa(s.n))}
	large := m.r.IntN(8) == 0
	if large {
		p.Payload = append(p.Payload, bytes.Repeat([]byte{' '}, spliceMin)...)
	}
	if m.roomy && s.qos == 0 && !large && m.r.IntN(4) > 0 {
		m.post(s, string(p.Payload))
		return
	}
	op := m.records.NewPublish(new(Ending), !m.roomy || large)
	require.NoError(m, op.Message.Set(&p))
	if m.r.IntN(4) == 0 {
		op.Expire(time.Duration(1+m.r.IntN(5)) * time.Second)
	}
	s.receipt = op.Receipt()
	if !op.promised {
		s.admission = op.Admitted()
	}
	m.sends = append(m.sends, s)
	m.ops <- op
	m.records.seal()
}

// post writes some messages into parcels.
func (m *outboundModel) post(s *modelled, payload string) {
	for range 1 + m.r.IntN(1+m.r.IntN(200)) {
		if pen := <-m.records.pens.taken; true {
			m.records.pens.back <- pen
			if len(m.records.pens.room) == 0 && (pen.open == nil || pen.open.full()) {
				return // it would have to be offered
			}
		}
		posted, err := m.records.Post(context.Background(), "a", []byte(payload))
		require.NoError(m, err)
		if !posted {
			return
		}
		m.sends = append(m.sends, s)
		s = &modelled{n: len(m.sends)}
		payload = strconv.Itoa(s.n)
		m.sends[s.n-1].posted = true
	}
}

func (m *outboundModel) filter() {
	name := string(rune('a' + m.r.IntN(5)))
	op := NewUnsubscribe([]string{name, "x"}, nil)
	if m.r.IntN(2) == 0 {
		op = NewSubscribe(0, []Subscription{{Subscription: codec.Subscription{Filter: name}}, {Subscription: codec.Subscription{Filter: name + "/b"}}})
	}
	m.calls = append(m.calls, op)
	if len(m.ops) < cap(m.ops) {
		m.ops <- op
		m.records.seal()
	}
}

func (m *outboundModel) flush() {
	reply := make(chan error, 1)
	m.flushed = append(m.flushed, reply)
	flush{reply: reply}.answer(m.tracker)
}

func (m *outboundModel) withdraw() {
	if len(m.calls) > 0 && m.r.IntN(5) == 0 {
		if op := m.calls[len(m.calls)-1]; op.state != opEnded && !op.withdrawn {
			withdrawal{receipt: op.Receipt(), why: context.Canceled, reply: make(chan bool, 1)}.answer(m.tracker)
		}
		return
	}
	if len(m.sends) == 0 {
		return
	}
	s := m.sends[len(m.sends)-1-m.r.IntN(min(len(m.sends), 30))]
	if s.posted {
		return
	}
	reply := make(chan bool, 1) // of what has ended, another may have the record
	withdrawal{receipt: s.receipt, why: context.Canceled, keep: m.r.IntN(2) == 0, reply: reply}.answer(m.tracker)
	require.False(m, <-reply && s.ended)
}

// write takes the buffer that is out, if there is one, and has the server read it. The server may answer before the buffer comes
// home.
func (m *outboundModel) write() {
	if m.link.wire == nil {
		return
	}
	if m.away == nil {
		select {
		case b := <-m.plug.out:
			m.away, m.image = b, flat(b)
			m.read(m.image, len(m.image))
		default:
			return
		}
	}
	if m.r.IntN(3) > 0 {
		m.wrote(&written{m.home(), len(m.image), time.Now()})
	}
}

// home takes the buffer from the writer, in which nothing may have changed meanwhile.
func (m *outboundModel) home() *outBuffer {
	b := m.away
	require.Equal(m, m.image, flat(b))
	m.away = nil
	return b
}

// flat is what the writer writes.
func flat(b *outBuffer) (all []byte) {
	from := 0
	for _, c := range b.cuts {
		all = append(append(all, b.bytes[from:c.at]...), c.payload...)
		from = c.at
	}
	return append(all, b.bytes[from:]...)
}

// read is what n bytes of a buffer mean to the server.
func (m *outboundModel) read(all []byte, n int) {
	for at := 0; at < len(all) && at < n; {
		f, size, err := codec.Next(all[at:], codec.Dialect{Version: codec.V5, From: codec.FromClient}, 0)
		require.NoError(m, err)
		m.packet(f, at+size <= n)
		at += size
	}
}

func (m *outboundModel) packet(f codec.Frame, whole bool) {
	d := codec.Dialect{Version: codec.V5, From: codec.FromClient}
	switch f.Type {
	case codec.TypePublish:
		var p codec.Publish
		require.NoError(m, p.Decode(f, d))
		m.publication(&p, whole)
	case codec.TypePubRel:
		var p codec.PubRel
		require.NoError(m, p.Decode(f, d))
		if whole {
			m.pending = append(m.pending, answer{kind: codec.TypePubComp, id: p.PacketID})
		}
	case codec.TypeSubscribe:
		var p codec.Subscribe
		require.NoError(m, p.Decode(f, d))
		m.claim(p.PacketID, "")
		m.pending = append(m.pending, answer{kind: codec.TypeSubAck, id: p.PacketID, codes: make([]codec.ReasonCode, len(p.Subscriptions))})
	case codec.TypeUnsubscribe:
		var p codec.Unsubscribe
		require.NoError(m, p.Decode(f, d))
		m.claim(p.PacketID, "")
		m.pending = append(m.pending, answer{kind: codec.TypeUnsubAck, id: p.PacketID, codes: make([]codec.ReasonCode, len(p.Filters))})
	}
}

// claim checks that an identifier isn't in use for something else.
func (m *outboundModel) claim(id uint16, payload string) {
	old, used := m.session[id]
	require.False(m, used && old != payload, "identifier %d of %q is used again for %q", id, old, payload)
	m.session[id] = payload
}

func (m *outboundModel) publication(p *codec.Publish, whole bool) {
	payload := strings.TrimRight(string(p.Payload), " ")
	n, err := strconv.Atoi(payload)
	require.NoError(m, err)
	s := m.sends[n]
	require.False(m, m.seen[payload], "%s twice on a connection", payload)
	require.False(m, s.ended && errors.Is(s.err, ErrNotSent), "%s was sent after it ended: %v", payload, s.err)
	m.seen[payload] = true
	s.left, s.whole = s.left || whole || p.QoS > 0, s.whole || whole // a piece is nothing at QoS 0, which is queued again
	if p.QoS == 0 {
		require.Less(m, m.lastNew[0], n+1)
		m.lastNew[0] = n + 1
		return
	}
	require.Equal(m, s.tried, p.Dup, payload)
	m.claim(p.PacketID, payload)
	if p.Dup {
		require.Zero(m, m.lastNew[p.QoS], "%s again behind something new", payload)
		require.Less(m, m.lastDup, s.first)
		m.lastDup = s.first
	} else {
		require.Less(m, max(m.lastNew[1], m.lastNew[2]), n+1)
		for _, s := range m.sends[max(0, n-300):n] { // contract 8
			require.True(m, !s.posted || s.left, "%d leaves before %d at QoS 0", n, s.n)
		}
		m.lastNew[p.QoS] = n + 1
		m.order++
		s.tried, s.first = true, m.order
	}
	if m.open++; m.open > m.window {
		m.Fatalf("%d in flight, the window is %d", m.open, m.window)
	}
	if whole {
		kind := codec.TypePubAck
		if p.QoS == 2 {
			kind = codec.TypePubRec
		}
		m.pending = append(m.pending, answer{kind: kind, id: p.PacketID})
	}
}

// reply answers one of what the server has, mostly the oldest, and some with a refusal.
func (m *outboundModel) reply() {
	if m.link.wire == nil || len(m.pending) == 0 {
		return
	}
	i := 0
	if m.r.IntN(4) == 0 {
		i = m.r.IntN(len(m.pending))
	}
	a := m.pending[i]
	m.pending = append(m.pending[:i:i], m.pending[i+1:]...)
	if m.r.IntN(6) == 0 && (a.kind == codec.TypePubAck || a.kind == codec.TypePubRec) {
		a.code = codec.NotAuthorized
	}
	if a.kind == codec.TypePubComp && m.tracker.ids.get(a.id) != nil || a.kind == codec.TypePubAck || a.code.Failed() {
		m.open--
	}
	if a.kind != codec.TypePubRec || a.code.Failed() {
		delete(m.session, a.id)
	}
	m.answered(&answers{gen: m.link.gen, came: time.Now(), list: []answer{a}})
	require.Nil(m, m.part, fmt.Sprintf("%+v ends the connection", a))
}

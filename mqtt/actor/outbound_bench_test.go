package actor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// engine is a tracker that is moved turn by turn, without its goroutine: what it costs, and none of the hops between
// processes. The benchmark is its callers, its writer and its server.
type engine struct {
	testing.TB
	*tracker
	plug *plug
	idle []*Op // records as Client.Record gives them
	open lane  // what was taken of them, in the order of admission
}

// newEngine connects a tracker that may have so many messages in flight.
func newEngine(tb testing.TB, window int, change func(*Config)) *engine {
	cfg := &Config{Outbox: Bounds{1 << 20, 1 << 30}, OutboxFull: OutboxWait, Offline: OfflineQueue, Tell: func(any) {},
		MaxInFlight: window, Session: SessionDurable}
	if change != nil {
		change(cfg)
	}
	strict, notices := make(chan struct{}, 2), make(chan *notice, 1)
	e := &engine{TB: tb}
	e.tracker = &tracker{cfg: cfg, roomy: cfg.Roomy(), ops: make(chan *Op), strict: strict, lax: strict, notices: notices, unread: notices,
		filters: filters{calls: make(map[*Op]struct{})}, mail: mail{pens: newPens(codec.V311)}, orders: orders{to: make(chan *order, 1)}}
	e.began = time.Now()
	return e
}

// connect brings up the next connection, which goes on with the session.
func (e *engine) connect(most codec.ConnAckProperties) *engine {
	var w *wire
	w, e.plug = newWire()
	e.up(linkUp{gen: e.link.gen + 1, version: codec.V5, sessionPresent: e.link.gen > 0, connack: &codec.ConnAck{Properties: &most}, wire: w})
	e.turn()
	return e
}

// offer has n messages taken from callers.
func (e *engine) offer(n int, m *codec.Publish) {
	for range n {
		op := e.record(m.QoS)
		if err := op.Message.Set(m); err != nil {
			e.Fatal(err)
		}
		if m.QoS != codec.AtMostOnce {
			e.open.push(op)
		}
		e.tracker.offer(op)
	}
	e.turn()
}

// record gives what a caller offers a message with.
func (e *engine) record(q codec.QoS) (op *Op) {
	switch n := len(e.idle); {
	case q == codec.AtMostOnce && e.roomy:
		return NewQuickOp()
	case q == codec.AtMostOnce:
		return NewAdmission()
	case n > 0:
		op, e.idle = e.idle[n-1], e.idle[:n-1]
		return op
	default:
		return newRecord()
	}
}

// write takes what leaves, and gives the buffer back.
func (e *engine) write() {
	for len(e.plug.out) > 0 {
		b := <-e.plug.out
		e.wrote(&written{b, len(b.bytes), e.began})
		e.turn()
	}
}

// answer has the server answer the n oldest, all in one read, with one kind of packet.
func (e *engine) answer(n int, kind codec.Type) {
	a := newAnswers()
	for op := range e.open.all {
		if n--; n < 0 {
			break
		}
		a.list = append(a.list, answer{kind: kind, id: op.id})
	}
	a.gen, a.came = e.link.gen, e.began
	e.answered(a)
	e.turn()
}

// gather takes the outcomes of the n oldest.
func (e *engine) gather(n int) {
	for range n {
		op := e.open.pop()
		if o := outcome(op.Ending); o.Err != nil {
			e.Fatal(o.Err)
		}
		op.Reuse()
		e.idle = append(e.idle, op)
	}
}

// exchange brings n messages through, from their admission to their outcome.
func (e *engine) exchange(n int, m *codec.Publish) {
	e.offer(n, m)
	e.write()
	switch m.QoS {
	case codec.AtMostOnce:
		return
	case codec.AtLeastOnce:
		e.answer(n, codec.TypePubAck)
	default:
		e.answer(n, codec.TypePubRec)
		e.write()
		e.answer(n, codec.TypePubComp)
	}
	e.gather(n)
}

// fillWindow leaves so many messages in flight, which the server doesn't answer; the records are the engine's no more.
func (e *engine) fillWindow(n int, m *codec.Publish) {
	for range n / 64 {
		e.offer(64, m)
		e.write()
	}
	e.offer(n%64, m)
	e.write()
	e.open = lane{}
}

// BenchmarkTracker is the way of a message through the tracker, from its admission to its outcome, in batches as callers, writer
// and reader bring them; with so many others in flight.
func BenchmarkTracker(b *testing.B) {
	for _, q := range []codec.QoS{0, 1, 2} {
		for _, batch := range []int{1, 64} {
			for _, inFlight := range []int{0, 1_000, 60_000} {
				if q == codec.AtMostOnce && inFlight > 0 {
					continue
				}
				b.Run(fmt.Sprintf("qos=%d/batch=%d/inflight=%d", q, batch, inFlight), func(b *testing.B) {
					e := newEngine(b, 65_535, nil).connect(codec.ConnAckProperties{})
					m := &codec.Publish{QoS: q, Topic: "bench/topic", Payload: payload64}
					e.fillWindow(inFlight, m)
					e.exchange(batch, m)
					b.ReportAllocs()
					for b.Loop() {
						e.exchange(batch, m)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/message")
				})
			}
		}
	}
}

// BenchmarkTrackerQueue is the same where so many messages wait behind a closed window.
func BenchmarkTrackerQueue(b *testing.B) {
	for _, waiting := range []int{64, 1_000, 16_000, 128_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			e := newEngine(b, 64, nil).connect(codec.ConnAckProperties{})
			m := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "bench/topic", Payload: payload64}
			e.offer(64+waiting, m)
			e.write()
			b.ReportAllocs()
			for b.Loop() {
				e.answer(64, codec.TypePubAck)
				e.gather(64)
				e.offer(64, m)
				e.write()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/message")
		})
	}
}

// BenchmarkTrackerFull publishes without a connection into an outbox that is full, or that holds one message a topic, so that each
// message takes the place of another.
func BenchmarkTrackerFull(b *testing.B) {
	for _, policy := range []string{"DropOldest", "LatestOnly"} {
		for _, waiting := range []int{100, 1_000, 16_000, 64_000} {
			b.Run(fmt.Sprintf("policy=%s/waiting=%d", policy, waiting), func(b *testing.B) {
				e := newEngine(b, 64, func(c *Config) {
					c.OutboxFull = OutboxDropOldest
					if c.LatestOnly = policy == "LatestOnly"; !c.LatestOnly {
						c.Outbox.Messages = waiting
					}
				})
				topics := make([]string, waiting)
				for i := range topics {
					topics[i] = topicOf(i)
				}
				m, i := &codec.Publish{Payload: payload64}, 0
				publish := func() {
					m.Topic = topics[i*389%waiting]
					i++
					e.offer(1, m)
				}
				for range waiting {
					publish()
				}
				b.ReportAllocs()
				for b.Loop() {
					publish()
				}
			})
		}
	}
}

// BenchmarkTrackerAliases encodes for a connection with topic aliases, of so many topics in turn, where the server takes 1,000.
func BenchmarkTrackerAliases(b *testing.B) {
	for _, n := range []int{1, 1_000, 100_000} {
		b.Run(fmt.Sprintf("topics=%d", n), func(b *testing.B) {
			e := newEngine(b, 64, func(c *Config) { c.TopicAlias = AliasAuto }).connect(codec.ConnAckProperties{TopicAliasMaximum: 1_000})
			messages := make([]codec.Publish, n)
			for i := range messages {
				messages[i] = codec.Publish{Topic: topicOf(i), Payload: payload64}
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				e.exchange(1, &messages[i%n])
				i++
			}
		})
	}
}

// BenchmarkTrackerResume takes over a session with so many messages in flight, sends them again, and has them answered.
func BenchmarkTrackerResume(b *testing.B) {
	for _, inFlight := range []int{100, 1_000, 10_000, 65_535} {
		b.Run(fmt.Sprintf("inflight=%d", inFlight), func(b *testing.B) {
			m := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "bench/topic", Payload: payload64}
			e := newEngine(b, 65_535, nil).connect(codec.ConnAckProperties{})
			b.ReportAllocs()
			for b.Loop() {
				e.offer(inFlight, m)
				e.write()
				e.down(linkDown{e.link.gen, ErrClosed})
				e.connect(codec.ConnAckProperties{})
				e.write()
				e.answer(inFlight, codec.TypePubAck)
				e.gather(inFlight)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*inFlight), "ns/message")
		})
	}
}

// What a message costs the tracker beside its record, which serves again.
func TestTheTrackerTakesNoMemory(t *testing.T) {
	for _, q := range []codec.QoS{0, 1, 2} {
		e := newEngine(t, 1_000, nil).connect(codec.ConnAckProperties{})
		m := &codec.Publish{QoS: q, Topic: "bench/topic", Payload: payload64}
		require.Less(t, allocations(1_000, func() { e.exchange(16, m) })/16, 0.1+slack, "%v", q)
	}
}

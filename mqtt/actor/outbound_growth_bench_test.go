package actor

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// BenchmarkTrackerExpire has messages expire one after the other while so many others wait, without a connection.
func BenchmarkTrackerExpire(b *testing.B) {
	for _, waiting := range []int{100, 1_000, 16_000, 64_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			e := newEngine(b, 64, nil)
			m, at := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "bench/topic", Payload: payload64}, time.Now().Add(time.Hour)
			first := at
			publish := func() {
				op := newRecord()
				if err := op.Message.Set(m); err != nil {
					b.Fatal(err)
				}
				op.Expire(time.Hour)
				op.rare.deadline = at
				at = at.Add(time.Millisecond)
				e.open.push(op)
				e.tracker.offer(op)
			}
			for range waiting {
				publish()
			}
			b.ReportAllocs()
			for b.Loop() {
				publish()
				e.tick(first)
				first = first.Add(time.Millisecond)
				outcome(e.open.pop().Ending)
			}
		})
	}
}

// BenchmarkTrackerLifetime has messages with an hour to live answered at once, while so many others with a day wait behind a closed
// window.
func BenchmarkTrackerLifetime(b *testing.B) {
	for _, waiting := range []int{0, 1_000, 64_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			e := newEngine(b, 64, nil).connect(codec.ConnAckProperties{})
			m := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "bench/topic", Payload: payload64}
			publish := func(life time.Duration) {
				op := e.record(codec.AtLeastOnce)
				if err := op.Message.Set(m); err != nil {
					b.Fatal(err)
				}
				op.Expire(life)
				e.open.push(op)
				e.tracker.offer(op)
			}
			for range waiting {
				publish(24 * time.Hour)
			}
			e.turn()
			e.write()
			b.ReportAllocs()
			for b.Loop() {
				for range 64 {
					publish(time.Hour)
				}
				e.turn()
				e.write()
				e.answer(64, codec.TypePubAck)
				e.gather(64)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/message")
		})
	}
}

// BenchmarkTrackerAnsweredEarly takes over a session with so many messages in flight, which the server answers, the newest
// first, before they are sent again: its Receive Maximum is 1.
func BenchmarkTrackerAnsweredEarly(b *testing.B) {
	for _, inFlight := range []int{100, 1_000, 10_000, 65_535} {
		b.Run(fmt.Sprintf("inflight=%d", inFlight), func(b *testing.B) {
			m := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "bench/topic", Payload: payload64}
			e := newEngine(b, 65_535, nil)
			b.ReportAllocs()
			for b.Loop() {
				e.connect(codec.ConnAckProperties{})
				e.offer(inFlight, m)
				e.write()
				e.down(linkDown{e.link.gen, ErrClosed})
				e.connect(codec.ConnAckProperties{ReceiveMaximum: 1})
				a := newAnswers()
				for op := e.flight.last; op != nil; op = op.prev {
					a.list = append(a.list, answer{kind: codec.TypePubAck, id: op.id})
				}
				a.gen, a.came = e.link.gen, e.began
				e.answered(a)
				e.turn()
				e.write()
				e.gather(inFlight)
				e.down(linkDown{e.link.gen, ErrClosed})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*inFlight), "ns/message")
		})
	}
}

// BenchmarkTrackerWithdraw takes back the newest of so many messages: of those admitted, or of those at the door.
func BenchmarkTrackerWithdraw(b *testing.B) {
	for _, where := range []string{"queue", "door"} {
		for _, waiting := range []int{100, 1_000, 16_000, 64_000} {
			b.Run(fmt.Sprintf("where=%s/waiting=%d", where, waiting), func(b *testing.B) {
				e := newEngine(b, 64, func(c *Config) {
					if where == "door" {
						c.Outbox.Messages = 1
					}
				})
				m := &codec.Publish{QoS: codec.AtLeastOnce, Topic: "bench/topic", Payload: payload64}
				e.offer(waiting, m)
				reply := make(chan bool, 1)
				b.ReportAllocs()
				for b.Loop() {
					op := newRecord()
					if err := op.Message.Set(m); err != nil {
						b.Fatal(err)
					}
					e.tracker.offer(op)
					withdrawal{receipt: op.Receipt(), why: context.Canceled, reply: reply}.answer(e.tracker)
					<-reply
					outcome(op.Ending)
				}
			})
		}
	}
}

// BenchmarkTrackerRestore begins a connection that knows none of so many filters, each of a stream of its own, and has them granted.
func BenchmarkTrackerRestore(b *testing.B) {
	for _, filters := range []int{100, 1_000, 10_000, 50_000} {
		b.Run(fmt.Sprintf("filters=%d", filters), func(b *testing.B) {
			e := newEngine(b, 64, nil)
			for i := range filters {
				e.tracker.offer(NewSubscribe(uint64(i+1), []Subscription{{Subscription: codec.Subscription{Filter: filterOf("exact", i)}}}))
			}
			b.ReportAllocs()
			for b.Loop() {
				e.wanted.lost()
				e.connect(codec.ConnAckProperties{})
				e.grant()
				e.down(linkDown{e.link.gen, ErrClosed})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*filters), "ns/filter")
		})
	}
}

// grant has the server grant what it reads, as long as something comes.
func (e *engine) grant() {
	for len(e.plug.out) > 0 {
		out := <-e.plug.out
		a := newAnswers()
		for at := 0; at < len(out.bytes); {
			f, size, err := codec.Next(out.bytes[at:], codec.Dialect{Version: codec.V5, From: codec.FromClient}, 0)
			if err != nil {
				e.Fatal(err)
			}
			var p codec.Subscribe
			if err := p.Decode(f, codec.Dialect{Version: codec.V5, From: codec.FromClient}); err != nil {
				e.Fatal(err)
			}
			a.list = append(a.list, answer{kind: codec.TypeSubAck, id: p.PacketID, codes: make([]codec.ReasonCode, len(p.Subscriptions))})
			at += size
		}
		e.wrote(&written{out, len(out.bytes), e.began})
		e.turn()
		a.gen, a.came = e.link.gen, e.began
		e.answered(a)
		e.turn()
	}
}

package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// The plain types are measured with little and with much in them: what an operation costs mustn't grow with that.

// BenchmarkIDs frees an identifier and takes the next, with so many in use: the oldest first, as a server answers that keeps the
// order (§4.6), or any.
func BenchmarkIDs(b *testing.B) {
	for _, inUse := range []int{1, 1_000, 30_000, 65_000, 65_535} {
		for _, order := range []string{"oldest", "any"} {
			b.Run(fmt.Sprintf("inuse=%d/freed=%s", inUse, order), func(b *testing.B) {
				var table ids
				ops := make([]*Op, inUse)
				for i := range ops {
					ops[i] = new(Op)
					table.take(ops[i])
				}
				r, i := rand.New(rand.NewPCG(1, 2)), 0
				b.ReportAllocs()
				for b.Loop() {
					op := ops[i%inUse]
					if order == "any" {
						op = ops[r.IntN(inUse)]
					}
					table.free(op)
					if !table.take(op) {
						b.Fatal("none is free")
					}
					i++
				}
			})
		}
	}
}

// BenchmarkInbox puts an item in and takes one out, with so many waiting.
func BenchmarkInbox(b *testing.B) {
	for _, waiting := range []int{0, 64, 1_000, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			var box inbox
			it := item{publish: codec.Publish{Topic: "a", Payload: payload64}, size: 65}
			for range waiting {
				box.push(it)
			}
			b.ReportAllocs()
			for b.Loop() {
				box.push(it)
				box.pop()
			}
		})
	}
}

// BenchmarkInboxDropOldest drops a QoS 0 item where so many of QoS 1 wait before it.
func BenchmarkInboxDropOldest(b *testing.B) {
	for _, before := range []int{0, 256, 4_096, 65_535} {
		b.Run(fmt.Sprintf("before=%d", before), func(b *testing.B) {
			var box inbox
			kept := item{publish: codec.Publish{Topic: "a", QoS: codec.AtLeastOnce}, size: 1}
			loose := item{publish: codec.Publish{Topic: "a"}, size: 1}
			for range before {
				box.push(kept)
			}
			box.push(loose)
			b.ReportAllocs()
			for b.Loop() {
				box.push(loose)
				box.dropOldest()
			}
		})
	}
}

// BenchmarkArrivalOrder enters an arrival and lets one go, with so many that wait for their acknowledgement.
func BenchmarkArrivalOrder(b *testing.B) {
	for _, waiting := range []int{1, 256, 65_535} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			o := arrivalOrder{base: 1, next: 1}
			for i := range waiting {
				o.push(entry{id: uint16(i), qos: codec.AtLeastOnce})
			}
			b.ReportAllocs()
			for b.Loop() {
				o.push(entry{id: 7, qos: codec.AtLeastOnce})
				o.settle(o.head(), codec.Success, nil)
				o.pop()
			}
		})
	}
}

// BenchmarkExactly takes a QoS 2 identifier and releases one, with so many held.
func BenchmarkExactly(b *testing.B) {
	for _, held := range []int{1, 256, 65_000} {
		b.Run(fmt.Sprintf("held=%d", held), func(b *testing.B) {
			var x exactly
			slots := make([]uint32, held)
			next := uint64(1)
			hold := func() uint32 {
				slot := x.hold(heldID{id: uint16(next%65_535) + 1, first: next})
				x.wait(slot, next)
				next++
				return slot
			}
			for i := range slots {
				slots[i] = hold()
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				x.release(slots[i%held])
				slots[i%held] = hold()
				i++
			}
		})
	}
}

// BenchmarkLane pushes an operation and takes one out, with so many waiting: the oldest as it leaves, the oldest as it is dropped
// for a newer one, or one from the middle, which a newer one of its topic replaces.
func BenchmarkLane(b *testing.B) {
	for _, way := range []string{"pop", "drop", "replace"} {
		for _, waiting := range []int{1, 1_000, 16_000, 128_000} {
			b.Run(fmt.Sprintf("way=%s/waiting=%d", way, waiting), func(b *testing.B) {
				var l lane
				seq := uint64(0)
				push := func(op *Op) {
					seq++
					op.seq = seq
					l.push(op)
				}
				ops := make([]*Op, waiting)
				for i := range ops {
					ops[i] = new(Op)
					push(ops[i])
				}
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					op := l.first()
					switch way {
					case "pop":
						l.pop()
					case "drop":
						l.remove(op)
					default:
						op = ops[i*389%waiting]
						i++
						l.remove(op)
					}
					push(op)
				}
			})
		}
	}
}

// BenchmarkEpochs begins and ends a message, and marks a Flush now and then, with so many of those waiting for an older message.
func BenchmarkEpochs(b *testing.B) {
	for _, flushes := range []int{0, 100, 10_000} {
		b.Run(fmt.Sprintf("flushes=%d", flushes), func(b *testing.B) {
			var e epochs
			e.begin()
			for range flushes {
				e.mark()
				e.begin()
			}
			b.ReportAllocs()
			for b.Loop() {
				e.end(e.begin())
			}
		})
	}
}

// BenchmarkAliasTable chooses the alias of the next message, of so many topics in turn, where the server takes 1,000.
func BenchmarkAliasTable(b *testing.B) {
	for _, n := range []int{1, 1_000, 1_001, 100_000} {
		b.Run(fmt.Sprintf("topics=%d", n), func(b *testing.B) {
			topics := make([][]byte, n)
			for i := range topics {
				topics[i] = []byte(topicOf(i))
			}
			table := aliasTable{most: 1_000}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				topic := topics[i%n]
				if alias := table.of(topic); alias != 0 {
					table.use(alias)
				} else if alias = table.give(topic); alias != 0 {
					table.set(alias, topic)
				}
				i++
			}
		})
	}
}

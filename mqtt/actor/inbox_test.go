package actor

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

// itemOf has its number as identifier; every third is of QoS 0.
func itemOf(n uint16) item {
	it := item{publish: codec.Publish{PacketID: n, QoS: codec.AtLeastOnce}, size: int32(n % 10)}
	if n%3 == 0 {
		it.publish.QoS = codec.AtMostOnce
	}
	return it
}

func numbers(b *inbox) (list []uint16) {
	for it := range b.all {
		list = append(list, it.publish.PacketID)
	}
	return list
}

// check looks whether an inbox is as it says.
func (b *inbox) check(tb testing.TB) {
	require.LessOrEqual(tb, b.firm, len(b.segments))
	for k, s := range b.segments {
		require.Less(tb, s.head, len(s.items), "a segment that is empty")
		for i := range cap(s.items) {
			switch it := &s.items[:cap(s.items)][i]; {
			case i < s.head || i >= len(s.items):
				if it.publish.PacketID != 0 {
					tb.Fatal("what has gone holds memory")
				}
			case k < b.firm && it.publish.QoS == codec.AtMostOnce:
				tb.Fatal("it would not be found")
			}
		}
	}
}

func TestInbox(t *testing.T) {
	t.Run("contract 10: order holds through whatever happens", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			var b inbox
			var want []uint16
			next := uint16(0)
			for range 400 {
				switch k := random.IntN(100); {
				case k < 70:
					next++
					b.push(itemOf(next))
					want = append(want, next)
				case k < 90 && b.n > 0:
					front := b.front()
					require.NotEmpty(t, front)
					require.LessOrEqual(t, len(front), batchSize)
					for i := range front {
						require.Equal(t, want[i], front[i].publish.PacketID)
					}
					b.pop()
					want = want[1:]
				case k < 95 && b.loose.Messages > 0:
					b.dropOldest()
					i := slices.IndexFunc(want, func(n uint16) bool { return n%3 == 0 })
					want = slices.Delete(want, i, i+1)
				case k == 98:
					moved := b.take(func(it *item) bool { return it.publish.PacketID%2 == 0 })
					even := slices.DeleteFunc(slices.Clone(want), func(n uint16) bool { return n%2 != 0 })
					require.True(t, slices.Equal(even, numbers(&moved)))
					want = slices.DeleteFunc(want, func(n uint16) bool { return n%2 == 0 })
					moved.empty()
				case k == 99:
					var first inbox
					var list []uint16
					for range random.IntN(100) {
						next++
						first.push(itemOf(next))
						list = append(list, next)
					}
					b.precede(first)
					want = append(list, want...)
				}
				require.Equal(t, len(want), b.n)
				if random.IntN(20) == 0 {
					b.check(t)
				}
			}
			require.True(t, slices.Equal(want, numbers(&b)))
			loose, bytes := Bounds{}, 0
			for _, n := range want {
				bytes += int(n % 10)
				if n%3 == 0 {
					loose.Messages++
					loose.Bytes += int(n % 10)
				}
			}
			require.Equal(t, loose, b.loose)
			require.Equal(t, bytes, b.bytes)
			b.empty()
			require.Empty(t, b.segments)
			require.Zero(t, b.bytes)
		}
	})
	t.Run("contract 20: what is left of many that were dropped takes no more than a few times its memory", func(t *testing.T) {
		for _, every := range []uint16{3, 70, 1000} { // so many is one of QoS 1 that stays
			var b inbox
			var want []uint16
			for n := range uint16(20_000) {
				it := itemOf(n)
				if it.publish.QoS = codec.AtMostOnce; n%every == 0 {
					it.publish.QoS = codec.AtLeastOnce
					want = append(want, n)
				}
				b.push(it)
				for b.loose.Messages > 100 {
					b.dropOldest()
				}
				if len(b.segments) > 3+b.n/16 {
					t.Fatal(len(b.segments), b.n)
				}
			}
			b.check(t)
			for b.loose.Messages > 0 {
				b.dropOldest()
			}
			require.True(t, slices.Equal(want, numbers(&b)))
			require.LessOrEqual(t, len(b.segments), 3+b.n/16)
			first := b.take(func(*item) bool { return true })
			require.Empty(t, b.segments)
			require.True(t, slices.Equal(want, numbers(&first)))
			first.check(t)
			b.push(itemOf(3))
			b.precede(first)
			require.True(t, slices.Equal(append(want, 3), numbers(&b)))
			b.dropOldest()
			require.True(t, slices.Equal(want, numbers(&b)))
			b.check(t)
		}
	})
	t.Run("contract 12: room in messages and bytes; the first always fits", func(t *testing.T) {
		b := inbox{room: Bounds{2, 100}}
		require.True(t, b.fits(1000))
		b.push(item{size: 60})
		require.True(t, b.fits(40))
		require.False(t, b.fits(41))
		b.push(item{publish: codec.Publish{QoS: 1}, size: 1000})
		require.True(t, b.fits(40), "QoS 1 takes no room of QoS 0")
		b.push(item{size: 0})
		require.False(t, b.fits(0))
	})
}

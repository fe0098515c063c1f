package actor

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Callers hand a baton round, and who has it posts or offers at QoS 0: over torn writes, losses and changes of version what is
// written whole is the sequence, once each, and the counts add up.
func TestParcelsKeepCausalOrderOverTornWrites(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := newDesktop(t)
		const callers, total = 4, 3000
		baton := make(chan int, 1)
		var crowd sync.WaitGroup
		for k := range callers {
			mine := rand.New(rand.NewPCG(seed, uint64(k)+10))
			crowd.Go(func() {
				for {
					n := <-baton
					if n >= total {
						baton <- n
						return
					}
					for range 1 + mine.IntN(40) {
						if n == total {
							break
						}
						name := strconv.Itoa(n)
						n++
						posted := false
						if mine.IntN(30) > 0 {
							var err error
							if posted, err = d.caller.Post(d.Context(), "t/"+name, []byte("p"+name)); err != nil {
								panic(err)
							}
						}
						if !posted {
							op := NewQuickOp()
							if err := op.Message.Set(&codec.Publish{Topic: "t/" + name, Payload: []byte("p" + name)}); err != nil {
								panic(err)
							}
							if err := d.caller.Offer(d.Context(), op); err != nil {
								panic(err)
							}
						}
					}
					baton <- n
				}
			})
		}
		baton <- 0
		next := 0
		for next < total {
			if d.link.wire == nil {
				d.count(false)
				d.dial([]codec.Version{codec.V31, codec.V311, codec.V5}[r.IntN(3)])
			}
			b := d.move()
			if r.IntN(8) == 0 { // as any question does
				d.count(false)
			}
			if b == nil {
				continue
			}
			n := b.len()
			lose := r.IntN(6) == 0
			if lose {
				n = r.IntN(n + 1)
			}
			dialect := codec.Dialect{Version: d.limits.version, From: codec.FromClient}
			for all := flat(b)[:n]; len(all) > 0; {
				f, size, err := codec.Next(all, dialect, 0)
				if err != nil || size == 0 || size > len(all) {
					break
				}
				var p codec.Publish
				require.NoError(t, p.Decode(f, dialect))
				require.Equal(t, "t/"+strconv.Itoa(next), p.Topic)
				require.Equal(t, "p"+strconv.Itoa(next), string(p.Payload))
				next++
				all = all[size:]
			}
			d.wrote(&written{buffer: b, n: n})
			if lose {
				d.drain()
				d.count(false)
				d.tracker.down(linkDown{gen: d.link.gen, why: ErrClosed})
			}
		}
		crowd.Wait()
		d.drain()
		d.count(false)
		require.Equal(t, Counts{Admitted: total, Done: total}, d.counts)
		require.Zero(t, d.messages)
		require.Zero(t, d.tracker.bytes)
		require.Len(t, d.epochs.open, 1)
		require.Zero(t, d.epochs.open[0])
		d.turn()
		require.Equal(t, unseen, d.out)
		require.Len(t, d.pens.room, unseen)
		require.Empty(t, d.pens.opened)
		pen := <-d.pens.taken
		require.Nil(t, pen.open)
	}
}

package actor

import (
	"math/rand/v2"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestArrivalOrder(t *testing.T) {
	t.Run("§4.6 entries leave from the head alone, whatever the order of settling", func(t *testing.T) {
		o := arrivalOrder{base: 1, next: 1}
		random := rand.New(rand.NewPCG(1, 2))
		var open []uint64
		pushed, popped := uint16(0), uint16(0)
		for range 20_000 {
			if random.IntN(2) == 0 && o.len() < 700 {
				pushed++
				open = append(open, o.push(entry{id: pushed}))
			} else if len(open) > 0 {
				i := random.IntN(len(open))
				e := o.at(open[i])
				require.EqualValues(t, open[i], e.id)
				o.settle(e, codec.Success, nil)
				open[i] = open[len(open)-1]
				open = open[:len(open)-1]
			}
			for e := o.head(); e != nil && e.settled; e = o.head() {
				popped++
				require.Equal(t, popped, e.id)
				o.pop()
			}
			require.Equal(t, int(pushed-popped), o.len())
			require.Equal(t, o.len()-len(open), o.settled)
		}
		require.Greater(t, popped, uint16(1000))
	})
	t.Run("an old place is nobody's", func(t *testing.T) {
		o := arrivalOrder{base: 1, next: 1}
		require.Nil(t, o.head())
		place := o.push(entry{id: 1})
		require.NotNil(t, o.at(place))
		require.Nil(t, o.at(place+1))
		o.clear()
		require.Nil(t, o.at(place))
		require.Zero(t, o.len())
		next := o.push(entry{id: 2, settled: true})
		require.Greater(t, next, place)
		require.Equal(t, 1, o.settled)
	})
	t.Run("a large ring goes when it is empty", func(t *testing.T) {
		o := arrivalOrder{base: 1, next: 1}
		for range keptEntries + 1 {
			o.push(entry{settled: true})
		}
		for o.len() > 0 {
			o.pop()
		}
		require.Nil(t, o.ring)
		o.push(entry{id: 3, settled: true})
		require.EqualValues(t, 3, o.head().id)
		o.pop()
		require.NotNil(t, o.ring)
	})
}

package actor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExactly(t *testing.T) {
	t.Run("a slot is known by its message, not by its number", func(t *testing.T) {
		var x exactly
		slot := x.hold(heldID{id: 7, first: 1})
		x.wait(slot, 1)
		x.wait(slot, 4)
		require.Equal(t, []uint64{1, 4}, x.at(slot, 1).entries)
		require.Nil(t, x.at(slot, 2))
		require.Nil(t, x.at(slot+1, 1))
		found, held := x.find(7)
		require.True(t, held)
		require.Equal(t, slot, found)
		x.release(slot)
		_, held = x.find(7)
		require.False(t, held)
		require.Nil(t, x.at(slot, 1))
		require.Equal(t, slot, x.hold(heldID{id: 8, first: 5}), "the slot serves again")
		require.Nil(t, x.at(slot, 1))
		require.Empty(t, x.at(slot, 5).entries)
	})
	t.Run("all identifiers at once, then none and no memory", func(t *testing.T) {
		var x exactly
		for id := 1; id <= 65535; id++ {
			x.hold(heldID{id: uint16(id), first: uint64(id)})
		}
		n := 0
		for h := range x.all {
			require.EqualValues(t, h.first, h.id)
			n++
		}
		require.Equal(t, 65535, n)
		for range x.all {
			break
		}
		for id := 1; id <= 65535; id++ {
			slot, held := x.find(uint16(id))
			require.True(t, held)
			x.release(slot)
		}
		require.Nil(t, x.slots)
	})
}

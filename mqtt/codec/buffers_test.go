package codec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBufferClasses(t *testing.T) {
	last := -1
	for size := bigBuffer; size <= 2<<20; size++ {
		place, room := bufferClass(size)
		again, same := bufferClass(room)
		if room < size || room > size*5/4+size/64+2 || place < last || place > last+1 || place != again || room != same {
			t.Fatalf("%d bytes: a buffer of %d at %d, which is looked for at %d; the one before is at %d", size, room, place, again, last)
		}
		last = place
	}
	require.Equal(t, len(bufferPools)-1, last)
	for _, size := range []int{0, 1, 100, bigBuffer - 1, 2<<20 + 1, 200 << 20} {
		place, room := bufferClass(size)
		require.Equal(t, -1, place)
		require.GreaterOrEqual(t, room, size)
	}
}

// A buffer that another message has now isn't the first one's any more.
func TestLargeBuffersServeAgain(t *testing.T) {
	for _, size := range []int{10, bigBuffer, 64 << 10, 100_000, 2 << 20, 3 << 20} {
		var p, q Prepared
		payload := make([]byte, size)
		for i := range payload {
			payload[i] = byte(i)
		}
		require.NoError(t, p.Set(&Publish{Topic: "a", Payload: payload}))
		p.Release(0)
		require.Zero(t, p.Len())
		require.NoError(t, q.Set(&Publish{Topic: "b", Payload: payload}))
		require.NoError(t, p.Set(&Publish{Topic: "c", Payload: make([]byte, size)}))
		require.Equal(t, payload, q.Payload())
		require.Equal(t, "b", string(q.Topic()))
	}
}

package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPayloadTellsItsStamp(t *testing.T) {
	want := stamp{warm: true, run: 1 << 63, publisher: 7, number: 1 << 40, due: 1_800_000_000_000_000_001}
	p := newPayload(stampSize, want)
	number(p, 1<<40, want.due)
	got, ours := readStamp(p)
	require.True(t, ours)
	require.Equal(t, want, got)
}

func TestOtherPayloadsHaveNoStamp(t *testing.T) {
	for _, p := range [][]byte{nil, make([]byte, stampSize), []byte("slb"), newPayload(stampSize-1, stamp{}), append([]byte("slb\x02"), make([]byte, 60)...)} {
		_, ours := readStamp(p)
		require.False(t, ours, "%q", p)
	}
	small := newPayload(stampSize-1, stamp{run: 5})
	number(small, 9, 9) // no room: nothing is written
	require.Equal(t, newPayload(stampSize-1, stamp{}), small)
}

func TestLatencyOfAnotherProcess(t *testing.T) {
	one, other := newClock(), newClock()
	s := stamp{due: one.unix(one.now())}
	require.InDelta(t, 0, s.latency(other, other.now()), float64(time.Minute))
	require.Equal(t, time.Second, stamp{due: one.unix(time.Second)}.latency(one, 2*time.Second))
}

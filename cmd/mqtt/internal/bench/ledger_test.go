package bench

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEachSecondHasItsOwnFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown []second
		reconnects := int64(0)
		l := newLedger(newClock(), 3, func() int64 { reconnects++; return reconnects }, func(s second) { shown = append(shown, s) })
		l.begin()
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { defer close(over); l.run(ctx) }()
		time.Sleep(time.Millisecond / 2) // so that nothing happens at a second's end
		for n := range 2500 {
			c := l.counter(n)
			c.add(counts{Offered: 1})
			if n != 1700 {
				c.tell(counts{Acknowledged: 1}, l.clock.now(), time.Duration(1+n/1000)*time.Millisecond)
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-over
		l.finish()
		require.Len(t, shown, 2)
		require.Len(t, l.seconds, 3)
		for i, want := range []second{
			{At: 1, Length: 1, counts: counts{Offered: 1000, Acknowledged: 1000, Reconnects: 1}, P50: 1000, P99: 1000, Max: 1000},
			{At: 2, Length: 1, InFlight: 1, counts: counts{Offered: 1000, Acknowledged: 999, Reconnects: 2}, P50: 2000, P99: 2000, Max: 2000},
			{At: 2.5005, Length: 0.5005, InFlight: 1, counts: counts{Offered: 500, Acknowledged: 500, Reconnects: 3}, P50: 3000, P99: 3000, Max: 3000},
		} {
			got := l.seconds[i]
			require.InDelta(t, want.P50, got.P50, 2)
			require.InDelta(t, want.P99, got.P99, 2)
			require.InDelta(t, want.Max, got.Max, 2)
			require.InDelta(t, want.At, got.At, 1e-9)
			got.At, got.P50, got.P99, got.Max = want.At, want.P50, want.P99, want.Max
			require.Equal(t, want, got)
		}
		require.Equal(t, counts{Offered: 2500, Acknowledged: 2499, Reconnects: 6}, l.sum)
		require.Equal(t, int64(2499), l.total.TotalCount())
		require.Equal(t, 2499*time.Millisecond+time.Millisecond/2, l.last())
	})
}

func TestAnHourIsTheLongestLatency(t *testing.T) {
	l := newLedger(newClock(), 1, func() int64 { return 0 }, nil)
	l.begin()
	l.counter(0).tell(counts{Acknowledged: 1}, 1, 30*time.Hour)
	l.counter(0).tell(counts{Acknowledged: 1}, 1, -time.Second)
	l.finish()
	got := latencyOf(l.total, "")
	require.Equal(t, int64(2), got.Count)
	require.InEpsilon(t, 3600e6, got.Max, 0.001)
	require.Zero(t, got.Min)
}

// As when the program was stopped, or who shows the seconds stood still: they make one long second, and not one after the other in no time.
func TestSecondsThatWereMissedAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stand := 5500 * time.Millisecond
		l := newLedger(newClock(), 1, func() int64 { return 0 }, func(second) { time.Sleep(stand); stand = 0 })
		l.begin()
		ctx, cancel := context.WithTimeout(t.Context(), 8500*time.Millisecond)
		defer cancel()
		l.run(ctx)
		l.finish()
		var at []float64
		for _, s := range l.seconds {
			at = append(at, s.At)
		}
		require.Equal(t, []float64{1, 7, 8, 8.5}, at)
	})
}

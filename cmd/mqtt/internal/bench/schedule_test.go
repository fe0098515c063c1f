package bench

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClientsTakeTurnsOnTheSchedule(t *testing.T) {
	s := schedule{start: time.Second, rate: 1000, clients: 3, total: 10}
	for i, want := range []time.Duration{0, 3, 6, 9} {
		require.Equal(t, time.Second+want*time.Millisecond, s.due(0, i))
	}
	require.Equal(t, time.Second+5*time.Millisecond, s.due(2, 1))
	require.Equal(t, []int{4, 3, 3}, []int{share(s.total, 3, 0), share(s.total, 3, 1), share(s.total, 3, 2)})
	require.Equal(t, 0, share(2, 3, 2))
}

func TestTheScheduleDoesNotDriftInADay(t *testing.T) {
	s := schedule{rate: 3, clients: 1}
	require.Equal(t, 24*time.Hour, s.due(0, 3*24*3600))
	require.InDelta(t, 24*time.Hour+time.Second/3, s.due(0, 3*24*3600+1), 1)
}

// testPace waits in a bubble, where a nap takes no thread.
func testPace() *pace {
	p := newPace(newClock())
	p.nap = time.Sleep
	return p
}

func TestWhoIsLateCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPace()
		s := schedule{start: p.clock.now(), rate: 1000, clients: 1}
		var times []time.Duration
		for n := range 400 {
			now, err := p.until(t.Context(), s.due(0, n))
			require.NoError(t, err)
			if n == 100 {
				time.Sleep(200 * time.Millisecond) // a call that stood still
			}
			times = append(times, now-s.start)
		}
		for n, at := range times {
			want := time.Duration(n) * time.Millisecond
			if n > 100 {
				want = max(want, 300*time.Millisecond)
			}
			require.Equal(t, want, at, "message %d", n)
		}
	})
}

func TestManyWaitSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPace()
		s := schedule{start: p.clock.now(), rate: 100_000, clients: 20 * napSeats}
		late := make(chan time.Duration, s.clients)
		for client := range s.clients {
			go func() {
				worst := time.Duration(0)
				for n := range 10 {
					now, _ := p.until(t.Context(), s.due(client, n))
					worst = max(worst, now-s.due(client, n))
				}
				late <- worst
			}()
		}
		for range s.clients {
			require.Zero(t, <-late)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPace()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		now, err := p.until(ctx, p.clock.now()+time.Hour)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, now, time.Hour)
	})
}

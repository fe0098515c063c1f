package mqtt

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestB062DelaysDoubleUpToTheLongest(t *testing.T) {
	zero, half, most := 0.0, 0.5, math.Nextafter(1, 0)
	for _, c := range []struct {
		name    string
		backoff Backoff
		attempt int
		rnd     float64
		want    time.Duration
	}{
		{"zero value, least", Backoff{}, 1, zero, 500 * time.Millisecond},
		{"zero value, middle", Backoff{}, 1, half, 750 * time.Millisecond},
		{"zero value, most", Backoff{}, 1, most, time.Second - 1},
		{"zero value, second", Backoff{}, 2, zero, time.Second},
		{"zero value, sixth", Backoff{}, 6, zero, 16 * time.Second},
		{"zero value, seventh is the longest", Backoff{}, 7, zero, 30 * time.Second},
		{"zero value, thousandth", Backoff{}, 1000, zero, 30 * time.Second},
		{"exact, first", Backoff{NoJitter: true}, 1, half, time.Second},
		{"exact, third", Backoff{NoJitter: true}, 3, half, 4 * time.Second},
		{"exact, longest", Backoff{NoJitter: true}, math.MaxInt, half, time.Minute},
		{"steady pace", Backoff{Min: 5 * time.Second, Max: 5 * time.Second, NoJitter: true}, 9, half, 5 * time.Second},
		{"Max isn't a power of Min", Backoff{Min: 2 * time.Second, Max: 5 * time.Second, NoJitter: true}, 3, half, 5 * time.Second},
		{"Min above the default of Max", Backoff{Min: time.Hour, NoJitter: true}, 4, half, time.Hour},
		{"Max below the default of Min", Backoff{Max: time.Millisecond, NoJitter: true}, 4, half, time.Millisecond},
		{"no overflow", Backoff{Min: 1, Max: math.MaxInt64, NoJitter: true}, 200, half, math.MaxInt64},
		{"shortest", Backoff{Min: 1, Max: 1}, 1, most, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.backoff.filled()
			got, again := b.delay(c.attempt, func() float64 { return c.rnd })
			require.True(t, again)
			require.Equal(t, c.want, got)
		})
	}
}

func TestB063AttemptsHaveABound(t *testing.T) {
	for _, c := range []struct {
		name              string
		attempts, attempt int
		want              bool
	}{
		{"no bound", 0, math.MaxInt, true},
		{"below", 3, 2, true},
		{"the last", 3, 3, true},
		{"beyond", 3, 4, false},
		{"B047: don't reconnect", -1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := Backoff{Attempts: c.attempts}.filled()
			delay, again := b.next(c.attempt, nil, func() float64 { return 0 })
			require.Equal(t, c.want, again)
			require.Equal(t, c.want, delay > 0)
		})
	}
}

func TestRetryDecidesAlone(t *testing.T) {
	cause := errors.New("cause")
	b := Backoff{Attempts: -1, Retry: func(attempt int, err error) (time.Duration, bool) {
		require.Equal(t, cause, err)
		return time.Duration(attempt-2) * time.Minute, attempt < 4
	}}.filled()
	for attempt, want := range map[int]time.Duration{1: 0, 2: 0, 3: time.Minute} {
		delay, again := b.next(attempt, cause, nil)
		require.True(t, again)
		require.Equal(t, want, delay, "less than zero is zero")
	}
	_, again := b.next(4, cause, nil)
	require.False(t, again)
}

func TestStableHasADefault(t *testing.T) {
	require.Equal(t, 30*time.Second, Backoff{}.filled().Stable)
	require.Equal(t, time.Hour, Backoff{Stable: time.Hour}.filled().Stable)
}

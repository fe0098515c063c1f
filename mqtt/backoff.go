package mqtt

import (
	"math"
	"time"
)

// Backoff says how long to wait before the next attempt to connect, and when to give up. The zero value waits 1 s after
// the first failure, twice as long after each further one, 60 s at most, a half of it random, and never gives up.
type Backoff struct {
	// Min is the delay after the first failure. Zero: 1 s, or Max if that is shorter. Negative is an error.
	Min time.Duration

	// Max is the longest delay. Zero: 60 s, or Min if that is longer. Equal to Min: a steady pace. Shorter than Min, or
	// negative, is an error.
	Max time.Duration

	// NoJitter makes delays exact. False, the default: each is somewhere between its half and its whole, so that many
	// clients that were cut off together don't come back together.
	NoJitter bool

	// Stable is how long a connection must have lived for the next failure to count as the first. Zero: 30 s. Negative
	// is an error.
	Stable time.Duration

	// Attempts is how many attempts in a row may follow a failure before the client ends. Zero: no bound. Negative: none,
	// which turns reconnecting off.
	Attempts int

	// Retry decides alone when set: all fields above but Stable are ignored. attempt is the number of the attempt that
	// would follow, in a row, from 1; err is what the last one, or the connection, ended with. It answers with the delay
	// before that attempt, where less than zero is zero, or with false, which ends the client; it is also asked about
	// errors that would otherwise end the client at once. It runs on a goroutine of the client's connecting, may block,
	// and holds up the next attempt meanwhile; one function may be called by many clients at the same time.
	Retry func(attempt int, err error) (delay time.Duration, again bool)
}

// filled is b with its defaults.
func (b Backoff) filled() Backoff {
	switch {
	case b.Min == 0 && b.Max == 0:
		b.Min, b.Max = time.Second, time.Minute
	case b.Min == 0:
		b.Min = min(time.Second, b.Max)
	case b.Max == 0:
		b.Max = max(time.Minute, b.Min)
	}
	if b.Stable == 0 {
		b.Stable = 30 * time.Second
	}
	return b
}

// next says how long to wait before an attempt in a row, counted from 1, after err; and false when there is to be none.
// b has its defaults filled in, and rnd gives numbers in [0, 1).
func (b *Backoff) next(attempt int, err error, rnd func() float64) (time.Duration, bool) {
	if b.Retry == nil {
		return b.delay(attempt, rnd)
	}
	d, again := b.Retry(attempt, err)
	return max(d, 0), again
}

// delay is next without Retry.
func (b *Backoff) delay(attempt int, rnd func() float64) (time.Duration, bool) {
	if b.Attempts < 0 || b.Attempts > 0 && attempt > b.Attempts {
		return 0, false
	}
	d := b.Min
	for range attempt - 1 {
		if d > math.MaxInt64/2 || d*2 >= b.Max {
			d = b.Max
			break
		}
		d *= 2
	}
	if b.NoJitter {
		return d, true
	}
	half := d / 2
	return half + time.Duration(rnd()*float64(d-half)), true
}

package bench

import "time"

// clock tells instants as durations since it was made. It doesn't jump, and costs little to read.
type clock struct {
	base time.Time
}

func newClock() clock { return clock{time.Now()} }

func (c clock) now() time.Duration { return time.Since(c.base) }

// unix is an instant in nanoseconds since 1970, for a payload that another process reads.
func (c clock) unix(at time.Duration) int64 { return c.base.UnixNano() + int64(at) }

// since is an instant that a payload told.
func (c clock) since(unix int64) time.Duration { return time.Duration(unix - c.base.UnixNano()) }

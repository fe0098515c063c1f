package replay

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// schedule says when a message is due: all are measured from the first one, so that what comes late doesn't make what follows late.
type schedule struct {
	speed float64 // times the original; 0: at once
	began time.Time
	first time.Time // of the recording; zero: none has come that says its time
}

// longest is as good as never, and no more than a time.Duration holds.
const longest = 1 << 62

// due is how long after the begin a message of that time is sent.
func (s *schedule) due(recorded time.Time) time.Duration {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	if recorded.IsZero() {
		return 0
	}
	if s.first.IsZero() {
		s.first = recorded
	}
	if s.speed == 0 {
		return 0
	}
	return time.Duration(min(float64(recorded.Sub(s.first))/s.speed, longest))
}

// await waits until a message of that time is due.
func (s *schedule) await(ctx context.Context, recorded time.Time, other <-chan time.Time, meanwhile func()) error {
	wait := s.due(recorded) - time.Since(s.began)
	if wait <= 0 {
		return context.Cause(ctx)
	}
	due := time.NewTimer(wait)
	defer due.Stop()
	for {
		select {
		case <-due.C:
			return nil
		case <-other:
			meanwhile()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// speed is the flag: times the original, 0 or max for as fast as it goes.
type speed float64

func (s *speed) Set(text string) error {
	if text == "max" {
		*s = 0
		return nil
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(f >= 0 && f <= 1e9) || f > 0 && f < 1e-3 {
		return errors.New("give how many times as fast as the original, as in 2 or 0.5; 0 or max for as fast as the server takes it")
	}
	*s = speed(f)
	return nil
}

func (s *speed) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }
func (*speed) Type() string     { return "times" }

// moment is the flag for a place in a recording: a time, or how long after its first message.
type moment struct {
	at    time.Time
	after time.Duration
	given bool
}

func (m *moment) Set(text string) error {
	m.given = true
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		m.at = at
		return nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e9 {
		m.after = time.Duration(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("give how long after the first message, as in 90 or 5m, or a time, as in 2026-01-02T15:04:05Z")
	}
	m.after = d
	return nil
}

func (m *moment) String() string { return "" }
func (*moment) Type() string     { return "moment" }

// in is the moment in a recording that begins with first.
func (m *moment) in(first time.Time) time.Time {
	if m.at.IsZero() {
		return first.Add(m.after)
	}
	return m.at
}

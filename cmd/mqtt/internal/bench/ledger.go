package bench

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// ledger has the figures of one stretch of a run: all of them, and each second's.
type ledger struct {
	clock    clock
	start    time.Duration
	counters []*counter
	show     func(second) // each second; nil for nobody who looks
	mended   func() int64 // reconnects since it was last asked

	spare, total, latest *hdrhistogram.Histogram
	sum                  counts
	seconds              []second
	looked               time.Duration // when the last second ended
}

// second is what one second brought; the last one may be shorter.
type second struct {
	At       float64 `json:"at"`     // when it ended, in seconds since the start
	Length   float64 `json:"length"` // in seconds
	InFlight int64   `json:"in_flight"`
	counts
	P50 float64 `json:"p50"` // microseconds; 0 when there was no message
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// mostCounters is how many goroutines at most count apart from each other: a histogram takes 200 KB.
const mostCounters = 16

func newLedger(c clock, goroutines int, mended func() int64, show func(second)) *ledger {
	l := &ledger{clock: c, show: show, mended: mended, spare: newHistogram(), total: newHistogram(), latest: newHistogram()}
	for range max(1, min(goroutines, mostCounters)) {
		l.counters = append(l.counters, &counter{latencies: newHistogram()})
	}
	return l
}

// counter is where the goroutine of this number counts.
func (l *ledger) counter(goroutine int) *counter { return l.counters[goroutine%len(l.counters)] }

// begin is the start of all that is measured.
func (l *ledger) begin() { l.start = l.clock.now(); l.looked = l.start }

// run looks each second, until ctx ends. Seconds that were over before it could look are part of the next one.
func (l *ledger) run(ctx context.Context) {
	for {
		now := l.clock.now() - l.start
		if doze(ctx, now.Truncate(time.Second)+time.Second-now) != nil {
			return
		}
		l.look()
	}
}

// look makes a second of what was counted since the last.
func (l *ledger) look() {
	now := l.clock.now()
	s := second{At: (now - l.start).Seconds(), Length: (now - l.looked).Seconds()}
	l.looked = now
	s.Reconnects = l.mended()
	l.latest.Reset()
	for _, c := range l.counters {
		d, latencies := c.look(l.spare)
		s.counts.add(d)
		l.latest.Merge(latencies)
		latencies.Reset()
		l.spare = latencies
	}
	l.total.Merge(l.latest)
	l.sum.add(s.counts)
	s.InFlight = l.sum.Offered - l.sum.Acknowledged - l.sum.Failed
	if l.latest.TotalCount() > 0 {
		s.P50, s.P99, s.Max = float64(l.latest.ValueAtQuantile(50)), float64(l.latest.ValueAtQuantile(99)), float64(l.latest.Max())
	}
	l.seconds = append(l.seconds, s)
	if l.show != nil {
		l.show(s)
	}
}

// finish counts what came since the last second.
func (l *ledger) finish() {
	l.show = nil
	l.look()
}

// last is when the last message was acknowledged or received, since the start; zero: none was.
func (l *ledger) last() (at time.Duration) {
	for _, c := range l.counters {
		c.mu.Lock()
		at = max(at, c.last-l.start)
		c.mu.Unlock()
	}
	return at
}

// first is when the first message was, like last.
func (l *ledger) first() (at time.Duration) {
	for _, c := range l.counters {
		c.mu.Lock()
		if c.first > 0 && (at == 0 || c.first-l.start < at) {
			at = c.first - l.start
		}
		c.mu.Unlock()
	}
	return at
}

func (l *ledger) lateness() (all lateness) {
	for _, c := range l.counters {
		c.mu.Lock()
		all.Late += c.Late
		all.Worst = max(all.Worst, c.Worst)
		c.mu.Unlock()
	}
	return all
}

// soFar is how many messages of ours were received and weren't duplicates, since the start.
func (l *ledger) soFar() (n int64) {
	for _, c := range l.counters {
		c.mu.Lock()
		n += c.unique
		c.mu.Unlock()
	}
	return n
}

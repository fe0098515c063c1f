package top

import "time"

// pastSeconds is how far back the small curves go.
const pastSeconds = 16

// rateSeconds is over how many whole seconds a rate is the mean.
const rateSeconds = 5

// history counts by the second. Its seconds are those since the table began, so that a clock that is set doesn't matter.
type history struct {
	counts [pastSeconds + 1]uint64 // by second modulo length; the last one isn't over
	last   int64                   // the second of the newest count
}

// second is how many whole seconds have passed at now.
func second(start, now time.Time) int64 { return int64(now.Sub(start) / time.Second) }

func (h *history) add(second int64, n uint64) {
	h.forward(second)
	h.counts[second%int64(len(h.counts))] += n
}

// forward empties the counts of seconds that have begun since the last one.
func (h *history) forward(second int64) {
	length := int64(len(h.counts))
	for s := max(h.last+1, second-length+1); s <= second; s++ {
		h.counts[s%length] = 0
	}
	h.last = max(h.last, second)
}

// at is the count of a second, which lies at most pastSeconds back.
func (h *history) at(second int64) uint64 {
	if second < 0 || second > h.last || second <= h.last-int64(len(h.counts)) {
		return 0
	}
	return h.counts[second%int64(len(h.counts))]
}

// rate is the mean of the last whole seconds, of those since first alone. In the very first second it is what came so far.
func (h *history) rate(second, first int64) float64 {
	n := min(rateSeconds, second-first)
	if n <= 0 {
		return float64(h.at(second))
	}
	var sum uint64
	for s := second - n; s < second; s++ {
		sum += h.at(s)
	}
	return float64(sum) / float64(n)
}

// past are the last whole seconds, the oldest first.
func (h *history) past(second int64) (counts [pastSeconds]uint64) {
	for i := range counts {
		counts[i] = h.at(second - pastSeconds + int64(i))
	}
	return counts
}

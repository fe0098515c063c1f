package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// counts are what is counted. Each is since the last look, or of the whole run.
type counts struct {
	Offered      int64 `json:"offered"`      // handed to a client
	Acknowledged int64 `json:"acknowledged"` // by the server; at QoS 0: taken over by the client
	Failed       int64 `json:"failed"`       // neither
	Received     int64 `json:"received"`     // by subscribers, those that came twice included
	Lost         int64 `json:"lost"`         // missing below what has come; at the end below what was offered
	Duplicated   int64 `json:"duplicated"`
	Reordered    int64 `json:"reordered"` // came behind one with a higher number
	Reconnects   int64 `json:"reconnects"`
	Foreign      int64 `json:"foreign"`    // received, without our numbers
	Skewed       int64 `json:"clock_skew"` // told a time to come: the clocks of two machines differ
}

func (c *counts) add(d counts) {
	c.Offered += d.Offered
	c.Acknowledged += d.Acknowledged
	c.Failed += d.Failed
	c.Received += d.Received
	c.Lost += d.Lost
	c.Duplicated += d.Duplicated
	c.Reordered += d.Reordered
	c.Reconnects += d.Reconnects
	c.Foreign += d.Foreign
	c.Skewed += d.Skewed
}

// longest is the highest latency that a histogram has a place for, in microseconds. A longer one counts as that.
const longest = int64(time.Hour / time.Microsecond)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, 3) }

// counter is where a few goroutines count. Its lock is hardly ever contended, and held for a few instructions.
type counter struct {
	mu        sync.Mutex
	counts    counts
	latencies *hdrhistogram.Histogram
	first     time.Duration // of the clock: when the first message was acknowledged or received; zero: none was
	last      time.Duration // when the last one was
	unique    int64         // of the whole run: received of what bench published, those that came twice left out
	lateness
}

// lateness is how well publishers kept their schedule, where no server kept them from it.
type lateness struct {
	Late  int64         // messages that were offered more than lateFrom behind their time
	Worst time.Duration // how late the latest was
}

const lateFrom = 10 * time.Millisecond

// add adds counts.
func (c *counter) add(d counts) {
	c.mu.Lock()
	c.counts.add(d)
	c.mu.Unlock()
}

// tell adds counts, and a latency.
func (c *counter) tell(d counts, now, latency time.Duration) {
	c.mu.Lock()
	c.counts.add(d)
	c.unique += d.Received - d.Duplicated - d.Foreign
	c.record(now, latency)
	c.mu.Unlock()
}

// tellUntimed adds counts of what came now, without a latency.
func (c *counter) tellUntimed(d counts, now time.Duration) {
	c.mu.Lock()
	c.counts.add(d)
	c.unique += d.Received - d.Duplicated - d.Foreign
	c.happened(now)
	c.mu.Unlock()
}

func (c *counter) happened(now time.Duration) {
	if c.first == 0 {
		c.first = now
	}
	c.last = max(c.last, now)
}

func (c *counter) record(now, latency time.Duration) {
	c.happened(now)
	us := int64((latency + time.Microsecond/2) / time.Microsecond)
	c.latencies.RecordValue(min(max(us, 0), longest)) // it can't fail within these
}

// late notes that a message was offered so much behind its time.
func (c *counter) late(by time.Duration) {
	c.mu.Lock()
	c.Worst = max(c.Worst, by)
	if by > lateFrom {
		c.Late++
	}
	c.mu.Unlock()
}

// look takes what was counted since the last look. Latencies are counted in spare from now on.
func (c *counter) look(spare *hdrhistogram.Histogram) (counts, *hdrhistogram.Histogram) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, l := c.counts, c.latencies
	c.counts, c.latencies = counts{}, spare
	return d, l
}

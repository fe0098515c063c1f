package bench

import (
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

// receiver counts what one subscriber gets, from when it subscribes until its client ends.
type receiver struct {
	run    uint64 // the only one that counts; 0: any
	shared bool   // others get a part of the messages, so that what is missing here is no loss
	client *mqtt.Client
	places <-chan place // where to count from now on
	place  place
	known  map[publication]*sequence
	latest publication // of the message before
	series *sequence   // its
}

// place is where a receiver counts. Without a counter it doesn't.
type place struct {
	counter *counter
	clock   clock
	budget  *budget // of messages that count; nil: no end
}

// publication is who numbers messages.
type publication struct {
	run       uint64
	publisher uint32
}

// mostPublications bounds the memory of a receiver. The messages of more count as foreign.
const mostPublications = 100_000

func newReceiver(c *mqtt.Client, run uint64, places <-chan place) *receiver {
	return &receiver{client: c, run: run, places: places, known: map[publication]*sequence{}}
}

// receive takes messages until the client ends.
func (r *receiver) receive() {
	for m := range r.client.Messages() {
		select {
		case r.place = <-r.places:
		default:
		}
		if r.place.counter != nil {
			r.count(m)
		}
	}
}

func (r *receiver) count(m *mqtt.Received) {
	if m.Retain {
		return // the server had it from before: nobody publishes it now
	}
	s, ours := readStamp(m.Payload)
	if ours && (s.warm || (r.run != 0 && s.run != r.run)) {
		return
	}
	if !r.place.budget.take() {
		return
	}
	now := r.place.clock.now()
	d := counts{Received: 1}
	if !ours || !r.account(s, &d) {
		d.Foreign = 1
		r.place.counter.tellUntimed(d, now)
		return
	}
	latency := s.latency(r.place.clock, now)
	if latency < 0 {
		d.Skewed = 1
	}
	r.place.counter.tell(d, now, latency)
}

// account counts by the number of a message what is lost, came twice or too late; false: there are too many publishers.
func (r *receiver) account(s stamp, d *counts) bool {
	if r.shared {
		return true
	}
	if !r.find(publication{s.run, s.publisher}, s.number) {
		return false
	}
	lost, duplicated, reordered := r.series.take(s.number)
	d.Lost = lost
	if duplicated {
		d.Duplicated = 1
	}
	if reordered {
		d.Reordered = 1
	}
	return true
}

// find has series be that of a publication. One that is met in its middle begins there; a run of our own begins at 0.
func (r *receiver) find(p publication, number uint64) bool {
	if r.series != nil && p == r.latest {
		return true
	}
	s := r.known[p]
	if s == nil {
		if len(r.known) >= mostPublications {
			return false
		}
		s = new(sequence)
		if r.run == 0 {
			s.next = number
		}
		r.known[p] = s
	}
	r.latest, r.series = p, s
	return true
}

// missing counts as lost what was published behind the last that came. The receiver must have ended.
func (r *receiver) missing(offered []uint64) (lost int64) {
	for i, n := range offered {
		s := r.known[publication{r.run, uint32(i)}]
		if s == nil {
			s = new(sequence)
		}
		lost += s.skip(n)
	}
	return lost
}

// budget is how many messages count, over all receivers.
type budget struct {
	mu   sync.Mutex
	left int
	out  chan struct{} // closed when nothing is left
}

func newBudget(n int) *budget { return &budget{left: n, out: make(chan struct{})} }

// take says whether one more counts. Without a budget each does.
func (b *budget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 {
		return false
	}
	if b.left--; b.left == 0 {
		close(b.out)
	}
	return true
}

// spent is closed when nothing is left; nil without a budget.
func (b *budget) spent() <-chan struct{} {
	if b == nil {
		return nil
	}
	return b.out
}

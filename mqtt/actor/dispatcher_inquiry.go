package actor

import (
	"cmp"
	"slices"
	"time"
)

// inquiry is what a caller wants of the dispatcher, or the supervisor tells it. It is answered at once.
type inquiry interface{ answer(d *dispatcher) }

type (
	declareStream struct {
		branch *branch
		reply  chan<- uint64 // its number; capacity 1
	}
	closeStream   struct{ number uint64 }
	claimMessages struct{}
	countInbound  struct{ reply chan<- InboundStats } // capacity 1
)

func (q declareStream) answer(d *dispatcher) {
	b := q.branch
	d.last++
	b.number = d.last
	d.streams[b.number] = b
	d.routes.add(b)
	if b.eager {
		d.living++
		b.start(&d.nursery)
	}
	if d.messages.lent == 0 {
		d.inherit(b)
	} else {
		b.fresh = true // what Messages has lent comes first
		d.fresh = append(d.fresh, b)
		d.messages.recall()
	}
	q.reply <- b.number
}

// inherit moves what waits on Messages and is for b (contract 14).
func (d *dispatcher) inherit(b *branch) {
	b.fresh = false
	if d.messages.inbox.n == 0 {
		return
	}
	moved := d.messages.inbox.take(func(it *item) bool { return d.routes.leadsTo(b, &it.publish) })
	for it := range moved.all {
		if c := d.claimOf(&it.ticket); c != nil {
			c.move(it.ticket.share, b.number)
		}
	}
	b.inbox.precede(moved)
	d.touch(b)
}

func (d *dispatcher) inheritAll() {
	for _, b := range d.fresh {
		if !b.closed {
			d.inherit(b)
			d.touch(b)
		}
	}
	d.fresh = nil
}

func (q closeStream) answer(d *dispatcher) {
	b := d.streams[q.number]
	if b == nil || b.closed || b == d.messages {
		return
	}
	close(b.quit)
	b.stop()
	if !b.running {
		d.discard(b)
		d.forget(b)
	}
}

// retireDue retires the streams for which nothing is on its way any more.
func (d *dispatcher) retireDue() {
	d.retiring = slices.DeleteFunc(d.retiring, func(r retirement) bool {
		if d.up && r.gen == d.link.gen && (r.after > d.batch || r.after == d.batch && d.rest != nil) {
			return false
		}
		d.retire(r.stream)
		return true
	})
}

// retire notes that nothing comes for a stream any more.
func (d *dispatcher) retire(number uint64) {
	if b := d.streams[number]; b != nil {
		b.retired = true
		d.forget(b)
	}
}

// forget drops a stream when nothing of it is left, and nothing comes for it.
func (d *dispatcher) forget(b *branch) {
	if b.closed && b.retired {
		d.routes.remove(b)
		if !b.running {
			delete(d.streams, b.number)
		}
	}
}

func (claimMessages) answer(d *dispatcher) {
	d.claimed = true
	d.unclaimed = unclaimed{}
	d.touch(d.messages)
}

func (q countInbound) answer(d *dispatcher) { q.reply <- d.stats() }

// stats takes the counts of this moment.
func (d *dispatcher) stats() InboundStats {
	s := d.counts
	s.Unacknowledged = d.unacknowledged()
	s.Owed = d.order.settled
	s.Owed += len(d.letter.acks)
	s.Bytes = d.heldBytes + d.looseBytes
	s.Held = d.letter.held
	s.Streams = make([]StreamStats, 0, len(d.streams))
	for _, b := range d.streams {
		if b.closed && !d.finishing {
			continue
		}
		s.Streams = append(s.Streams, d.statsOf(b))
	}
	slices.SortFunc(s.Streams, func(a, b StreamStats) int { return cmp.Compare(a.Number, b.Number) })
	return s
}

// unacknowledged counts what the server has no acknowledgement for because the application has given none. When the
// client closes, it is what was so when its connection ended.
func (d *dispatcher) unacknowledged() int {
	if d.closing && !d.up {
		return d.abandoned
	}
	return d.order.len() - d.order.settled + d.carried
}

func (d *dispatcher) statsOf(b *branch) StreamStats {
	s := StreamStats{Number: b.number, Tag: b.tag, Received: b.got, Taken: b.taken, Dropped: b.dropped,
		Depth: Bounds{b.inbox.n, b.inbox.bytes}}
	if b.inbox.n > 0 {
		s.Oldest = d.date(b.inbox.front()[0].came)
	}
	if d.order.len() > 0 && d.stalled.place == d.order.base && d.stalled.stream == b.number {
		s.Stalled, s.StalledSince = d.stalled.topic, d.date(d.headSince)
	}
	return s
}

func (d *dispatcher) date(at time.Duration) time.Time { return d.began.Add(at) }

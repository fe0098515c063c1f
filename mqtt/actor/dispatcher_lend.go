package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// feed lends to the streams that may have something new. Those that wait for acknowledgements are looked at again when
// some have left. Nothing is lent while a message waits for what streams give back: of two that are full each would have it
// again before the other has answered, and be asked again, for ever.
func (d *dispatcher) feed() {
	if d.halt == recalls {
		return
	}
	if d.eased {
		d.eased = false
		for _, b := range d.blocked {
			b.blocked = false
			d.touch(b)
		}
		d.blocked = d.blocked[:0]
	}
	for _, b := range d.touched {
		b.touched = false
		if b.idle() && (b != d.messages || d.claimed) {
			d.lendTo(b)
		}
	}
	clear(d.touched)
	d.touched = d.touched[:0]
}

func (d *dispatcher) lendTo(b *branch) {
	items := b.inbox.front()
	d.announce(b, items)
	n := 0
	for n < len(items) && d.lend(b, &items[n]) {
		n++
	}
	if n == 0 {
		if len(items) > 0 && !b.blocked {
			b.blocked = true
			d.blocked = append(d.blocked, b)
		}
		return
	}
	if !b.running {
		d.living++
		b.start(&d.nursery)
	}
	b.lent, b.told = n, 0
	b.work <- items[:n:n] // there is room: nothing was lent
}

// lend says whether an item may go to its stream now. No more than Receive Maximum are out without acknowledgement, and
// those the ones that came first, so that what is out doesn't keep back what would make the acknowledgements leave.
func (d *dispatcher) lend(b *branch, it *item) bool {
	t := &it.ticket
	c := d.claimOf(t)
	if c == nil {
		it.by = byBoth
		return true
	}
	if !d.lawful(c, t) || !d.noted(b, it, c) {
		return false
	}
	if c.lent == 0 {
		d.out++
	}
	c.lent++
	if len(d.handed) > 0 && it.publish.Dup && t.qos == codec.AtLeastOnce {
		_, it.again = d.handed[it.publish.PacketID]
	}
	return true
}

// eldest says of a message that came on a former connection that none before it lacks its acknowledgement. It may always be
// lent: what is out may wait for a stream that has this one first.
func (d *dispatcher) eldest(place uint64) bool {
	if place >= d.order.base {
		return false // on one connection what is out came before what isn't
	}
	for h := range d.exactly.all {
		if h.first < place && !h.acked {
			return false
		}
	}
	return true
}

// lawful says whether Receive Maximum lets a message go out.
func (d *dispatcher) lawful(c *claim, t *Ticket) bool {
	limit := d.cfg.receiveMaximum
	return (c.lent > 0 || d.out < limit || d.eldest(t.place)) && t.place < d.order.base+uint64(limit)
}

// unlend takes back what a stream has not handed out.
func (d *dispatcher) unlend(b *branch) {
	left := b.lent - b.told
	for it := range b.inbox.all {
		if left--; left < 0 {
			break
		}
		if c := d.claimOf(&it.ticket); c != nil {
			if c.lent--; c.lent == 0 {
				d.out--
				d.eased = true
			}
		}
	}
	b.lent, b.told = 0, 0
}

// reported takes a stream's report.
func (d *dispatcher) reported(r *report) {
	b := r.from
	d.counts.Strays += uint64(r.strays)
	for ; b.told < r.taken; b.told++ {
		d.taken(b, r.through>>b.told&1 == 1)
	}
	if b.told == b.lent {
		b.lent, b.told = 0, 0
	}
	if r.recalled || r.last {
		d.unlend(b)
		b.recalled = false
		d.answered(b)
	}
	switch {
	case r.last:
		d.left(b, r.handled)
		return
	case b.ack == AckOnTake:
		for i := range r.handled {
			d.answer(&r.handled[i], codec.Success, nil)
		}
	}
	if r.recalled && b.purge {
		d.purgeBranch(b)
	}
	if b == d.messages && b.lent == 0 {
		d.inheritAll()
	}
	d.touch(b)
}

// taken notes that the application has the first item of b.
func (d *dispatcher) taken(b *branch, each bool) {
	it := &b.inbox.front()[0]
	d.counts.Taken++
	b.taken++
	d.depart(it)
	if t := &it.ticket; t.qos != codec.AtMostOnce {
		if c := d.claimOf(t); c != nil {
			c.handed = true
		} else if t.qos == codec.AtLeastOnce && t.bond.session == d.session.session && d.former(t) {
			d.hand(it.publish.PacketID)
		}
		if !each && b.ack == AckOnTake {
			d.answer(t, codec.Success, nil)
		}
	}
	b.inbox.pop()
}

// depart counts that an item doesn't wait any more.
func (d *dispatcher) depart(it *item) {
	if it.ticket.qos == codec.AtMostOnce {
		d.looseBytes -= int(it.size)
		return
	}
	d.heldBytes -= int(it.size)
	if d.former(&it.ticket) {
		d.carried--
	} else if c := d.claimOf(&it.ticket); c != nil { // its acknowledgement may have come before the word that it was taken
		c.inside--
	}
}

// left ends a stream whose process has ended.
func (d *dispatcher) left(b *branch, returned []Ticket) {
	d.living--
	b.running = false
	if d.finishing {
		return // what is left stays unacknowledged (contract 18)
	}
	for i := range returned {
		d.judge(verdict{&returned[i], discarded})
	}
	d.discard(b)
	d.forget(b)
}

// discard acknowledges what a closed stream holds (contract 14).
func (d *dispatcher) discard(b *branch) {
	for it := range b.inbox.all {
		d.depart(it)
		d.judge(verdict{&it.ticket, discarded})
	}
	b.inbox.empty()
}

// finish ends all streams and waits for them.
func (d *dispatcher) finish() {
	d.finishing = true
	for _, b := range d.streams {
		if !b.closed {
			b.stop()
		}
	}
	for d.living > 0 {
		r := <-d.reports
		d.reported(&r) // each stream's last; they wait for nobody else
	}
	d.nursery.Wait()
	*d.final = d.stats()
	d.lastWord()
	if d.up {
		close(d.cut)
	}
	close(d.ended)
}

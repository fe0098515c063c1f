package actor

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// mostEntries bounds what a server can make us keep by repeating a QoS 2 message that the application has not acknowledged.
const mostEntries = 1 << 16

// errQuota says that the server sent more than it was told it might.
var errQuota = &ProtocolError{codec.ReceiveMaximumExceeded, "3.3.4", "more messages than Receive Maximum lack their acknowledgement"}

// admitLoose takes a QoS 0 message when each stream that it is for has room, or says what happens without (contract 12).
func (d *dispatcher) admitLoose(p *codec.Publish) passage {
	size, full := sizeOf(p), false
	for _, b := range d.targets {
		if !b.inbox.fits(size) {
			full = true
			if b.overflow == OverflowHold && !d.answerOwed {
				return waits
			}
		}
	}
	if full {
		if d.recallOldest(size) {
			return recalls
		}
		d.targets = slices.DeleteFunc(d.targets, func(b *branch) bool { return !d.makeRoom(b, size) })
		if len(d.targets) == 0 {
			d.counts.Received++
			return passed
		}
	}
	d.deliver(p, Ticket{}, size)
	return passed
}

// recallOldest asks for the oldest messages where they are lent to the stream: it answers at once, whatever the
// application does.
func (d *dispatcher) recallOldest(size int) (asked bool) {
	for _, b := range d.targets {
		if b.overflow == OverflowDropOldest && !b.inbox.fits(size) && (b.lent > 0 || b.recalled) {
			b.recall()
			asked = true
		}
	}
	return asked
}

// makeRoom drops what the stream's policy says, and reports whether there is room now.
func (d *dispatcher) makeRoom(b *branch, size int) bool {
	for b.overflow == OverflowDropOldest && !b.inbox.fits(size) {
		before := b.inbox.loose.Bytes
		b.inbox.dropOldest()
		d.looseBytes -= before - b.inbox.loose.Bytes
		d.drop(b)
	}
	if b.inbox.fits(size) {
		return true
	}
	d.drop(b)
	return false
}

// drop counts a QoS 0 message that found no room.
func (d *dispatcher) drop(b *branch) {
	d.counts.Dropped++
	b.dropped++
	if b.untold == 0 {
		d.dropping = append(d.dropping, b)
	}
	b.untold++
}

// admit takes a QoS 1 or 2 message that isn't known yet.
func (d *dispatcher) admit(p *codec.Publish) passage {
	size := sizeOf(p)
	if halt := d.room(p, size); halt != passed || d.broken {
		return halt
	}
	d.unfinished++
	e := entry{id: p.PacketID, qos: p.QoS, settled: len(d.targets) == 0}
	t := Ticket{place: d.order.next, qos: p.QoS, version: d.link.version}
	if p.QoS == codec.AtLeastOnce {
		t.bond, e.claim = d.connection, newClaim(p.Topic, d.targets)
	} else {
		h := heldID{id: p.PacketID, first: t.place, acked: e.settled, gen: d.link.gen, claim: newClaim(p.Topic, d.targets)}
		d.recognise(&h, p.Dup)
		t.bond, t.slot = d.session, d.exactly.hold(h)
		e.slot, e.first = t.slot, t.place
		if !e.settled {
			d.exactly.wait(t.slot, t.place)
		}
	}
	if !p.Dup && len(d.handed) > 0 {
		delete(d.handed, p.PacketID) // the server uses the identifier for another message
	}
	d.enter(e)
	d.deliver(p, t, size)
	d.again = false
	return passed
}

// room says whether a QoS 1 or 2 message may be kept. On 5.0 the server keeps to what it was told; on 3.x nothing tells
// it, and it can't know of what it has forgotten together with a session: then reading waits as long as nobody waits for an
// answer.
func (d *dispatcher) room(p *codec.Publish, size int) passage {
	n, limit, hard := d.order.len()+d.carried, d.limit(), mostEntries
	switch {
	case d.link.version == codec.V5:
		if d.unfinished >= limit && d.overrun(p, limit) {
			return d.fail(errQuota)
		}
		if d.carried > 0 && !d.link.sessionPresent && !d.answerOwed && n >= d.cfg.receiveMaximum {
			return waits
		}
	case !d.answerOwed && n >= limit:
		return waits
	default:
		hard = min(hard, d.cfg.hard.Messages)
	}
	size *= len(d.targets)
	if n < hard && (d.heldBytes == 0 || d.heldBytes+size <= d.cfg.hard.Bytes) {
		return passed
	}
	if !d.answerOwed {
		return waits
	}
	return d.fail(ErrInboundOverrun)
}

// limit is the Receive Maximum of this connection.
func (d *dispatcher) limit() int {
	if n := int(d.link.receiveMaximum); n > 0 {
		return n
	}
	return d.cfg.receiveMaximum
}

// mostRepeats is how many QoS 1 messages a server may repeat on one connection before they are answered. It shouldn't repeat
// any (§4.4), and each takes a count of all.
const mostRepeats = 1024

// overrun counts again when there seem to be too many: a QoS 1 message that repeats an identifier takes no second place of
// the quota.
func (d *dispatcher) overrun(p *codec.Publish, limit int) bool {
	if d.unfinished >= limit+mostRepeats {
		return true
	}
	repeats, known := 0, make(map[uint16]struct{})
	for place := d.order.base; place < d.order.next; place++ {
		e := d.order.at(place)
		if _, again := known[e.id]; again && e.qos == codec.AtLeastOnce {
			repeats++
		}
		if e.qos == codec.AtLeastOnce {
			known[e.id] = struct{}{}
		}
	}
	if _, again := known[p.PacketID]; again && p.Dup && p.QoS == codec.AtLeastOnce {
		return false
	}
	return d.unfinished-repeats >= limit
}

// enter gives an arrival its place in the order of acknowledgements.
func (d *dispatcher) enter(e entry) (place uint64) {
	if d.order.len() == 0 {
		d.headSince = d.now
	}
	return d.order.push(e)
}

// repeated takes a QoS 2 message that was delivered before: it is answered, once the first one is (§4.3.3).
func (d *dispatcher) repeated(p *codec.Publish, slot uint32) passage {
	h := &d.exactly.slots[slot]
	h.unsure = false
	if h.gen != d.link.gen {
		if d.link.version == codec.V5 && d.unfinished >= d.limit() && d.overrun(p, d.limit()) {
			return d.fail(errQuota)
		}
		h.gen = d.link.gen
		d.unfinished++
	}
	if d.order.len() >= mostEntries {
		return d.fail(ErrInboundOverrun)
	}
	e := entry{id: h.id, qos: p.QoS, slot: slot, first: h.first, settled: h.acked}
	e.claim.code, e.claim.props = h.claim.code, h.claim.props
	place := d.enter(e)
	if h.acked {
		return passed
	}
	d.exactly.wait(slot, place)
	if h.carried {
		h.carried = false
		d.carried--
	}
	return passed
}

// released answers PUBREL. It ends the exchange, also one that the application has not acknowledged: a server that says so
// doesn't wait for us.
func (d *dispatcher) released(id uint16) {
	d.emit()                                                       // a PUBREC that may leave does so first
	a := ack{kind: codec.TypePubComp, id: id, keep: d.cfg.durable} // also the second time: the store may not know it yet
	slot, held := d.exactly.find(id)
	if !held {
		if d.link.version == codec.V5 {
			a.code = codec.PacketIdentifierNotFound
		}
		d.owe(a)
		return
	}
	for _, place := range d.exactly.slots[slot].entries {
		d.order.settle(d.order.at(place), codec.Success, nil) // it has no PUBREC any more: see acknowledge
	}
	d.dismiss(slot)
	d.owe(a)
}

// dismiss lets a QoS 2 message go, whatever the application does with it.
func (d *dispatcher) dismiss(slot uint32) {
	h := &d.exactly.slots[slot]
	if h.carried {
		d.carried--
	}
	if !h.acked && h.claim.lent > 0 {
		d.out--
		d.eased = true
	}
	d.conclude(slot)
}

// conclude lets a QoS 2 message go. What of it still waits for the application takes room on its own: a server that sends
// PUBREL early, again and again, would fill our memory else.
func (d *dispatcher) conclude(slot uint32) {
	h := &d.exactly.slots[slot]
	if h.gen == d.link.gen {
		d.unfinished--
	}
	d.carried += h.claim.inside
	d.exactly.release(slot)
}

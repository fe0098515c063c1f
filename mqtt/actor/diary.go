package actor

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// diary is what the store is to know of incoming QoS 2 messages, so that a process that comes after a crash neither hands out
// again what was taken nor takes for new what was handed out. A message is handed out when its mark is kept, and not before:
// as taken where taking it acknowledges it, as handed out where that is the application's to do.
type diary struct {
	written  uint64              // number of the last mark
	safe     uint64              // marks up to this one are kept
	formerly map[uint16]struct{} // identifiers that a former process handed out, and that were not acknowledged
	again    bool                // the message at hand is one of those
	doubt    bool                // what is known here may be of another session than the server has
	awaiting []*branch           // wait for marks
}

// way is through which channels a message may be handed out.
type way byte

const (
	byBoth way = iota
	byOut      // it is marked as taken: a loop over All would have to promise more
	byEach     // it isn't
)

// unknown is the number of a mark that went with an acknowledgement: when it is kept isn't told.
const unknown = ^uint64(0)

// restoreKept takes over what a former process left.
func (d *dispatcher) restoreKept(k *Kept) {
	for id, state := range k.incoming {
		if state == markHanded {
			if d.formerly == nil {
				d.formerly = make(map[uint16]struct{})
			}
			d.formerly[id] = struct{}{}
			continue
		}
		d.exactly.hold(heldID{id: id, first: d.order.next, acked: true, mark: markTaken})
		d.order.next++
	}
	d.order.base = d.order.next
}

// recognise notes whether a former process has handed out a message that comes in. Without DUP it is another one (§3.3.1-1), and
// the record is its own from here on.
func (d *dispatcher) recognise(h *heldID, dup bool) {
	if _, known := d.formerly[h.id]; known {
		delete(d.formerly, h.id)
		h.mark, d.again = markHanded, dup
	}
}

// mark has the store know a state of a message.
func (d *dispatcher) mark(h *heldID, state markState) {
	d.write(h.id, state)
	h.mark, h.marked = state, d.written
}

func (d *dispatcher) write(id uint16, state markState) {
	d.written++
	d.letter.marks, d.letter.marked = append(d.letter.marks, mark{id, state}), d.written
}

// due is the mark with which a message goes to a stream. One that goes to several is each one's own to take, and so may be
// handed out again after a crash. So may what nobody has asked to take from the plain channel: a loop over All may be still to
// come, and nothing is missing there.
func (b *branch) due(c *claim) markState {
	if b.ack == AckOnTake && b.plain && b.loops == 0 && c.shares == nil {
		return markTaken
	}
	return markHanded
}

// announce has the store know what is next to be handed out.
func (d *dispatcher) announce(b *branch, items []item) {
	if !d.cfg.durable || d.closing {
		return
	}
	room := d.cfg.receiveMaximum - d.out
	for i := range items {
		t := &items[i].ticket
		c := d.claimOf(t)
		if c == nil {
			continue
		}
		if c.lent == 0 {
			room--
		}
		if room < 0 && !d.eldest(t.place) || !d.lawful(c, t) {
			return
		}
		if t.qos != codec.ExactlyOnce {
			continue
		}
		if h := d.exactly.at(t.slot, t.place); !h.acked && h.mark != b.due(c) {
			d.mark(h, b.due(c))
		}
	}
}

// noted says whether the store knows that a message is handed out, and through which channel it may be.
func (d *dispatcher) noted(b *branch, it *item, c *claim) bool {
	it.by = byBoth
	if !d.cfg.durable || it.ticket.qos != codec.ExactlyOnce {
		return true
	}
	h := d.exactly.at(it.ticket.slot, it.ticket.place)
	if d.closing || !h.acked && (h.mark != b.due(c) || h.marked > d.safe) {
		if !slices.Contains(d.awaiting, b) {
			d.awaiting = append(d.awaiting, b)
		}
		return false
	}
	if b.ack == AckOnTake && c.shares == nil {
		if it.by = byEach; h.mark == markTaken {
			it.by = byOut
		}
	}
	return true
}

// wrote notes how far the store has come.
func (d *dispatcher) wrote(mark uint64) {
	if mark <= d.safe {
		return
	}
	d.safe = mark
	for _, b := range d.awaiting {
		d.touch(b)
	}
	d.awaiting = d.awaiting[:0]
}

// keeps says whether the store has to know something before a PUBREC leaves.
func (d *dispatcher) keeps(h *heldID, code codec.ReasonCode) bool {
	switch {
	case !d.cfg.durable:
		return false
	case code.Failed():
		return h.mark != markNone
	case h.mark == markTaken && h.marked <= d.safe:
		return false
	}
	h.mark, h.marked = markTaken, unknown
	return true
}

// eraseAll has the store forget a session.
func (d *dispatcher) eraseAll() {
	for h := range d.exactly.all {
		if h.mark != markNone {
			d.write(h.id, markNone)
		}
	}
	d.eraseFormer()
	d.doubt = false
}

func (d *dispatcher) eraseFormer() {
	for id := range d.formerly {
		d.write(id, markNone)
	}
	d.formerly = nil
}

// erase takes back what was marked as taken and will not be, as the client ends in order.
func (d *dispatcher) erase() {
	for h := range d.exactly.all {
		if h.mark == markTaken && !h.acked {
			d.mark(h, markNone)
		}
	}
}

// lastWord gives the tracker what is left for the store.
func (d *dispatcher) lastWord() {
	if !d.cfg.durable {
		return
	}
	d.drainVerdicts()
	d.emit()
	d.erase()
	d.letter.last = true
	d.owed <- d.letter // it waits for this one
}

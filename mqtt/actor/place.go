package actor

import "fmt"

// place is what a caller asks for in the order of its calls though it doesn't go through their channel: it waits until all
// that lies there was taken. With room in the outbox that is at once.
type place struct {
	after uint64 // how many operations are to be taken first
	op    *Op    // to be admitted whatever waits for room, or
	flush flush  // to be marked
}

// queueUp takes a place behind all that lies in the channel.
func (t *tracker) queueUp(p place) {
	p.after = t.taken + uint64(len(t.ops))
	t.places = append(t.places, p)
	t.callUp()
}

// dropPlaces ends the waiting for a turn that doesn't come any more.
func (t *tracker) dropPlaces(cause error) {
	for _, p := range t.places {
		switch {
		case p.op == nil:
			t.flushes = append(t.flushes, p.flush)
		case p.op.state == opOffered:
			p.op.refuse(fmt.Errorf("%w: %w", cause, ErrNotSent))
		}
	}
	t.places = nil
}

// callUp serves the places whose turn has come.
func (t *tracker) callUp() {
	for len(t.places) > 0 && t.places[0].after <= t.taken {
		p := t.places[0]
		t.places = t.places[1:]
		switch {
		case p.op == nil:
			t.count(false) // what was written before it
			p.flush.mark = t.epochs.mark()
			t.flushes = append(t.flushes, p.flush)
		case p.op.state == opOffered: // else it was taken back
			t.enlist(p.op)
		}
	}
}

package actor

import (
	"cmp"
	"slices"
)

// repeat is an exchange of a resumed session that has to be sent again. The server may answer before: then what has the identifier
// is another exchange by now, or came further, and the repeat is passed over when its turn comes.
type repeat struct {
	seq      uint64
	id       uint16
	released bool // PUBREL is sent, else PUBLISH
}

// resume lists what a resumed session has to send again, in the order of the first sending; PUBRELs among themselves in
// the order in which the PUBRECs came (§4.4, §4.6.0-4).
func (t *tracker) resume() {
	var released []*Op
	for op := t.flight.first; op != nil; op = op.next {
		if op.state == opReleased {
			released = append(released, op)
		}
	}
	slices.SortFunc(released, func(a, b *Op) int { return cmp.Compare(a.released, b.released) })
	t.resend = make([]repeat, 0, t.flight.len)
	for op := t.flight.first; op != nil; op = op.next {
		r := op
		if op.state == opReleased {
			r, released = released[0], released[1:]
		} else if op.withdrawn {
			continue // its identifier stays taken, and it isn't sent again
		}
		t.resend = append(t.resend, repeat{r.seq, r.id, r.state == opReleased})
	}
}

// firstAgain gives what is to be sent again next, nil when there is nothing more.
func (t *tracker) firstAgain() *Op {
	for len(t.resend) > 0 {
		r := &t.resend[0]
		if op := t.ids.get(r.id); op != nil && op.seq == r.seq && (op.state == opReleased) == r.released && (r.released || !op.withdrawn) {
			return op
		}
		t.sentAgain()
	}
	return nil
}

// sentAgain goes on to the next.
func (t *tracker) sentAgain() {
	if t.resend = t.resend[1:]; len(t.resend) == 0 {
		t.resend = nil
	}
}

// mostAgain bounds how much has still to be sent again. It is zero when that is nothing.
func (t *tracker) mostAgain() int {
	t.firstAgain()
	return len(t.resend)
}

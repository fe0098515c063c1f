package actor

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// withdrawal takes an operation back. Without keep, nobody waits for it any more, though it may have left.
type withdrawal struct {
	receipt Receipt
	why     error
	keep    bool // what has left goes on, with its record
	door    bool // only what is not admitted yet is taken back
	reply   chan<- bool
}

func (q withdrawal) answer(t *tracker) {
	op := q.receipt.open()
	if op == nil || q.door && op.state > opDoor {
		q.reply <- false
		return
	}
	left := t.withdraw(op, q.why, q.keep)
	if left && !q.keep {
		t.abandon(op, q.why)
	}
	q.reply <- left
}

// withdraw takes op back where that is still possible. It answers whether op had left, and goes on; else it has its outcome.
func (t *tracker) withdraw(op *Op, why error, keep bool) (left bool) {
	switch op.state {
	case opOffered:
		t.withdrawOffered(op, why)
		return false
	case opDoor:
		t.door.remove(op)
		op.refuse(fmt.Errorf("%w: %w", why, ErrNotSent))
		return false
	case opQueued:
		return t.withdrawQueued(op, why, keep)
	case opStaged:
		if keep && op.left {
			return true
		}
		t.takeOut(op)
		t.endPublish(op, Outcome{Err: op.fate(why)})
		return false
	}
	return op.state == opSent || op.state == opReleased
}

// withdrawOffered ends op while it lies in the channel, where nothing more is made of it.
func (t *tracker) withdrawOffered(op *Op, why error) {
	if op.promised {
		t.counts.Admitted++
		t.counts.NotSent++
		t.bad.NotSent++
	}
	op.home = nil // the channel still has it
	op.refuse(fmt.Errorf("%w: %w", why, ErrNotSent))
}

func (t *tracker) withdrawQueued(op *Op, why error, keep bool) (left bool) {
	if op.kind != opPublish {
		if op.started {
			return true // some of its packets left on an earlier connection
		}
		t.free.remove(op)
		op.end(Outcome{Err: fmt.Errorf("%w: %w", why, ErrNotSent)})
		return false
	}
	if keep && op.left {
		return true
	}
	if !t.free.remove(op) && !t.windowed.remove(op) {
		return true // at QoS 0, in the writer's hands
	}
	t.endPublish(op, Outcome{Err: op.fate(why)})
	return false
}

// abandon ends op for its caller; its identifier and its place in the window stay taken until the server answers.
func (t *tracker) abandon(op *Op, why error) {
	if op.withdrawn {
		return
	}
	o := Outcome{ID: op.id, Err: uncertain(why)}
	if op.kind != opPublish {
		op.withdrawn, op.said = true, true
		op.tell(o)
		return
	}
	if op.id == 0 { // at QoS 0, with the writer: its buffer still has the record, and leaves it alone
		op.withdrawn, op.home = true, nil
		t.endPublish(op, o)
		return
	}
	// The record that stays behind is a new one: the caller's is at its end.
	ghost := *op
	ghost.withdrawn, ghost.home, ghost.Ending, ghost.rare, ghost.Message = true, nil, nil, nil, codec.Prepared{}
	ghost.size = 0 // its room is given back
	t.replace(op, &ghost)
	t.ghosts++
	t.keepRelease(&ghost)
	op.kept = false // it is the ghost's
	t.endPublish(op, o)
}

// replace puts another record in op's place. If op has to be sent again, by is found there; but only a PUBREL is due then.
func (t *tracker) replace(op, by *Op) {
	t.ids.free(op)
	t.ids.claim(by)
	t.flight.replace(op, by)
}

package actor

import "errors"

// keep has the store know a message from its admission on. Without a store its session has it at once.
func (t *tracker) keep(op *Op) {
	if !t.keeps() {
		op.stored()
		return
	}
	b := t.open
	op.kept, op.born, op.batch = true, b.number, b.number
	at := b.set(messageKey(op.seq), func(v []byte) []byte { return appendMessage(v, op) })
	op.berth = int32(len(b.puts)) // what came before may have been packed
	b.puts = append(b.puts, put{op, op.seq, at, -1})
}

// keepProgress has the store know how far a message has come.
func (t *tracker) keepProgress(op *Op) {
	if !op.kept {
		return
	}
	b := t.open
	op.batch = b.number
	at := b.set(progressKey(op.seq), func(v []byte) []byte { return appendProgress(v, op) })
	if op.born == b.number {
		b.puts[op.berth].progress = at
	}
}

// keepReturn has the store know that a message waits again. What never left is as it was in the beginning.
func (t *tracker) keepReturn(op *Op) {
	switch {
	case !op.kept:
	case op.left:
		t.keepProgress(op)
	case op.born == t.open.number:
		p := &t.open.puts[op.berth]
		t.open.changes[p.progress] = Change{}
		p.progress = -1
	default:
		op.batch = t.open.number
		t.open.remove(progressKey(op.seq))
	}
}

// keepRelease has the store know that nothing but PUBREL is sent for a message any more.
func (t *tracker) keepRelease(op *Op) {
	if op.kept {
		t.open.remove(messageKey(op.seq))
		t.keepProgress(op)
	}
}

// letGo has the store forget a message. It says false when an outcome that promises that the message is never sent has to
// wait for that.
func (t *tracker) letGo(op *Op, o Outcome) (told bool) {
	if !op.kept {
		return true
	}
	op.kept = false
	if op.born == t.open.number {
		t.open.strike(&t.open.puts[op.berth])
		return true
	}
	if t.away != nil && op.born == t.away.number {
		t.away.puts[op.berth].op = nil
	}
	t.open.forget(messageKey(op.seq))
	t.open.forget(progressKey(op.seq))
	if !errors.Is(o.Err, ErrNotSent) {
		return true
	}
	t.open.urgent = true
	op.state = opLeaving
	t.open.ends = append(t.open.ends, end{op, o, t.closing})
	return false
}

// isKept says that the store has a message for good.
func (t *tracker) isKept(op *Op) bool { return op.kept && t.isSafe(op.born) }

// stage gives the next messages their identifiers, as far as the window allows, so that one write keeps both; they leave when
// that is done.
func (t *tracker) stage() {
	if !t.keeps() || t.link.wire == nil {
		return
	}
	for t.inUse+t.mostAgain()+t.staged.len() < t.limits.window && t.ids.used < 65535 {
		op := t.windowed.first()
		if op == nil {
			return
		}
		t.windowed.pop()
		if err := t.allowed(op); err != nil {
			t.endPublish(op, Outcome{Err: op.fate(err)})
			continue
		}
		t.commit(op)
		t.ids.take(op)
		t.flight.push(op)
		op.state = opStaged
		t.staged.push(op)
		t.keepProgress(op)
	}
}

// unstage puts back what has not left.
func (t *tracker) unstage() {
	var back []*Op
	for t.staged.len() > 0 {
		back = append(back, t.unsend(t.staged.pop()))
	}
	t.windowed.merge(back)
	t.contend(back)
}

// takeOut removes a message that has not left from wherever it waits.
func (t *tracker) takeOut(op *Op) {
	if op.state != opStaged {
		t.windowed.remove(op)
		return
	}
	t.staged.remove(op)
	t.flight.remove(op)
	t.ids.free(op)
}

// firstWindowed is the QoS 1 or 2 message whose turn it is to leave.
func (t *tracker) firstWindowed() *Op {
	if t.keeps() {
		return t.staged.first()
	}
	return t.windowed.first()
}

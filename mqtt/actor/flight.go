package actor

// flight is the list of PUBLISH exchanges that have begun and not ended, in the order of their first sending (§4.6).
// It is the client's half of the session state (§4.1).
type flight struct {
	first, last *Op
	len         int
	bytes       int // the sizes of what the outbox has room taken for
}

func (f *flight) push(op *Op) {
	op.prev, op.next = f.last, nil
	if f.last == nil {
		f.first = op
	} else {
		f.last.next = op
	}
	f.last = op
	f.len++
	f.bytes += op.size
}

func (f *flight) remove(op *Op) {
	if op.prev == nil {
		f.first = op.next
	} else {
		op.prev.next = op.next
	}
	if op.next == nil {
		f.last = op.prev
	} else {
		op.next.prev = op.prev
	}
	op.prev, op.next = nil, nil
	f.len--
	f.bytes -= op.size
}

// replace puts another operation in op's place.
func (f *flight) replace(op, by *Op) {
	f.bytes += by.size - op.size
	by.prev, by.next = op.prev, op.next
	if op.prev == nil {
		f.first = by
	} else {
		op.prev.next = by
	}
	if op.next == nil {
		f.last = by
	} else {
		op.next.prev = by
	}
	op.prev, op.next = nil, nil
}

// all lists them, so that the caller may remove while it goes through.
func (f *flight) all() []*Op {
	ops := make([]*Op, 0, f.len)
	for op := f.first; op != nil; op = op.next {
		ops = append(ops, op)
	}
	return ops
}

package actor

// loopStream says that a loop over All begins or ends.
type loopStream struct {
	number uint64
	more   int
}

func (q loopStream) answer(d *dispatcher) {
	b := d.streams[q.number]
	if b == nil {
		return
	}
	before := b.loops
	b.loops += q.more
	if (before == 0) != (b.loops == 0) && b.plain {
		b.remark()
	}
}

// remark has what is out marked for the other channel.
func (b *branch) remark() {
	if b.ack == AckOnTake && b.lent > 0 && !b.closed {
		b.recall()
	}
}

// takeStream says that somebody takes from the plain channel from now on.
type takeStream struct{ number uint64 }

func (q takeStream) answer(d *dispatcher) {
	b := d.streams[q.number]
	if b == nil || b.plain {
		return
	}
	if b.plain = true; b.loops == 0 {
		b.remark()
	}
}

// Take says that somebody takes from Out from now on. Without a store there is no need to know.
func (s *StreamHandle[M]) Take() {
	if !s.durable {
		return
	}
	select {
	case s.inquiries <- takeStream{s.number}:
	case <-s.end:
	}
}

// Loop says that a loop over All begins, until the function that it gives is called. Without a store there is no need to know.
func (s *StreamHandle[M]) Loop() (ended func()) {
	if !s.durable {
		return func() {}
	}
	tell := func(more int) {
		select {
		case s.inquiries <- loopStream{s.number, more}:
		case <-s.end:
		}
	}
	tell(1)
	return func() { tell(-1) }
}

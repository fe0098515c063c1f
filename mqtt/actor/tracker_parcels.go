package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// mail is how parcels come to the tracker.
type mail struct {
	pens *pens
	tail *parcel // the last operation that came out of the channel, if callers may still write to it: it isn't counted yet
	mute bool    // the tracker has the pen for ever
	out  int     // parcels that callers may begin, or have begun and that aren't counted
}

// hasRoom says of a roomy outbox whether so much more fits beside what is promised. Parcels that nobody has begun are called back
// for it.
func (t *tracker) hasRoom(more Bounds) bool {
	for {
		p := promised(t.out)
		if t.messages+more.Messages+p.Messages <= t.cfg.Outbox.Messages && t.bytes+more.Bytes+p.Bytes <= t.cfg.Outbox.Bytes {
			return true
		}
		select {
		case <-t.pens.room:
			t.out--
		default:
			return false
		}
	}
}

// grant lets callers begin as many parcels as there is room for.
func (t *tracker) grant() {
	for t.out < unseen && t.roomy && t.door.len() == 0 {
		p := promised(t.out + 1)
		if t.messages+p.Messages >= t.cfg.Outbox.Messages || t.bytes+p.Bytes >= t.cfg.Outbox.Bytes {
			return
		}
		t.out++
		t.pens.credit <- struct{}{}
	}
}

// receive takes a parcel.
func (t *tracker) receive(p *parcel) {
	t.count(false)
	t.tail = p
}

// count closes the parcel that is the tail, and gives its messages their place in the call order: they were admitted when they
// were written. A caller who is writing is waited for; it copies one small message. A parcel that doesn't leave now and holds
// little becomes records, which take less memory.
func (t *tracker) count(leaves bool) {
	if t.tail == nil {
		return
	}
	p := t.tail
	t.tail = nil
	if !t.mute {
		pen := <-t.pens.taken
		if pen.open == p {
			t.pens.shut(pen)
		}
		if t.link.wire != nil {
			pen.version = t.limits.version
		}
		t.pens.back <- pen
	}
	t.out--
	n := len(p.items)
	p.op.seq, p.op.epoch, p.op.since, p.op.state = t.seq+1, t.epochs.beginMany(n), t.now, opQueued
	t.seq += uint64(n)
	t.messages += n
	t.bytes += p.size
	t.counts.Admitted += uint64(n)
	if leaves || p.ample() {
		t.free.push(&p.op)
		return
	}
	for _, op := range p.records() {
		t.free.push(op)
	}
	p.recycle()
}

// tellVersion has callers encode for this version from now on.
func (m *mail) tellVersion(v codec.Version) {
	pen := <-m.pens.taken
	pen.version = v
	m.pens.back <- pen
}

// retire takes the pen for ever: nothing more is written.
func (t *tracker) retire() {
	t.pens.shut(<-t.pens.taken) // nobody has to close a parcel any more
	t.mute = true
	close(t.pens.end)
}

// countable says that the tail could leave now if it were counted: nothing in call order is before it but what waits for the
// window.
func (t *tracker) countable() bool {
	return t.tail != nil && t.free.len() == 0 && !(t.restoring > 0 && t.cfg.AwaitResub)
}

// putParcel has the parcel leave that is the first of its lane. One that this connection may not carry as it is leaves as
// records; 3.1 and 3.1.1 have the same PUBLISH.
func (t *tracker) putParcel(b *outBuffer) {
	p := t.free.pop().rare.parcel
	if (p.version == codec.V5) != (t.limits.version == codec.V5) || t.limits.strict() {
		t.free.unpop(p.records())
		p.recycle()
		return
	}
	p.start = b.len()
	b.room(len(p.bytes))
	b.bytes = append(b.bytes, p.bytes...)
	b.parcels = append(b.parcels, p)
	t.traceParcel(p)
}

func (t *tracker) traceParcel(p *parcel) {
	if t.cfg.Sent == nil {
		return
	}
	from := 0
	for i := range p.items {
		m, end := p.message(i)
		t.cfg.Sent(PacketInfo{Type: codec.TypePublish, Size: end - from, Topic: m.Topic})
		from = end
	}
}

// delivered ends a parcel that was written.
func (t *tracker) delivered(p *parcel) {
	n := len(p.items)
	t.messages -= n
	t.bytes -= p.size
	t.epochs.endMany(p.op.epoch, n)
	t.counts.Done += uint64(n)
	p.recycle()
}

// records makes records of the messages.
func (p *parcel) records() (all []*Op) {
	for i := range p.items {
		m, _ := p.message(i)
		op := NewQuickOp()
		if err := op.Message.Set(&m); err != nil {
			panic(&InternalError{"a message of a parcel: " + err.Error()})
		}
		op.size, op.level, op.state = op.Message.Len(), codec.AtMostOnce, opQueued
		op.seq, op.epoch, op.since = p.op.seq+uint64(i), p.op.epoch, p.op.since
		all = append(all, op)
	}
	return all
}

// returned gives what of a parcel was not written, when so many bytes of its buffer were; the rest is done.
func (t *tracker) returned(p *parcel, written int) (free []*Op) {
	for i, op := range p.records() {
		if p.start+int(p.items[i].end) <= written {
			t.endPublish(op, Outcome{})
		} else {
			free = append(free, op)
		}
	}
	p.recycle()
	return free
}

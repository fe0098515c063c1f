package actor

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// fill encodes what may leave into the buffer that is at home and gives it to the writer. What is in it has left.
func (t *tracker) fill() {
	b := t.buffer
	t.fillProbe(b)
	b.room(4 * (len(t.acks) + len(t.releases)))
	t.fillAcks(b)
	t.fillAuth(b)
	for b.len() < softBuffer && !t.farewell() {
		op := t.sendable()
		if op == nil && t.countable() {
			t.count(true)
			op = t.sendable()
		}
		if op == nil {
			break
		}
		b.room(min(op.size, quickMax) + quickMax/8)
		if !t.put(b, op) {
			break
		}
	}
	if t.farewell() {
		t.fillFarewell(b)
	}
	if len(b.bytes) == 0 && !b.last {
		return // all that waited ended without a byte
	}
	t.buffer, t.quiet = nil, len(b.fire) == 0 && len(b.parcels) == 0 && len(b.cuts) == 0 && !b.last
	t.given = time.Now()
	t.rearm()
	select {
	case t.link.wire.out <- b:
	default:
		t.fault(&InternalError{"a second buffer is out"})
	}
}

// fillAcks encodes what is owed to the server, in the order in which it became due, and the PUBRELs that are due.
func (t *tracker) fillAcks(b *outBuffer) {
	n := 0
	for n < len(t.acks) && t.isSafe(t.acks[n].batch) {
		b.bytes = t.appendAck(b.bytes, &t.acks[n])
		n++
	}
	t.acks = slices.Delete(t.acks, 0, n)
	if len(t.acks) == 0 && cap(t.acks) > 1024 {
		letterPool.Put(&owed{acks: t.acks})
		t.acks = nil
	}
	n = 0
	for ; n < len(t.releases) && t.isSafe(t.releases[n].batch); n++ {
		r := &t.releases[n]
		b.bytes = codec.AppendAck(b.bytes, t.limits.version, codec.TypePubRel, r.id, r.code)
		t.trace(PacketInfo{Type: codec.TypePubRel, Size: 4, PacketID: r.id, Code: r.code})
	}
	t.releases = slices.Delete(t.releases, 0, n)
}

// appendAck leaves out the reason's words where they would make the packet larger than the server takes (§3.4.2.2).
func (t *tracker) appendAck(dst []byte, a *ack) []byte {
	start := len(dst)
	if a.props != nil && t.limits.version == codec.V5 {
		var p codec.Packet
		if a.kind == codec.TypePubAck {
			p = &codec.PubAck{PacketID: a.id, Code: a.code, Properties: a.props}
		} else {
			p = &codec.PubRec{PacketID: a.id, Code: a.code, Properties: a.props}
		}
		if with, err := p.Append(dst, t.limits.version); err == nil && len(with)-start <= t.limits.maxPacket {
			t.trace(PacketInfo{Type: a.kind, Size: len(with) - start, PacketID: a.id, Code: a.code})
			return with
		}
	}
	dst = codec.AppendAck(dst, t.limits.version, a.kind, a.id, a.code)
	t.trace(PacketInfo{Type: a.kind, Size: len(dst) - start, PacketID: a.id, Code: a.code})
	return dst
}

// sendable gives the next operation that may leave: first what is sent again, then in call order, except that QoS 0 and
// filters don't wait behind a closed window (contract 8).
func (t *tracker) sendable() *Op {
	open := t.inUse < t.limits.window
	free, windowed := t.free.first(), t.firstWindowed()
	if free != nil && free.kind == opSubscribe && t.inDoubt() {
		free = nil
	}
	if t.restoring > 0 && t.cfg.AwaitResub {
		if free != nil && free.resub {
			return free
		}
		free, windowed = nil, nil
	}
	again := t.firstAgain()
	switch {
	case again != nil && (open || again.state == opReleased):
		return t.once(again)
	case again != nil || !open:
		return free
	case windowed == nil || free != nil && free.seq < windowed.seq:
		return free
	default:
		return t.once(windowed)
	}
}

// once gives op when the store knows how far it came: nothing passes it before.
func (t *tracker) once(op *Op) *Op {
	if !t.keeps() || t.isSafe(op.batch) {
		return op
	}
	return nil
}

// put takes op from its queue and encodes it. It says false when op has to wait although it is its turn.
func (t *tracker) put(b *outBuffer, op *Op) bool {
	switch {
	case len(t.resend) > 0 && op.seq == t.resend[0].seq:
		t.sentAgain()
		t.putAgain(b, op)
		return true
	case op.kind == opParcel:
		t.putParcel(b)
		return true
	case op.kind != opPublish:
		return t.putCall(b, op)
	case op.level == 0:
		t.free.pop()
	case op.state == opStaged:
		t.staged.pop()
		t.putStaged(b, op)
		return true
	default:
		if t.ids.used == 65535 {
			return false // an identifier becomes free with the next answer
		}
		t.windowed.pop()
	}
	return t.putNew(b, op)
}

// putNew encodes a PUBLISH that leaves for the first time, or ends it when it can't.
func (t *tracker) putNew(b *outBuffer, op *Op) bool {
	if err := t.allowed(op); err != nil {
		t.endPublish(op, Outcome{Err: op.fate(err)})
		return true
	}
	t.commit(op)
	if op.level == 0 {
		t.putPublish(b, op)
		b.fire = append(b.fire, fired{op, b.len()})
		return true
	}
	t.ids.take(op)
	t.flight.push(op)
	t.putFirst(b, op)
	return true
}

// putStaged encodes a PUBLISH that had its identifier kept, or ends it: the alias that made it small enough may be another's.
func (t *tracker) putStaged(b *outBuffer, op *Op) {
	if err := t.allowed(op); err != nil {
		t.takeOut(op)
		t.endPublish(op, Outcome{Err: op.fate(err)})
		return
	}
	t.putFirst(b, op)
}

// putFirst encodes a PUBLISH that has its identifier.
func (t *tracker) putFirst(b *outBuffer, op *Op) {
	start := b.len()
	t.begin(op)
	t.putPublish(b, op)
	b.sent = append(b.sent, sent{op.id, op.seq, start})
}

// putAgain encodes an exchange of the resumed session: PUBLISH with DUP, or PUBREL when PUBREC had come (§4.4).
func (t *tracker) putAgain(b *outBuffer, op *Op) {
	if op.state == opReleased {
		t.begin(op)
		op.state = opReleased
		b.bytes = codec.AppendAck(b.bytes, t.limits.version, codec.TypePubRel, op.id, codec.Success)
		t.trace(PacketInfo{Type: codec.TypePubRel, Size: 4, PacketID: op.id})
		return
	}
	if err := t.allowed(op); err != nil {
		t.abandon(op, err) // the server may still hold its identifier
		return
	}
	t.putFirst(b, op)
}

// begin gives op a place in the window of this connection.
func (t *tracker) begin(op *Op) {
	op.state, op.gen = opSent, t.link.gen
	t.inUse++
}

// wrote takes the buffer home: what was at QoS 0 in it is done.
func (t *tracker) wrote(w *written) {
	if w.n > 0 || w.buffer == nil {
		t.activity.left = w.at
	}
	if w.buffer == nil {
		t.pinged = w.at
		if t.activity.pong.After(w.at) { // its answer was quicker than the word that it has left
			t.measurePing()
		}
		return
	}
	t.sentBytes += uint64(w.n)
	t.given, t.writeStuck = time.Time{}, false
	b := w.buffer
	if w.n < b.len() {
		t.torn = *w // the connection ends; what didn't leave is sorted out then
		return
	}
	t.home()
	for i := range b.fire {
		t.doneQoS0(b.fire[i].op)
	}
	for _, p := range b.parcels {
		t.delivered(p)
	}
	b.reset()
	t.buffer = b
}

// doneQoS0 ends a QoS 0 message that was written. One that was withdrawn meanwhile has its outcome.
func (t *tracker) doneQoS0(op *Op) {
	if !op.withdrawn {
		t.endPublish(op, Outcome{})
	}
}

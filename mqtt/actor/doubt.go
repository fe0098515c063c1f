package actor

import (
	"github.com/sluicemq/sluice/mqtt/codec"
)

// doubt is whose session the server has. A CONNECT makes the server forget a session that is over, and begin another; when
// its CONNACK is lost, the next one says that there is a session. Then all filters are asked for again; but first a PINGRESP.
// Nothing comes for a session that is new and has no filters, and what comes of the old one comes at once: what hasn't come
// until then is of a session that is gone.
//
// A process that dies is such a loss, too. So a store knows of a CONNECT before it leaves, until it knows what followed from it.
type doubt struct {
	noted   bool            // the store has the record, or will have it
	noting  uint64          // with this batch
	allowed chan<- struct{} // an attempt waits for that
	open    bool            // the server may have another session than the one that we know,
	probe   probe           // and has to show which
	about   uint64          // the connection whose CONNACK came last; zero when another attempt is under way
	told    uint64          // the connection for which the dispatcher has told all that follows from CONNACK
	settled uint64          // the batch with which the store knows what followed from CONNECT
}

// probe is how it stands with the PINGREQ that ends a doubt.
type probe byte

const (
	probeNone probe = iota
	probeDue
	probeSent
)

// beginDoubt has the store know that a CONNECT is to leave, and the attempt that it may.
func (t *tracker) beginDoubt(allowed chan<- struct{}) {
	if allowed == nil {
		return
	}
	t.doubt.about = 0
	if !t.doubt.noted {
		t.doubt.noted, t.doubt.noting = true, t.open.number
		t.open.set([]byte{doubtRecord}, func(v []byte) []byte { return append(v, recordVersion) })
	}
	t.doubt.allowed = allowed
	t.allow(t.isSafe(t.doubt.noting))
}

// allow lets the attempt that waits go on. It does so, too, when the store has failed.
func (t *tracker) allow(yes bool) {
	if yes && t.doubt.allowed != nil {
		t.doubt.allowed <- struct{}{} // there is room: each attempt has its own
		t.doubt.allowed = nil
	}
}

// meet begins with a connection.
func (t *tracker) meet() {
	d := &t.doubt
	if d.open = (d.open || t.link.doubtful) && t.link.sessionPresent; d.open {
		t.wanted.lost()
		d.probe = probeDue
	}
	d.about = t.link.gen
	t.endDoubt()
}

// fillProbe asks for what ends the doubt.
func (t *tracker) fillProbe(b *outBuffer) {
	if t.doubt.probe == probeDue {
		b.bytes, _ = new(codec.PingReq).Append(b.bytes, t.limits.version)
		t.doubt.probe = probeSent
		t.trace(PacketInfo{Type: codec.TypePingReq, Size: 2})
	}
}

// endDoubt is for when all is known that follows from CONNACK, here and by the dispatcher. The record is taken back in the batch
// that has the last of it.
func (t *tracker) endDoubt() {
	d := &t.doubt
	if d.about == 0 || d.told != d.about {
		return
	}
	if d.noted {
		t.open.remove([]byte{doubtRecord})
		if d.open || !t.link.sessionPresent {
			d.settled = t.open.number
		}
	}
	d.noted, d.open, d.probe = false, false, probeNone
}

// inDoubt says that the server may have another session than we know, or would for who comes after a crash. Meanwhile nothing is
// subscribed: what came for it might be taken for something of the old session.
func (t *tracker) inDoubt() bool {
	return t.doubt.noted || t.doubt.probe != probeNone || !t.isSafe(t.doubt.settled)
}

// forgo ends what waits to be subscribed while a PINGRESP is to end the doubt and the client closes: the dispatcher takes nothing
// that comes by then, and so neither what belongs to the session nor the PINGRESP.
func (t *tracker) forgo() {
	if t.doubt.probe == probeNone {
		return
	}
	for _, op := range t.free.list() {
		if op.kind != opSubscribe || !t.free.remove(op) {
			continue
		}
		if op.resub {
			t.restoring--
		} else {
			op.end(Outcome{Err: op.fate(ErrClosed)})
		}
	}
}

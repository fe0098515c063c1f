package actor

import (
	"sync"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// outBuffer is one write: encoded packets, and what has to be known of them when it comes back.
type outBuffer struct {
	bytes   []byte
	cuts    []cut     // where large payloads belong, in order
	cut     int       // their bytes
	small   []byte    // what an idle connection holds, when bytes is of large
	large   *[]byte   // from writePool; nil while little is written at once
	fire    []fired   // QoS 0 operations, in order: done when written
	parcels []*parcel // of which the same is true
	sent    []sent    // QoS 1 and 2, in order: looked at only when the write failed
	last    bool      // nothing follows: half-close and wait for the server's end
	slip    written   // what the writer says of it
}

// cut is a payload that is written from where it is, in front of what lies in bytes from at on.
type cut struct {
	at      int
	payload []byte
}

type fired struct {
	op  *Op
	end int // where in the buffer it ends
}

type sent struct {
	id    uint16
	seq   uint64
	start int // where in the buffer it begins
}

// len is how many bytes are to be written.
func (b *outBuffer) len() int { return len(b.bytes) + b.cut }

// splice has a payload written behind what is there.
func (b *outBuffer) splice(payload []byte) {
	b.cuts = append(b.cuts, cut{len(b.bytes), payload})
	b.cut += len(payload)
}

// writePool holds large write buffers: they have room for one small message beyond the mark where a buffer is closed.
var writePool = sync.Pool{New: func() any { b := make([]byte, 0, softBuffer+parcelBytes+2*quickMax); return &b }}

// room sees to it that n bytes more fit without making memory anew, when n is that of a small message.
func (b *outBuffer) room(n int) {
	if len(b.bytes)+n <= cap(b.bytes) || b.large != nil {
		return
	}
	b.large, b.small = writePool.Get().(*[]byte), b.bytes[:0]
	b.bytes = append((*b.large)[:0], b.bytes...)
}

// reset makes the buffer ready to be filled again. An idle connection holds no large one.
func (b *outBuffer) reset() {
	clear(b.fire)
	clear(b.cuts)
	b.cuts, b.cut = b.cuts[:0], 0
	if b.large != nil {
		writePool.Put(b.large)
		b.bytes, b.small, b.large = b.small, nil, nil
	}
	clear(b.parcels)
	b.parcels = b.parcels[:0]
	b.bytes, b.fire, b.sent, b.last = b.bytes[:0], b.fire[:0], b.sent[:0], false
	if cap(b.bytes) > keptBuffer {
		b.bytes = nil
	}
	if cap(b.fire) > 1024 {
		b.fire = nil
	}
	if cap(b.sent) > 1024 {
		b.sent = nil
	}
}

// loans are the payloads that the buffer which is out refers to. While it is, none of their memory serves again, whatever becomes
// of the messages: a server may acknowledge one before the write returns.
type loans struct {
	lent   []*Op            // messages that have not ended,
	orphan []codec.Prepared // and what is left of those that have
}

// spliceMin is the size from which a payload is written from where it is, in bytes: copying a smaller one is quicker.
const spliceMin = 16 << 10

// lend notes that op's payload is referred to.
func (l *loans) lend(op *Op) {
	op.lent = true
	l.lent = append(l.lent, op)
}

// detach takes the message away from an op that doesn't need it any more.
func (l *loans) detach(op *Op) {
	if !op.lent {
		return
	}
	for i := range l.lent { // a buffer has a few of them at most
		if l.lent[i] == op {
			l.lent = append(l.lent[:i], l.lent[i+1:]...)
			break
		}
	}
	l.orphan = append(l.orphan, op.Message)
	op.Message, op.lent = codec.Prepared{}, false
}

// home says that nothing is referred to any more.
func (l *loans) home() {
	for i := range l.lent {
		l.lent[i].lent, l.lent[i] = false, nil
	}
	for i := range l.orphan {
		l.orphan[i].Release(0)
	}
	l.lent, l.orphan = l.lent[:0], l.orphan[:0]
}

package actor

import "sync"

// outBuffer is one write: encoded packets, and what has to be known of them when it comes back.
type outBuffer struct {
	bytes []byte
	small []byte  // what an idle connection holds, when bytes is of large
	large *[]byte // from writePool; nil while little is written at once
	fire  []fired // QoS 0 operations, in order: done when written
	sent  []sent  // QoS 1 and 2, in order: looked at only when the write failed
	last  bool    // nothing follows: half-close and wait for the server's end
}

type fired struct {
	op  *Op
	end int // where in bytes it ends
}

type sent struct {
	id    uint16
	seq   uint64
	start int // where in bytes it begins
}

// writePool holds large write buffers: they have room for one small message beyond the mark where a buffer is closed.
var writePool = sync.Pool{New: func() any { b := make([]byte, 0, softBuffer+2*quickMax); return &b }}

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
	if b.large != nil {
		writePool.Put(b.large)
		b.bytes, b.small, b.large = b.small, nil, nil
	}
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

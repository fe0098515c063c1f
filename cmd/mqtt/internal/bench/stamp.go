package bench

import (
	"encoding/binary"
	"time"
)

// A payload begins with what its receiver counts by, big endian; the rest is filler:
//   - bytes 0 to 2 are "slb", byte 3 is 1 in a warm-up and else 0;
//   - bytes 4 to 11 are the number of the run, drawn at random;
//   - bytes 12 to 15 are the number of the publisher, bytes 16 to 23 that of its message, both from 0;
//   - bytes 24 to 31 are when the message was due, in nanoseconds since 1970.
const (
	stampMark = "slb"
	stampSize = 32
)

// stamp is what a payload tells.
type stamp struct {
	warm      bool
	run       uint64
	publisher uint32
	number    uint64
	due       int64
}

// newPayload is a payload of size bytes with all of s that is the same in each message, if there is room for it.
func newPayload(size int, s stamp) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	if size < stampSize {
		return p
	}
	copy(p, stampMark)
	p[3] = 0
	if s.warm {
		p[3] = 1
	}
	binary.BigEndian.PutUint64(p[4:], s.run)
	binary.BigEndian.PutUint32(p[12:], s.publisher)
	return p
}

// number writes what differs from message to message.
func number(payload []byte, n int, due int64) {
	if len(payload) >= stampSize {
		binary.BigEndian.PutUint64(payload[16:], uint64(n))
		binary.BigEndian.PutUint64(payload[24:], uint64(due))
	}
}

// readStamp reads a payload; false: it isn't one of ours.
func readStamp(p []byte) (s stamp, ours bool) {
	if len(p) < stampSize || string(p[:3]) != stampMark || p[3] > 1 {
		return s, false
	}
	return stamp{
		warm: p[3] == 1, run: binary.BigEndian.Uint64(p[4:]), publisher: binary.BigEndian.Uint32(p[12:]),
		number: binary.BigEndian.Uint64(p[16:]), due: int64(binary.BigEndian.Uint64(p[24:])),
	}, true
}

// latency is how long ago a message was due. Clocks of two machines may differ, so it can be negative.
func (s stamp) latency(c clock, now time.Duration) time.Duration { return now - c.since(s.due) }

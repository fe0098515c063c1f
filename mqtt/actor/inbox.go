package actor

import (
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// item is one message that waits for one stream.
type item struct {
	publish codec.Publish
	ticket  Ticket
	came    time.Duration // on the dispatcher's clock
	size    int32
	again   bool // the application had it before
	by      way  // through which it may be handed out
}

// inbox keeps a stream's items in their order. Those at the front are lent to the stream process; while they are, both
// sides only read them.
type inbox struct {
	room     Bounds // for QoS 0
	segments []*segment
	n        int
	bytes    int
	loose    Bounds // what waits of QoS 0
}

// segment is a run of items. The first ones are left behind as they are popped.
type segment struct {
	items []item
	head  int
}

const (
	// batchSize is how many items a segment has, and so at most a batch that a stream is lent: a hop then costs about 6 ns
	// a message.
	batchSize = 64
	// fewItems is the size of the first segment: what mostly waits for few messages holds little memory.
	fewItems = 4
)

// Segments serve again: a flood that comes and goes leaves no memory behind, and a steady one takes none.
var (
	fewPool  = sync.Pool{New: func() any { return &segment{items: make([]item, 0, fewItems)} }}
	fullPool = sync.Pool{New: func() any { return &segment{items: make([]item, 0, batchSize)} }}
)

// fits says whether there is room for a QoS 0 message. The first always fits: else one that is larger than the room would
// never pass.
func (b *inbox) fits(size int) bool {
	return b.loose.Messages == 0 || b.loose.Messages < b.room.Messages && b.loose.Bytes+size <= b.room.Bytes
}

func (b *inbox) push(it item) {
	*b.extend() = it
	b.n++
	b.bytes += int(it.size)
	if it.publish.QoS == codec.AtMostOnce {
		b.loose.Messages++
		b.loose.Bytes += int(it.size)
	}
}

// extend makes place for one item at the end.
func (b *inbox) extend() *item {
	if k := len(b.segments); k > 0 {
		if s := b.segments[k-1]; len(s.items) < cap(s.items) {
			s.items = s.items[:len(s.items)+1]
			return &s.items[len(s.items)-1]
		}
	}
	pool := &fullPool
	if b.n == 0 {
		pool = &fewPool
	}
	s := pool.Get().(*segment)
	b.segments = append(b.segments, s)
	s.items = s.items[:1]
	return &s.items[0]
}

// front gives what lies together at the front, up to a batch.
func (b *inbox) front() []item {
	if b.n == 0 {
		return nil
	}
	s := b.segments[0]
	return s.items[s.head:]
}

// pop lets the first item go.
func (b *inbox) pop() {
	s := b.segments[0]
	it := &s.items[s.head]
	b.n--
	b.bytes -= int(it.size)
	if it.publish.QoS == codec.AtMostOnce {
		b.loose.Messages--
		b.loose.Bytes -= int(it.size)
	}
	*it = item{}
	s.head++
	if s.head == len(s.items) {
		b.shed(s)
	}
}

// shed gives the first segment back, which is empty.
func (b *inbox) shed(s *segment) {
	s.items, s.head = s.items[:0], 0
	if cap(s.items) == batchSize {
		fullPool.Put(s)
	} else {
		fewPool.Put(s)
	}
	b.segments[0] = nil
	b.segments = b.segments[1:]
	if len(b.segments) == 0 {
		b.segments = nil
	}
}

// all gives the items in order.
func (b *inbox) all(yield func(*item) bool) {
	for _, s := range b.segments {
		for i := s.head; i < len(s.items); i++ {
			if !yield(&s.items[i]) {
				return
			}
		}
	}
}

// dropOldest lets the oldest QoS 0 item go; the others keep their order. There must be one, and nothing may be lent.
func (b *inbox) dropOldest() {
	var moving item
	for it := range b.all {
		*it, moving = moving, *it
		if moving.publish.QoS == codec.AtMostOnce {
			break
		}
	}
	b.front()[0] = moving // the gap is at the front now: pop counts what it leaves out
	b.pop()
}

// take removes the items that gone says, and gives them. Nothing may be lent.
func (b *inbox) take(gone func(*item) bool) (taken inbox) {
	kept := inbox{room: b.room}
	for it := range b.all {
		if gone(it) {
			taken.push(*it)
		} else {
			kept.push(*it)
		}
	}
	b.empty()
	*b = kept
	return taken
}

// precede puts the items of another inbox before those of this one.
func (b *inbox) precede(first inbox) {
	first.room = b.room
	for it := range b.all {
		first.push(*it)
	}
	b.empty()
	*b = first
}

func (b *inbox) empty() {
	for b.n > 0 {
		b.pop()
	}
}

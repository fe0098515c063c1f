package actor

import (
	"slices"
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
	firm     int // so many segments at the front have nothing of QoS 0
	n        int
	bytes    int
	loose    Bounds // what waits of QoS 0
}

// segment is a run of items, of which the inbox has at least one. The first ones are left behind as they are popped.
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
		b.firm = min(b.firm, len(b.segments)-1)
	}
}

// less counts an item out.
func (b *inbox) less(it *item) {
	b.n--
	b.bytes -= int(it.size)
	if it.publish.QoS == codec.AtMostOnce {
		b.loose.Messages--
		b.loose.Bytes -= int(it.size)
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
	b.less(it)
	*it = item{}
	s.head++
	if s.head == len(s.items) {
		b.shed(0)
	}
}

// shed gives a segment back, which is empty.
func (b *inbox) shed(k int) {
	b.segments[k].giveBack()
	if k == 0 {
		b.segments[0] = nil
		b.segments = b.segments[1:]
	} else {
		b.segments = slices.Delete(b.segments, k, k+1)
	}
	if k < b.firm {
		b.firm--
	}
	if len(b.segments) == 0 {
		b.segments = nil
	}
}

// giveBack has an empty segment serve again.
func (s *segment) giveBack() {
	s.items, s.head = s.items[:0], 0
	if cap(s.items) == batchSize {
		fullPool.Put(s)
	} else {
		fewPool.Put(s)
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
	for ; ; b.firm++ {
		s := b.segments[b.firm]
		for i := s.head; i < len(s.items); i++ {
			if s.items[i].publish.QoS == codec.AtMostOnce {
				b.cut(b.firm, i)
				return
			}
		}
	}
}

// cut lets one item of one segment go. Nothing moves outside of that.
func (b *inbox) cut(k, i int) {
	s := b.segments[k]
	b.less(&s.items[i])
	if i-s.head < len(s.items)-i {
		copy(s.items[s.head+1:i+1], s.items[s.head:i])
		s.items[s.head] = item{}
		s.head++
	} else {
		s.items = slices.Delete(s.items, i, i+1)
	}
	if s.head == len(s.items) {
		b.shed(k)
	}
	b.pack()
}

// take removes the items that gone says, and gives them. Nothing may be lent.
func (b *inbox) take(gone func(*item) bool) (taken inbox) {
	kept := b.segments[:0]
	for _, s := range b.segments {
		n := s.head
		for i := s.head; i < len(s.items); i++ {
			it := &s.items[i]
			if gone(it) {
				b.less(it)
				taken.push(*it)
				continue
			}
			if n < i {
				s.items[n] = *it
			}
			n++
		}
		clear(s.items[n:])
		if s.items = s.items[:n]; n == s.head {
			s.giveBack()
		} else {
			kept = append(kept, s)
		}
	}
	clear(b.segments[len(kept):])
	if b.segments, b.firm = kept, 0; b.n == 0 {
		b.segments = nil
	}
	b.pack()
	return taken
}

// pack moves the items together when so much has gone from the middle that the segments hold less than a quarter of what they
// could: fewer move than have gone.
func (b *inbox) pack() {
	if len(b.segments) <= 2+b.n*4/batchSize {
		return
	}
	packed := inbox{room: b.room}
	for it := range b.all {
		packed.push(*it)
	}
	b.empty()
	*b = packed
}

// precede puts the items of another inbox before those of this one.
func (b *inbox) precede(first inbox) {
	b.segments, b.firm = append(first.segments, b.segments...), 0
	b.n += first.n
	b.bytes += first.bytes
	b.loose.Messages += first.loose.Messages
	b.loose.Bytes += first.loose.Bytes
}

func (b *inbox) empty() {
	for b.n > 0 {
		b.pop()
	}
}

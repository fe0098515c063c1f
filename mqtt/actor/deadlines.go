package actor

import (
	"slices"
	"time"
)

// deadlines knows which message that waits expires next. It is a heap: each place i has two behind it, 2i+1 and 2i+2, that are not
// due before it. A message that leaves stays here until its time, as it may come back to wait; one that ends stays until its
// time, or until half of what is here has ended. So neither costs a search.
type deadlines struct {
	heap  []deadline
	ended int // of those in heap
}

// deadline is when a message expires. The message is known by what no other use of its record shares.
type deadline struct {
	at time.Time
	of *rare
}

// add puts op in, unless it is here still, and says whether it is the next one now.
func (d *deadlines) add(op *Op) (next bool) {
	if op.rare.timed != nil {
		return false
	}
	op.rare.timed = op
	d.heap = append(d.heap, deadline{op.rare.deadline, op.rare})
	return d.rise(len(d.heap)-1) == 0
}

// forget is told when op has ended.
func (d *deadlines) forget(op *Op) {
	if op.rare == nil || op.rare.timed == nil {
		return
	}
	op.rare.timed = nil
	if d.ended++; d.ended > 64 && d.ended*2 > len(d.heap) {
		d.heap = slices.DeleteFunc(d.heap, func(e deadline) bool { return e.of.timed == nil })
		d.ended = 0
		for i := len(d.heap)/2 - 1; i >= 0; i-- {
			d.sink(i)
		}
		d.release()
	}
}

// due takes out a message that expires by now, nil when there is none. It may have left.
func (d *deadlines) due(now time.Time) *Op {
	for len(d.heap) > 0 {
		r := d.heap[0].of
		op := r.timed
		if op != nil && d.heap[0].at.After(now) {
			return nil
		}
		d.drop()
		if op != nil {
			r.timed = nil
			return op
		}
		d.ended--
	}
	return nil
}

// next is when to look again; zero for never.
func (d *deadlines) next() time.Time {
	if len(d.heap) == 0 {
		return time.Time{}
	}
	return d.heap[0].at
}

// drop takes the first out.
func (d *deadlines) drop() {
	last := len(d.heap) - 1
	d.heap[0] = d.heap[last]
	d.heap[last] = deadline{}
	d.heap = d.heap[:last]
	d.sink(0)
	d.release()
}

// release sees to it that a burst doesn't hold its memory for ever.
func (d *deadlines) release() {
	if len(d.heap) == 0 && cap(d.heap) > 1024 {
		d.heap = nil
	}
}

// rise moves what is at i to before all that are due later, and says where it is then.
func (d *deadlines) rise(i int) int {
	for i > 0 && d.heap[i].at.Before(d.heap[(i-1)/2].at) {
		d.heap[i], d.heap[(i-1)/2] = d.heap[(i-1)/2], d.heap[i]
		i = (i - 1) / 2
	}
	return i
}

// sink moves what is at i to behind all that are due before it.
func (d *deadlines) sink(i int) {
	for {
		least := i
		for _, behind := range [...]int{2*i + 1, 2*i + 2} {
			if behind < len(d.heap) && d.heap[behind].at.Before(d.heap[least].at) {
				least = behind
			}
		}
		if least == i {
			return
		}
		d.heap[i], d.heap[least] = d.heap[least], d.heap[i]
		i = least
	}
}

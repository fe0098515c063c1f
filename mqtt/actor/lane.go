package actor

import (
	"cmp"
	"slices"
	"sort"
)

// lane is a queue of operations in call order.
type lane struct {
	ops  []*Op
	head int
}

func (l *lane) len() int { return len(l.ops) - l.head }

// first gives the oldest, nil when there is none.
func (l *lane) first() *Op {
	if l.head == len(l.ops) {
		return nil
	}
	return l.ops[l.head]
}

func (l *lane) push(op *Op) { l.ops = append(l.ops, op) }

func (l *lane) pop() *Op {
	op := l.ops[l.head]
	l.ops[l.head] = nil
	l.head++
	switch {
	case l.head == len(l.ops):
		l.ops, l.head = l.ops[:0], 0
		if cap(l.ops) > 1024 {
			l.ops = nil // a burst must not hold its memory for ever
		}
	case l.head >= 1024 && l.head*2 >= len(l.ops):
		n := copy(l.ops, l.ops[l.head:])
		clear(l.ops[n:])
		l.ops, l.head = l.ops[:n], 0
	}
	return op
}

// unpop puts operations back at the front, in their order.
func (l *lane) unpop(ops []*Op) {
	if len(ops) == 0 {
		return
	}
	l.ops = slices.Concat(ops, l.ops[l.head:])
	l.head = 0
}

// merge puts operations back to where their call order has them.
func (l *lane) merge(ops []*Op) {
	if len(ops) == 0 {
		return
	}
	l.unpop(ops)
	slices.SortStableFunc(l.ops, func(a, b *Op) int { return cmp.Compare(a.seq, b.seq) })
}

// remove takes op out of the middle. It says false when op isn't there.
func (l *lane) remove(op *Op) bool {
	waiting := l.ops[l.head:]
	i := sort.Search(len(waiting), func(i int) bool { return waiting[i].seq >= op.seq })
	if i == len(waiting) || waiting[i] != op {
		return false
	}
	l.ops = slices.Delete(l.ops, l.head+i, l.head+i+1)
	return true
}

// all gives what waits, oldest first. The slice is the lane's own.
func (l *lane) all() []*Op { return l.ops[l.head:] }

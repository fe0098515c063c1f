package actor

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

// lane is a queue of operations in call order. What is taken out of the middle leaves a gap, so that nothing behind it moves.
type lane struct {
	ops  []queued
	head int // the oldest: of what is before it nothing is left
	gaps int // behind it
}

// queued is an operation, or the gap that it has left: op is nil then. Its number says where to look for it.
type queued struct {
	seq uint64
	op  *Op
}

func (l *lane) len() int { return len(l.ops) - l.head - l.gaps }

// first gives the oldest, nil when there is none.
func (l *lane) first() *Op {
	if l.head == len(l.ops) {
		return nil
	}
	return l.ops[l.head].op
}

func (l *lane) push(op *Op) {
	if len(l.ops) == cap(l.ops) && cap(l.ops) >= longLane {
		l.lengthen()
	}
	l.ops = append(l.ops, queued{op.seq, op})
}

// longLane is the length from which a lane's memory is others' when it is empty: a burst must not hold it for ever, and one that
// comes again and again need not take it anew.
const longLane = 1024

var lanePool sync.Pool // of *[]queued

// lengthen moves the lane to where there is more room, if another lane has left that.
func (l *lane) lengthen() {
	if room, _ := lanePool.Get().(*[]queued); room != nil && cap(*room) > cap(l.ops) {
		n := copy((*room)[:len(l.ops)], l.ops)
		clear(l.ops)
		l.ops = (*room)[:n]
	}
}

// shorten gives up the memory of an empty lane, if that is much.
func (l *lane) shorten() {
	if cap(l.ops) > longLane {
		room := l.ops[:0]
		lanePool.Put(&room)
		l.ops = nil
	}
}

func (l *lane) pop() *Op {
	op := l.ops[l.head].op
	l.ops[l.head].op = nil
	l.head++
	for l.gaps > 0 && l.ops[l.head].op == nil {
		l.head++
		l.gaps--
	}
	switch {
	case l.head == len(l.ops):
		l.ops, l.head = l.ops[:0], 0
		l.shorten()
	case l.head >= 1024 && l.head*2 >= len(l.ops):
		n := copy(l.ops, l.ops[l.head:])
		clear(l.ops[n:])
		l.ops, l.head = l.ops[:n], 0
	}
	return op
}

// remove takes op out of the middle. It says false when op isn't there.
func (l *lane) remove(op *Op) bool {
	i := l.head + sort.Search(len(l.ops)-l.head, func(i int) bool { return l.ops[l.head+i].seq >= op.seq })
	for ; i < len(l.ops) && l.ops[i].seq == op.seq; i++ {
		switch {
		case l.ops[i].op != op:
			continue
		case i == l.head:
			l.pop()
		default:
			l.cut(i)
		}
		return true
	}
	return false
}

// cut makes a gap, and closes all gaps when they are as many as what is left: that costs each operation a move at most.
func (l *lane) cut(i int) {
	l.ops[i].op = nil
	l.gaps++
	if l.gaps >= 1024 && l.gaps >= l.len() {
		l.ops = slices.DeleteFunc(l.ops, func(q queued) bool { return q.op == nil })
		l.head, l.gaps = 0, 0
	}
}

// unpop puts operations back at the front, in their order.
func (l *lane) unpop(ops []*Op) {
	if len(ops) == 0 {
		return
	}
	behind := *l
	*l = lane{ops: make([]queued, 0, len(ops)+behind.len())}
	for _, op := range ops {
		l.push(op)
	}
	for op := range behind.all {
		l.push(op)
	}
}

// merge puts operations back to where their call order has them.
func (l *lane) merge(ops []*Op) {
	if len(ops) == 0 {
		return
	}
	l.unpop(ops)
	slices.SortStableFunc(l.ops, func(a, b queued) int { return cmp.Compare(a.seq, b.seq) })
}

// all gives what waits, oldest first. Nothing may be taken out meanwhile; see list.
func (l *lane) all(yield func(*Op) bool) {
	for _, q := range l.ops[l.head:] {
		if q.op != nil && !yield(q.op) {
			return
		}
	}
}

// list is the same for who takes out while going through.
func (l *lane) list() []*Op { return slices.AppendSeq(make([]*Op, 0, l.len()), l.all) }

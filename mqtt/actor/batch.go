package actor

// Change is one thing that the store is to keep, or with a nil Value no more.
type Change struct{ Key, Value []byte }

// batch is what one write to the store carries, and what waits for it.
type batch struct {
	number  uint64
	changes []Change // one that was taken back has no Key
	arena   []byte   // of the changes; a new one takes its place when it grows
	puts    []put    // messages that are new to the store
	ends    []end    // outcomes that mustn't be told before
	inbound bool     // it has something of the dispatcher's
	urgent  bool     // somebody may wait for it
	full    fullness // when it is to be packed
}

// fullness is how much a batch may hold before what was taken back or said again is left out of it.
type fullness struct{ changes, bytes int }

// put is a message that comes into the store with a batch.
type put struct {
	op       *Op // nil when it has ended since
	seq      uint64
	message  int // which of the changes it is,
	progress int // and which says how far it came; negative: none does
}

// end is an outcome.
type end struct {
	op      *Op
	outcome Outcome
	closing bool // Close was called before
}

// set adds a change to what a key has, and gives its index.
func (b *batch) set(key []byte, value func([]byte) []byte) int {
	b.remove(key)
	start := len(b.arena)
	b.arena = value(b.arena)
	i := len(b.changes) - 1
	b.changes[i].Value = b.arena[start:len(b.arena):len(b.arena)]
	return i
}

// remove adds the removal of a key.
func (b *batch) remove(key []byte) {
	b.forget(key)
	b.urgent = true
}

// forget is remove, for what nobody waits for.
func (b *batch) forget(key []byte) {
	if len(b.changes) >= max(b.full.changes, 1024) || len(b.arena) >= max(b.full.bytes, 1<<20) {
		b.pack()
	}
	start := len(b.arena)
	b.arena = append(b.arena, key...)
	b.changes = append(b.changes, Change{Key: b.arena[start:len(b.arena):len(b.arena)]})
}

// strike takes back all that the batch says of a message that comes with it.
func (b *batch) strike(p *put) {
	b.changes[p.message] = Change{}
	if p.progress >= 0 {
		b.changes[p.progress] = Change{}
	}
	p.op = nil
}

// pack leaves out what was taken back, and of what was said of a key all but the last. So a batch that waits for a store that
// hangs is as large as what it is about, however often that changes.
func (b *batch) pack() {
	last := make(map[string]int, len(b.changes))
	size := 0
	for i, c := range b.changes {
		if c.Key != nil {
			last[string(c.Key)] = i
			size += len(c.Key) + len(c.Value)
		}
	}
	arena, changes, place := make([]byte, 0, size), b.changes[:0], make([]int, len(b.changes))
	for i, c := range b.changes {
		if c.Key == nil || last[string(c.Key)] != i {
			continue
		}
		place[i] = len(changes)
		at := len(arena)
		arena = append(append(arena, c.Key...), c.Value...)
		packed := Change{Key: arena[at : at+len(c.Key) : at+len(c.Key)]}
		if c.Value != nil {
			packed.Value = arena[at+len(c.Key) : len(arena) : len(arena)]
		}
		changes = append(changes, packed)
	}
	clear(b.changes[len(changes):])
	b.changes, b.arena = changes, arena
	puts := b.puts[:0]
	for _, p := range b.puts {
		if p.op == nil {
			continue
		}
		p.op.berth, p.message = int32(len(puts)), place[p.message]
		if p.progress >= 0 {
			p.progress = place[p.progress]
		}
		puts = append(puts, p)
	}
	clear(b.puts[len(puts):])
	b.puts = puts
	b.full = fullness{2*len(changes) + 1024, 2*len(arena) + 1<<20}
}

// settle leaves out what was taken back. Afterwards nothing can be.
func (b *batch) settle() {
	n := 0
	for _, c := range b.changes {
		if c.Key != nil {
			b.changes[n] = c
			n++
		}
	}
	clear(b.changes[n:])
	b.changes = b.changes[:n]
}

// mostRemovals bounds what is put down for a store that goes on failing.
const mostRemovals = 1 << 16

// fail leaves out what comes with the batch, which was not kept: after what follows here it isn't in the store, whether the
// write that failed was applied or not. (A store should apply all or nothing, but who knows after a disk has failed.) It gives
// the messages that are lost so.
func (b *batch) fail() (lost map[uint64]struct{}) {
	lost = make(map[uint64]struct{}, len(b.puts))
	for _, p := range b.puts {
		lost[p.seq] = struct{}{}
	}
	b.disown(lost)
	b.settle()
	for seq := range lost {
		if len(b.changes) >= mostRemovals {
			break
		}
		b.remove(messageKey(seq))
		b.remove(progressKey(seq))
	}
	b.puts = nil
	return lost
}

// disown leaves out what the batch says of messages.
func (b *batch) disown(lost map[uint64]struct{}) {
	for i, c := range b.changes {
		if seq, ok := messageOf(c.Key); ok {
			if _, yes := lost[seq]; yes {
				b.changes[i] = Change{}
			}
		}
	}
}

// precede puts what a batch that failed still has to say before what this one says.
func (b *batch) precede(failed *batch) {
	n := len(failed.changes)
	b.changes = append(failed.changes, b.changes...)
	for i := range b.puts {
		p := &b.puts[i]
		p.message += n
		if p.progress >= 0 {
			p.progress += n
		}
	}
	b.ends = append(failed.ends, b.ends...)
	b.inbound, b.urgent = b.inbound || failed.inbound, true
	b.pack()
}

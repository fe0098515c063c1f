package actor

import (
	"errors"
	"fmt"
	"time"
)

// ledger is the tracker's side of the store: what is to be kept next, and how far all is kept. What mustn't happen before
// something is kept bears the number of its batch. The numbers rise, and a batch is kept as a whole.
type ledger struct {
	to     chan<- *batch // to keeper, one slot
	from   <-chan kept   // from keeper
	open   *batch        // takes what changes now; nil when there is no store
	away   *batch        // is with the keeper
	spare  *batch        // was kept, and serves again; nil when none was
	quit   func()        // has the store give up what it is at
	over   bool          // nothing is tried again
	safe   uint64        // all batches up to this one are kept
	paused time.Time     // a write failed: then the next one is tried
	linger time.Time     // nobody waits for what is open: then it is kept all the same
	staged lane          // PUBLISHes that have their identifier, and leave when their batch is kept
	marks  []marked      // of the dispatcher's, that are not kept yet
	doubt  doubt
}

// marked says that the dispatcher's marks up to a number are kept with a batch.
type marked struct{ batch, mark uint64 }

// StoreError says that the store failed. What it was to keep, and didn't, has not left.
type StoreError struct{ Err error }

// Error implements error.
func (e *StoreError) Error() string { return fmt.Sprintf("store: %v", e.Err) }

// Unwrap gives the store's own error.
func (e *StoreError) Unwrap() error { return e.Err }

// storePause is how long after a write that failed the next one is tried.
const storePause = time.Second

// storeLinger is how long the store may still have a message that is done, when nothing else is to be kept: whoever publishes one
// message at a time so waits for one write for each, and not for two. A crash meanwhile has the last of them sent again.
const storeLinger = 20 * time.Millisecond

// keeps says that there is a store.
func (l *ledger) keeps() bool { return l.open != nil }

// isSafe says that what bears the number of a batch may happen.
func (l *ledger) isSafe(batch uint64) bool { return batch <= l.safe }

// save gives the keeper what has gathered, when it has nothing.
func (t *tracker) save() {
	if !t.keeps() || t.away != nil || !t.paused.IsZero() {
		return
	}
	t.keepFilters()
	b := t.open
	if len(b.changes) == 0 || t.lingers() {
		return
	}
	t.open = t.fresh(b.number + 1)
	if b.settle(); len(b.changes) == 0 {
		t.settleBatch(b) // all was taken back
		return
	}
	t.away = b
	t.to <- b // there is room: the keeper has nothing
}

// fresh makes the next batch, of the memory of one that was kept if there is one.
func (t *tracker) fresh(number uint64) *batch {
	b := t.spare
	if t.spare = nil; b == nil {
		b = new(batch)
	}
	b.number = number
	return b
}

// reuse has a batch that was kept serve again. It holds on to nothing that was in it.
func (t *tracker) reuse(b *batch) {
	if cap(b.arena) > spareBytes {
		return
	}
	clear(b.changes)
	clear(b.puts)
	clear(b.ends)
	*b = batch{changes: b.changes[:0], arena: b.arena[:0], puts: b.puts[:0], ends: b.ends[:0]}
	t.spare = b
}

// spareBytes bounds what a client holds for a batch to come: one of a default window of messages of some 200 bytes fits.
const spareBytes = 256 << 10

// lingers says that what is open may wait for what comes next.
func (t *tracker) lingers() bool {
	switch {
	case t.open.urgent || t.over || t.ending.asked():
		t.linger = time.Time{}
		return false
	case t.linger.IsZero():
		t.linger = time.Now().Add(storeLinger)
		t.rearm()
	}
	return true
}

// wasKept takes the keeper's word.
func (t *tracker) wasKept(k kept) {
	t.away = nil
	if k.err != nil {
		t.notKept(k.batch, k.err)
		return
	}
	t.settleBatch(k.batch)
}

// settleBatch does what has waited for a batch.
func (t *tracker) settleBatch(b *batch) {
	t.safe = b.number
	for i := range b.puts {
		if op := b.puts[i].op; op != nil {
			op.stored()
		}
	}
	for _, e := range b.ends {
		e.op.end(e.outcome)
	}
	t.reuse(b)
	t.allow(t.isSafe(t.doubt.noting))
	for len(t.marks) > 0 && t.isSafe(t.marks[0].batch) {
		t.note.marked, t.noteNews = t.marks[0].mark, true
		t.marks = t.marks[1:]
	}
}

// notKept ends the messages that the store would not take. The rest of the batch is tried again, before all that follows: it
// is of older messages, and nothing that depends on it happens before.
func (t *tracker) notKept(b *batch, why error) {
	err := &StoreError{why}
	t.lastError = err
	t.log(levelWarn, "store failed", "error", why)
	t.paused = time.Now().Add(storePause)
	t.doubt.settled = 0 // a store that fails doesn't keep the client from its subscriptions
	t.allow(true)
	puts := b.puts
	t.open.disown(b.fail()) // one of them may have got its identifier meanwhile
	t.open.precede(b)
	for i := range puts {
		if op := puts[i].op; op != nil {
			t.takeOut(op)
			op.kept = false // the batch has said so
			t.endPublish(op, Outcome{Err: t.fateOf(op, err)})
		}
	}
	if b.inbound {
		t.fault(err) // what the server waits for can't be said
	}
	t.rearm()
}

// fateOf is what a message ends with that the store did not take. A write that failed may have been applied all the same; it
// is taken back with the next one, if there is one.
func (t *tracker) fateOf(op *Op, err error) error {
	if t.over {
		return uncertain(err)
	}
	return op.fate(err)
}

// keepFilters has the store know what has changed of what is wanted.
func (t *tracker) keepFilters() {
	w := &t.wanted
	for _, order := range w.gone {
		t.open.remove(filterKey(order))
	}
	for _, f := range w.changed {
		if f.untold = false; w.filters[f.sub.Filter] == f {
			t.open.set(filterKey(f.order), func(v []byte) []byte { return appendFilter(v, f) })
		}
	}
	w.gone, w.changed = w.gone[:0], w.changed[:0]
}

// closeStore has the last kept, and ends the keeper.
func (t *tracker) closeStore() {
	if !t.keeps() {
		return
	}
	t.over = true
	t.lastWrite()
	t.paused = time.Time{}
	t.save()
	t.lastWrite()
	for _, e := range t.open.ends { // that they are never sent was not kept: whoever opens the store next sends them
		t.counts.NotSent--
		t.counts.Kept++
		if !e.closing {
			t.before.NotSent--
		}
		e.op.end(Outcome{Err: &keptError{e.outcome.Err}})
	}
	close(t.to)
	t.quit()
}

// keptError says that a message was left in the store that was to end otherwise: why, but for that it is never sent.
type keptError struct{ why error }

// Error implements error.
func (e *keptError) Error() string {
	return fmt.Sprintf("%v, which it doesn't know: %v", ErrKept, e.why)
}

// Is says that it is kept, and all else that it was to end with.
func (e *keptError) Is(target error) bool {
	return target == ErrKept || target != ErrNotSent && errors.Is(e.why, target)
}

// lastWriteTime is what the store gets for its last words when nobody is in a hurry.
const lastWriteTime = 5 * time.Second

// lastWrite waits for the keeper. Callers who ask have their answers meanwhile: one of them may be in a hurry.
func (t *tracker) lastWrite() {
	timer := time.NewTimer(lastWriteTime)
	defer timer.Stop()
	for pressed := false; t.away != nil; {
		if t.pressed && !pressed { // once: others may ask as often as they like
			pressed = true
			timer.Reset(joinGrace / 2)
		}
		select {
		case k := <-t.from:
			t.wasKept(k)
		case q := <-t.asks:
			q.answer(t)
		case <-timer.C:
			t.quit()
		}
	}
}

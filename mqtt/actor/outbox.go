package actor

import "fmt"

// outbox is what was admitted and has not ended, and who waits at its door.
type outbox struct {
	free      lane // QoS 0, SUBSCRIBE, UNSUBSCRIBE: the window doesn't concern them
	windowed  lane // QoS 1 and 2
	door      lane // numbered in the order in which they came
	flight    flight
	ghosts    int // of flight: withdrawn, and there only for their identifiers
	ids       ids
	inUse     int // exchanges begun on this connection that hold a place in the window
	messages  int // admitted and not ended
	bytes     int
	seq       uint64
	taken     uint64 // operations that came out of the channel
	places    []place
	latest    map[string]*Op // with LatestOnly: what waits to leave, by its topic
	deadlines deadlines
	epochs
}

// admits says whether the tracker may take another operation from the callers: the outbox has room for whatever comes.
func (t *tracker) admits() bool {
	switch {
	case t.ending.asked(): // who waits is refused
		return true
	case t.door.len() > 0 || t.cfg.Offline == OfflineWait && t.link.wire == nil:
		return false
	case t.roomy: // all that the channel holds and needs no word of admission has its place kept
		return t.hasRoom(Bounds{1, 1})
	case t.cfg.OutboxFull != OutboxWait || t.cfg.LatestOnly: // it may replace another
		return true
	default:
		return t.messages < t.cfg.Outbox.Messages && t.bytes < t.cfg.Outbox.Bytes
	}
}

// offer takes what a caller has offered. It may have been taken back while it lay in the channel.
func (t *tracker) offer(op *Op) {
	t.taken++
	switch {
	case op.kind == opParcel:
		t.receive(op.rare.parcel)
	case op.state == opOffered:
		t.judgeOffer(op)
	}
	t.callUp()
}

// judgeOffer admits an operation, refuses it, or lets it wait at the door. What was promised to be admitted has its place
// kept, and doesn't wait behind others: at the end, those at the door are refused.
func (t *tracker) judgeOffer(op *Op) {
	if t.ending.asked() && !op.promised {
		op.refuse(fmt.Errorf("%w: %w", ErrClosed, ErrNotSent))
		return
	}
	if op.kind == opPublish {
		op.size, op.level = op.Message.Len(), op.Message.QoS()
	}
	switch {
	case op.promised:
		t.admit(op)
	case t.door.len() > 0: // what its alias means is known when those have gone
		t.wait(op)
	default:
		if err := t.resolve(op); err != nil {
			op.refuse(err)
		} else if !t.fits(op) {
			t.wait(op)
		} else {
			t.admit(op)
		}
	}
}

// fits says whether the outbox has room for op.
func (t *tracker) fits(op *Op) bool {
	if op.kind != opPublish || t.roomy && op.size <= quickMax {
		return true
	}
	more := Bounds{1, op.size}
	if old := t.latest[string(op.Message.Topic())]; old != nil && !op.Paired { // which makes room for it
		more.Messages, more.Bytes = 0, op.size-old.size
	}
	if t.roomy {
		return t.hasRoom(more)
	}
	return t.messages+more.Messages <= t.cfg.Outbox.Messages && t.bytes+more.Bytes <= t.cfg.Outbox.Bytes
}

// wait puts op at the door, or does what Config wants instead.
func (t *tracker) wait(op *Op) {
	switch {
	case t.tooLarge(op):
		op.refuse(neverFits(op))
	case t.cfg.OutboxFull == OutboxReject:
		op.refuse(fmt.Errorf("%w: %w", ErrNotSent, ErrOutboxFull))
	case t.cfg.OutboxFull == OutboxDropOldest && t.door.len() == 0 && t.dropFor(op):
		t.admit(op)
	default:
		op.state, op.seq = opDoor, t.taken // its place in the call order comes with its admission
		t.door.push(op)
	}
}

// tooLarge says that an empty outbox has no room for op.
func (t *tracker) tooLarge(op *Op) bool {
	most := t.cfg.Outbox.Bytes
	if t.roomy {
		most -= promised(unseen).Bytes
	}
	return op.kind == opPublish && op.size > most
}

func neverFits(op *Op) error {
	return fmt.Errorf("%w: %w: a message of %d bytes can never fit, raise Config.Outbox.Bytes", ErrNotSent, ErrOutboxFull, op.size)
}

// dropFor makes room by giving up what has waited the longest and never left, QoS 0 first.
func (t *tracker) dropFor(op *Op) bool {
	for !t.fits(op) {
		old := t.oldestPublish(&t.free)
		if old == nil {
			old = t.oldestPublish(&t.windowed)
		}
		if old == nil {
			return false
		}
		t.endPublish(old, Outcome{Err: old.fate(fmt.Errorf("%w: newer messages took its place", ErrOutboxFull))})
	}
	return true
}

// oldestPublish takes the first PUBLISH that never left out of a lane.
func (t *tracker) oldestPublish(l *lane) *Op {
	for op := range l.all {
		if op.kind == opPublish && !op.left {
			l.remove(op)
			return op
		}
	}
	return nil
}

// letIn admits who waits at the door, as far as there is room now, and says whether that was anybody.
func (t *tracker) letIn() (some bool) {
	for op := t.door.first(); op != nil && t.letsIn(op); op = t.door.first() {
		t.door.pop()
		some = true
	}
	return some
}

// emptyDoor refuses who waits at the door.
func (t *tracker) emptyDoor(why error) {
	for t.door.len() > 0 {
		t.door.pop().refuse(fmt.Errorf("%w: %w", why, ErrNotSent))
	}
}

// letsIn admits or refuses the first at the door; false says that it goes on waiting. Its topic may be known only now.
func (t *tracker) letsIn(op *Op) bool {
	err := t.resolve(op)
	switch {
	case err != nil:
		op.refuse(err)
	case t.tooLarge(op):
		op.refuse(neverFits(op))
	case t.fits(op) || t.cfg.OutboxFull == OutboxDropOldest && t.dropFor(op):
		t.admit(op)
	default:
		return false
	}
	return true
}

// admit takes op over: from here on it ends exactly once (contract 1).
func (t *tracker) admit(op *Op) {
	if op.kind == opPublish {
		if err := t.admissible(op); err != nil && !op.promised {
			op.refuse(err)
			return
		} // what was promised was admitted by its send: fill ends it, and it is counted
	}
	t.name(op)
	t.supersede(op)
	t.count(false) // what was written before
	t.seq++
	op.seq, op.state, op.since = t.seq, opQueued, t.now
	if op.kind != opPublish {
		t.free.push(op)
		return
	}
	t.messages++
	t.bytes += op.size
	op.epoch = t.epochs.begin()
	t.counts.Admitted++
	if op.expires() {
		t.expires(op)
	}
	if op.level == 0 {
		t.free.push(op)
	} else {
		t.windowed.push(op)
		t.keep(op)
	}
	if op.rare != nil && op.rare.admitted != nil {
		op.rare.admitted <- nil
	}
}

// supersede gives up the message that waits for the same topic, when the newest is all that counts.
func (t *tracker) supersede(op *Op) {
	if !t.cfg.LatestOnly || op.kind != opPublish || op.Paired {
		return
	}
	topic := string(op.Message.Topic())
	if old := t.latest[topic]; old != nil {
		t.giveUp(old)
	}
	if t.latest == nil {
		t.latest = make(map[string]*Op)
	}
	t.latest[topic], op.other().topic = op, topic
}

// giveUp ends a message that waits, for a newer one of its topic.
func (t *tracker) giveUp(old *Op) {
	if t.free.remove(old) || t.windowed.remove(old) {
		t.endPublish(old, Outcome{Err: old.fate(ErrSuperseded)})
	}
}

// contend has messages that wait again, or still, replaced like any other that waits. What left before is none of them.
func (t *tracker) contend(ops []*Op) {
	if !t.cfg.LatestOnly {
		return
	}
	for _, op := range ops {
		switch newer := t.latest[string(op.Message.Topic())]; {
		case op.left, op.Paired:
		case newer != nil && newer.seq > op.seq:
			t.giveUp(op)
		default:
			t.supersede(op)
		}
	}
}

// commit notes that no newer message replaces this one any more.
func (t *tracker) commit(op *Op) {
	if op.rare != nil && op.rare.topic != "" {
		if t.latest[op.rare.topic] == op {
			delete(t.latest, op.rare.topic)
		}
		op.rare.topic = ""
	}
}

// admissible gives the reason for which a PUBLISH is refused before it is admitted.
func (t *tracker) admissible(op *Op) error {
	if t.link.wire != nil {
		if err := t.allowed(op); err != nil {
			return op.fate(err)
		}
		return nil
	}
	if t.cfg.Offline == OfflineReject || t.cfg.NoOfflineQoS0 && op.level == 0 {
		return fmt.Errorf("%w: %w", ErrNotSent, ErrNotConnected)
	}
	return nil
}

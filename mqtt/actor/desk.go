package actor

import (
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// desk is what the tracker tells of the client: state, events, counts, and who waits for a connection.
type desk struct {
	state     State
	offline   bool // an outage was told
	connack   *linkUp
	connect   chan<- error // who called Connect
	connects  uint64       // how often Connect began
	waiting   []chan<- error
	counts    Counts
	bad       tally // since the last Flush
	lost      EventSessionLost
	dropped   int // QoS 0 messages that ended badly, and were not told yet
	lastError error
	backlog   uint64 // what was admitted before this epoch waited for the connection,
	lastCall  uint64 // and what subscribes or unsubscribes up to this one of the call order
	draining  bool

	connections   uint64
	sentBytes     uint64
	receivedBytes uint64
	pinged        time.Time
	rtt           time.Duration
	order         uint64
	records       chan<- *Record // to supervisor, bounded
	flushes       []flush
	told          bool // the connection was told as up
	abandoned     bool // the caller of Connect has gone; a connection that comes for it is ended
	lostRecords   int
}

const (
	levelDebug = -4
	levelInfo  = 0
	levelWarn  = 4
)

// tell hands an event out.
func (t *tracker) tell(event any) { t.cfg.Tell(event) }

// log puts a line into the ring that the supervisor empties; what doesn't fit is counted.
func (t *tracker) log(level int, text string, args ...any) {
	if t.cfg.Log == nil {
		return
	}
	if t.lostRecords > 0 {
		args = append(args, "lost", t.lostRecords)
	}
	select {
	case t.records <- &Record{level, text, args}:
		t.lostRecords = 0
	default:
		t.lostRecords++
	}
}

// settle does what follows from what ended in this round: flushes, the backlog, Close.
func (t *tracker) settle() {
	if t.dropped > 0 {
		t.tell(EventDropped{Published: true, Count: t.dropped})
		t.dropped = 0
	}
	if t.draining && t.drained() {
		t.draining = false
		t.tell(EventDrained{})
	}
	for len(t.flushes) > 0 && t.epochs.passed(t.flushes[0].mark) {
		t.flushes[0].reply <- t.flushed()
		t.flushes = t.flushes[1:]
	}
	t.proceed()
}

// flushed is a Flush's answer.
func (t *tracker) flushed() error {
	bad := t.bad
	t.bad = tally{}
	if bad.any() {
		return &Unfinished{Refused: bad.Refused, NotSent: bad.NotSent, Uncertain: bad.Uncertain, Kept: bad.Kept}
	}
	return nil
}

// owes takes what the dispatcher owes the server and what it has to tell.
func (t *tracker) owes(o *owed) {
	for _, e := range o.events {
		t.tell(e)
	}
	t.settled, t.bereft = t.settled || o.settled, t.bereft || o.last
	t.keepMarks(o.marks, o.marked)
	if o.up != 0 {
		t.doubt.told = o.up
		t.endDoubt()
	}
	t.keepAcks(o.acks)
	if o.gen == t.link.gen && t.link.wire != nil {
		if t.readHeld && !o.held {
			t.activity.held = time.Now()
		}
		t.readHeld = o.held
		t.rearm()
		if len(o.acks) > 0 && !t.overwhelmed() {
			if len(t.acks) == 0 {
				t.acks, o.acks = o.acks, t.acks
			} else {
				t.acks = append(t.acks, o.acks...)
			}
		}
		if o.fault != nil {
			t.fault(o.fault)
		}
	}
	o.done()
}

// inform tells the dispatcher what changed: an answer is owed or isn't, streams that ended, identifiers given out.
// It is told of an owed answer only while it holds reading, because else nothing depends on it.
func (t *tracker) inform() {
	owed := t.link.wire != nil && (t.ids.used > 0 || t.again.waits() || t.writeStuck || t.doubt.probe == probeSent)
	if owed != t.note.answerOwed && (t.readHeld || !owed) {
		t.note.answerOwed = owed
		t.noteNews = true
	}
	if t.ending.asked() && !t.note.closing {
		t.note.closing, t.noteNews = true, true
	}
	if !t.noteNews && len(t.note.retired) == 0 && len(t.note.identifiers) == 0 {
		return
	}
	var n *notice
	select {
	case n = <-t.unread:
	default:
		n = new(notice)
	}
	retired, identifiers := append(n.retired, t.note.retired...), append(n.identifiers, t.note.identifiers...)
	*n = t.note
	n.retired, n.identifiers = retired, identifiers
	t.notices <- n // the slot is free: nobody else fills it
	t.note.retired, t.note.identifiers, t.noteNews = nil, nil, false
}

// rearm sets the timer to what comes next.
func (t *tracker) rearm() {
	var next time.Time
	if !t.given.IsZero() && !t.writeStuck && t.readHeld {
		next = t.given.Add(time.Second)
	}
	for _, at := range []time.Time{t.deadlines.next(), t.partBy, t.cutBy, t.paused, t.linger} {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if !next.IsZero() {
		t.alarm.set(time.Until(next))
	}
}

// tick is the tracker's clock: a message expired, or a write has made no progress for a second.
func (t *tracker) tick(now time.Time) {
	t.expire(now)
	if !t.partBy.IsZero() && !t.partBy.After(now) {
		t.partBy = time.Time{}
		t.cut()
	}
	if !t.cutBy.IsZero() && !t.cutBy.After(now) {
		t.cutBy = time.Time{}
		t.cut()
	}
	if !t.paused.After(now) {
		t.paused = time.Time{}
	}
	if !t.linger.IsZero() && !t.linger.After(now) {
		t.open.urgent = true
	}
	t.writeStuck = !t.given.IsZero() && now.Sub(t.given) >= time.Second
	t.rearm()
}

// fault ends the connection for a reason that the server is told, where its version has words for it (§4.13).
func (t *tracker) fault(err error) {
	t.log(levelWarn, "connection ends", "reason", err)
	d := &codec.Disconnect{Code: codec.UnspecifiedError}
	if code, ok := faultCode(err); ok {
		d.Code = code
	}
	t.endLink(d, fmt.Errorf("%w", err))
}

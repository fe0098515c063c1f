package actor

import (
	"context"
	"runtime"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// tracker owns all that goes out: identifiers, window, outbox, resend list, wanted filters; and the desk, which knows how
// the client stands and tells its events. It waits on nobody: each arrow that leaves it is a signal or carries credit.
type tracker struct {
	cfg   *Config
	roomy bool

	ops     <-chan *Op      // from callers: publishes, subscriptions, unsubscriptions, in call order
	asks    <-chan question // from callers, supervisor and pinger, always selected
	owed    <-chan *owed    // from dispatcher
	orders  orders          // to supervisor, one slot
	notices chan<- *notice  // to dispatcher, one slot
	unread  <-chan *notice  // the same slot, to take back what was not read
	strict  chan<- struct{} // to callers: as many tokens as admission has to be waited for, see Limits
	lax     <-chan struct{} // the same, to take them out

	// owned by run
	desk
	outbox
	filters
	ending
	ledger
	naming
	again  *reauth // nil while nobody re-authenticates
	link   linkUp  // the connection; wire is nil while there is none
	limits limits
	buffer *outBuffer // at home, ready to be filled; nil while it is out,
	mail
	loans                // with these payloads in it
	quiet      bool      // nothing follows from its coming home: no outcome, no memory that serves again
	given      time.Time // when the buffer that is out was given to the writer
	torn       written   // a buffer that came home only partly written: its connection is ending
	acks       []ack     // owed to the server
	releases   []release // PUBRELs to be sent
	resend     []repeat  // of the session, not sent on this connection yet
	activity   activity
	heard      uint64 // the number of the last arrivals of this connection that came before what it answers
	readHeld   bool   // the dispatcher holds reading
	note       notice
	noteNews   bool
	writeStuck bool // a write has made no progress for a second
	patience   patience
	alarm      alarm
	anew       bool          // what doesn't come often may have grown the stack: another goroutine goes on
	began      time.Time     // its clock's zero
	now        time.Duration // when operations were last taken
}

// release is a PUBREL that is due.
type release struct {
	id    uint16
	code  codec.ReasonCode
	batch uint64 // that has to be kept first
}

func (t *tracker) run(ctx context.Context) error {
	if t.began.IsZero() {
		t.wake()
	}
	for !t.anew {
		ops := t.ops
		if !t.admits() {
			ops = nil // callers wait, acknowledgements do not
		}
		var answered <-chan *answers
		var back <-chan *written
		if t.link.wire != nil {
			answered = t.link.wire.answers
			if !t.quiet || t.buffer != nil || t.something() {
				back = t.link.wire.back
			}
		}
		select {
		case <-ctx.Done():
			return t.finish(context.Cause(ctx))
		case op := <-ops:
			t.now = t.clock() // once for all that is taken now
			t.offer(op)
			t.drain()
		case w := <-back:
			t.wrote(w)
		case a := <-answered:
			t.answered(a)
		case k := <-t.from:
			t.wasKept(k)
		case o := <-t.owed:
			t.owes(o)
		case q := <-t.asks:
			t.now = t.clock()
			t.collect()
			t.drain() // what its caller offered before, as far as there is room
			t.count(false)
			q.answer(t)
		case <-t.alarm.rings():
			t.collect()
			t.tick(time.Now())
		}
		t.turn()
	}
	t.anew = false
	return errAnew
}

// wake is the first that the tracker does.
func (t *tracker) wake() {
	t.began = time.Now()
	if t.keeps() {
		t.restoreKept(t.cfg.Kept)
	}
	t.grant()
}

// clock tells the time since the client began.
func (t *tracker) clock() time.Duration { return time.Since(t.began) }

// drain takes what callers have ready, so that one write carries it all.
func (t *tracker) drain() {
	for range drainBatch {
		if !t.admits() {
			return
		}
		select {
		case op := <-t.ops:
			t.offer(op)
		default:
			return
		}
	}
}

// drainAll takes what lies in the channel, whether there is room or not. It is for the end alone: room is kept for one
// such round, and what callers offer meanwhile would go beyond the outbox's bounds.
func (t *tracker) drainAll() {
	t.now = t.clock()
	for range len(t.ops) {
		t.offer(<-t.ops)
	}
	t.count(false)
}

// turn ends each round: what can leave is given to the writer, and what changed is told to the dispatcher.
func (t *tracker) turn() {
	t.collect()
	t.letIn()
	t.stage()
	for t.link.wire != nil && t.buffer != nil && !t.ending.final && t.something() {
		if t.small() && t.patience.pays() {
			before := t.taken
			runtime.Gosched() // measured: callers that are about to publish join this write instead of the next
			t.drain()
			t.patience.paid(t.taken > before)
		}
		t.fill()
		if !t.letIn() { // what couldn't leave may have made room
			break
		}
		t.stage()
	}
	t.grant()
	t.settle()
	t.save()
	t.inform()
}

// collect takes the buffer home, if it lies there. While it is quiet and nothing waits to leave, nothing else does: a wake-up for
// it alone would cost the round trip of a message at QoS 1 or 2.
func (t *tracker) collect() {
	for t.link.wire != nil {
		select {
		case w := <-t.link.wire.back:
			t.wrote(w)
		default:
			return
		}
	}
}

// something says whether anything waits that may leave now.
func (t *tracker) something() bool {
	return len(t.acks) > 0 && t.isSafe(t.acks[0].batch) || len(t.releases) > 0 && t.isSafe(t.releases[0].batch) ||
		t.sendable() != nil || t.countable() || t.again.ready() || t.farewell() || t.doubt.probe == probeDue
}

// small says whether so little is ready that waiting a moment for more is worth it.
func (t *tracker) small() bool {
	return t.free.len()+t.windowed.len() < 16 && len(t.ops) == 0 && t.roomy
}

// lastActivity is a copy, which belongs to who asked.
func (t *tracker) lastActivity() *activity {
	a := t.activity
	if t.readHeld {
		a.held = time.Now()
	}
	return &a
}

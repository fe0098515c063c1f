package actor

import (
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// ending is how a connection, and how the client, comes to its end.
type ending struct {
	closing   bool
	hurried   bool              // nothing is waited for any more, because the client ends or
	pressed   bool              // because a Close's context is over, or Abort was called
	hurriedBy error             // how that ended
	before    Counts            // of what had ended when Close was called
	settled   bool              // the dispatcher has handed over every acknowledgement that was given before Close
	words     *codec.Disconnect // of Close
	unsent    int               // PUBACKs and PUBRECs that the application gave too late to leave on the last connection
	part      *codec.Disconnect // to be the last packet of this connection; nil while nothing ends it
	silent    bool              // part isn't written: 3.x has no words for an error, and the will shall be sent
	final     bool              // it was given to the writer, or the connection was cut: nothing follows
	bid       bool              // Close's own DISCONNECT ends this connection: nothing can be waited for behind it
	partBy    time.Time         // when the connection is cut although part could not be written
	bereft    bool              // the dispatcher has ended
	ended     bool              // the supervisor was told to end
	cutBy     time.Time         // when the connection is cut whatever is still to be written or read, for a Close's context is over
	idle      bool              // the supervisor has neither a connection nor an attempt
	deciding  bool              // it asks whether to try again, which may be the user's code
	result    Unfinished
}

func (e *ending) asked() bool { return e.closing }

// hurryGrace is what DISCONNECT gets to leave in when a Close's context is over.
const hurryGrace = 10 * time.Millisecond

// Unfinished counts what did not end well: for a Flush since the last one, for Close what it had to give up.
type Unfinished struct {
	Refused, NotSent, Uncertain, Kept int
	Unacknowledged                    int    // received at QoS 1 and 2, and not acknowledged by the application
	Hook                              string // user code that did not return
	Cause                             error
}

// Error implements error.
func (e *Unfinished) Error() string {
	s := fmt.Sprintf("unfinished: %d refused, %d not sent, %d uncertain, %d kept, %d received and not acknowledged",
		e.Refused, e.NotSent, e.Uncertain, e.Kept, e.Unacknowledged)
	if e.Hook != "" {
		s += "; still running: " + e.Hook
	}
	return s
}

// Unwrap gives the cause: the end of the context that did not suffice.
func (e *Unfinished) Unwrap() error { return e.Cause }

// endLink has the connection end with d as its last packet; why is told to the supervisor.
func (t *tracker) endLink(d *codec.Disconnect, why error) {
	if t.link.wire == nil || t.part != nil || t.final {
		return
	}
	select {
	case t.link.wire.why <- why:
	default:
	}
	t.endReauth(why)
	t.part = d
	t.silent = t.limits.version != codec.V5 && d.Code != codec.NormalDisconnection
	t.partBy = time.Now().Add(time.Second)
	t.rearm()
}

// farewell says that DISCONNECT is due in the next buffer.
func (t *tracker) farewell() bool { return t.part != nil }

// fillFarewell makes DISCONNECT the last packet (§3.14.4-1).
func (t *tracker) fillFarewell(b *outBuffer) {
	d := t.part
	if t.limits.version != codec.V5 {
		d = new(codec.Disconnect) // 3.x has no words in it
	}
	t.part, t.final, t.partBy = nil, true, time.Time{}
	b.last = true
	if t.silent {
		t.cut()
		return
	}
	start := len(b.bytes)
	bytes, err := d.Append(b.bytes, t.limits.version)
	if err != nil || len(bytes)-start > t.limits.maxPacket {
		bytes, _ = (&codec.Disconnect{Code: d.Code}).Append(b.bytes, t.limits.version)
	}
	b.bytes = bytes
	t.trace(PacketInfo{Type: codec.TypeDisconnect, Size: len(bytes) - start, Code: d.Code})
}

// cut ends the connection without another word.
func (t *tracker) cut() {
	t.final = true
	if t.link.wire == nil {
		return
	}
	select {
	case t.link.wire.cut <- struct{}{}:
	default:
	}
}

// proceed brings Close further: outcomes, acknowledgements, DISCONNECT, the end.
func (t *tracker) proceed() {
	if !t.closing || t.ended {
		return
	}
	switch {
	case t.link.wire == nil && (t.hurried || t.idle || t.nothingOpen()):
		t.end(ErrClosed)
	case t.link.wire == nil || t.final:
	case t.hurried || t.nothingOpen() && t.settled && !t.keepingAcks():
		t.bid = t.bid || t.part == nil
		t.endLink(t.goodbye(), ErrClosed)
		if t.buffer != nil && t.part != nil {
			t.fill()
		}
	}
}

// goodbye is the DISCONNECT of Close. It ends a session that lives as long as the client, unless the caller said how long it
// is to outlive it (§3.14.2.2.2).
func (t *tracker) goodbye() *codec.Disconnect {
	if t.cfg.Session != SessionClient || t.limits.version != codec.V5 {
		return t.words
	}
	d, p := *t.words, codec.DisconnectProperties{}
	if d.Properties != nil {
		p = *d.Properties
	}
	if p.SessionExpiryInterval == nil {
		p.SessionExpiryInterval = new(uint32(0))
	}
	d.Properties = &p
	return &d
}

// nothingOpen says that every operation has its outcome.
func (t *tracker) nothingOpen() bool {
	return t.messages == 0 && t.tail == nil && len(t.calls) == 0 && t.free.len() == 0 && t.door.len() == 0
}

// end has the supervisor end the client.
func (t *tracker) end(why error) {
	if t.ended {
		return
	}
	t.ended = true
	t.orders.give(order{end: why})
}

// finish is the last that the tracker does: what is still open gets its outcome, who waits is answered.
func (t *tracker) finish(cause error) error {
	t.retire()
	t.drainAll() // what callers were told is admitted
	t.hurried = true
	if t.link.wire != nil {
		t.down(linkDown{t.link.gen, cause})
	}
	t.lastLetter()
	t.closeStore()
	if !errors.Is(cause, ErrClosed) {
		t.lastError = cause
	}
	if !t.closing {
		t.before = t.counts
	}
	t.closing, t.state = true, StateClosed
	t.markStrict()
	t.emptyDoor(cause)
	t.dropPlaces(cause)
	for _, l := range []*lane{&t.free, &t.windowed} {
		for l.len() > 0 {
			t.finishQueued(l.pop(), cause)
		}
	}
	for _, op := range t.flight.all() {
		t.endFlight(op, Outcome{Err: t.lastFate(op, fmt.Errorf("%w: %w", cause, ErrUncertain), cause)})
	}
	for op := range t.calls {
		if op.withdrawn || op.resub {
			continue
		}
		op.end(Outcome{Err: fmt.Errorf("%w: %w", cause, ErrUncertain)})
	}
	t.result = Unfinished{Refused: int(t.counts.Refused - t.before.Refused), NotSent: int(t.counts.NotSent - t.before.NotSent),
		Uncertain: int(t.counts.Uncertain - t.before.Uncertain), Kept: int(t.counts.Kept - t.before.Kept), Unacknowledged: t.unsent, Cause: t.hurriedBy}
	for _, f := range t.flushes {
		f.reply <- errors.Join(t.flushed(), cause)
	}
	t.answerWaiters(cause)
	if t.connect != nil {
		t.connect <- cause
	}
	if t.dropped > 0 {
		t.tell(EventDropped{Published: true, Count: t.dropped})
	}
	t.tell(EventClosed{cause})
	return cause
}

// lastFate is what a message ends with that the client could bring no further.
func (t *tracker) lastFate(op *Op, fate, cause error) error {
	if t.isKept(op) {
		return fmt.Errorf("%w: %w", cause, ErrKept)
	}
	return fate
}

// lastLetter takes what the dispatcher still has for the store.
func (t *tracker) lastLetter() {
	for t.keeps() && !t.bereft {
		t.owes(<-t.owed)
	}
}

func (t *tracker) finishQueued(op *Op, cause error) {
	switch {
	case op.kind == opParcel:
		for _, op := range op.rare.parcel.records() {
			t.finishQueued(op, cause)
		}
		op.rare.parcel.recycle()
	case op.kind == opPublish:
		t.endPublish(op, Outcome{Err: t.lastFate(op, op.fate(cause), cause)})
	case !op.resub:
		op.end(Outcome{Err: op.fate(cause)})
	}
}

// faultCode finds the Reason Code that the server is to be told.
func faultCode(err error) (codec.ReasonCode, bool) {
	if p, ok := errors.AsType[*codec.MalformedError](err); ok {
		return p.Code, true
	}
	if p, ok := errors.AsType[*ProtocolError](err); ok {
		return p.Code, true
	}
	if _, ok := errors.AsType[*AuthError](err); ok {
		return codec.UnspecifiedError, true
	}
	if errors.Is(err, ErrInboundOverrun) {
		return codec.QuotaExceeded, true
	}
	return 0, false
}

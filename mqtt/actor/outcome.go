package actor

import (
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Refusal says that the server refused an operation, a connection or ended one, with a Reason Code (§2.4).
type Refusal struct {
	Packet codec.Type // CONNACK, PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT
	Code   codec.ReasonCode
	Raw    byte // as it stood on the wire; differs from Code in a CONNACK of 3.x
	Reason string
	Props  []codec.UserProperty
	Server string // Server Reference
}

// Error implements error.
func (e *Refusal) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("%s: %s: %s", e.Packet, e.Code, e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.Packet, e.Code)
}

// Unwrap gives the Reason Code.
func (e *Refusal) Unwrap() error { return e.Code }

func refusal(kind codec.Type, code codec.ReasonCode, props *codec.ReasonProperties) *Refusal {
	r := &Refusal{Packet: kind, Code: code, Raw: byte(code)}
	if props != nil {
		r.Reason, r.Props = props.ReasonString, props.UserProperties
	}
	return r
}

// Counts tells how operations ended.
type Counts struct {
	Admitted, Done, Refused, NotSent, Uncertain, Kept uint64
}

// tally is what a Flush reports: the bad ends since the last one.
type tally struct{ Refused, NotSent, Uncertain, Kept int }

func (t *tally) any() bool { return *t != tally{} }

// fate is what a message ends with that goes no further: not sent, unless it had left before its session was lost.
func (op *Op) fate(why error) error {
	if op.left || op.started {
		return uncertain(why)
	}
	if errors.Is(why, ErrNotSent) {
		return why
	}
	return fmt.Errorf("%w: %w", ErrNotSent, why)
}

// uncertain says that a message has left and may have arrived, whatever happened to it.
func uncertain(why error) error {
	if limit, ok := errors.AsType[*LimitError](why); ok {
		why = fmt.Errorf("%w: %s", limit.Code, limit) // which would say that nothing of it left
	}
	return fmt.Errorf("%w: %w", ErrUncertain, why)
}

// endPublish gives an admitted PUBLISH its one outcome and frees its place. It must be out of lanes and flight already.
func (t *tracker) endPublish(op *Op, o Outcome) {
	t.detach(op)
	t.messages--
	t.bytes -= op.size
	t.epochs.end(op.epoch)
	t.commit(op)
	t.deadlines.forget(op)
	switch {
	case o.Err == nil:
		t.counts.Done++
	case errors.Is(o.Err, ErrKept):
		t.counts.Kept++
		t.bad.Kept++
		op.kept = false
	case errors.Is(o.Err, ErrUncertain):
		t.counts.Uncertain++
		t.bad.Uncertain++
	case errors.Is(o.Err, ErrNotSent):
		t.counts.NotSent++
		t.bad.NotSent++
	default:
		t.counts.Refused++
		t.bad.Refused++
	}
	if o.Err != nil && op.Ending == nil {
		t.dropped++
		t.lastError = o.Err
	}
	if t.letGo(op, o) {
		op.end(o)
	}
}

// endFlight ends a PUBLISH that has an identifier: it and its place in the window are free.
func (t *tracker) endFlight(op *Op, o Outcome) {
	o.ID = op.id
	t.flight.remove(op)
	t.ids.free(op)
	t.freeWindow(op)
	if op.withdrawn { // its outcome was told, and its room given back, by the withdrawal
		t.ghosts--
		t.letGo(op, Outcome{})
		return
	}
	t.endPublish(op, o)
}

// freeWindow gives back op's place in the window, when it took one on this connection.
func (t *tracker) freeWindow(op *Op) {
	if op.gen == t.link.gen && t.link.wire != nil && op.gen != 0 {
		t.inUse--
	}
	op.gen = 0
}

// expires sees to it that op ends when it may not leave any more (§3.3.2.3.3).
func (t *tracker) expires(op *Op) {
	if t.deadlines.add(op) {
		t.rearm()
	}
}

// expire ends what waited longer than it may live. What has left goes on (§4.3.3-7).
func (t *tracker) expire(now time.Time) {
	for op := t.deadlines.due(now); op != nil; op = t.deadlines.due(now) {
		switch {
		case op.state == opStaged:
			t.takeOut(op)
		case op.state != opQueued || !t.free.remove(op) && !t.windowed.remove(op):
			continue // another look is due when it waits again
		}
		t.endPublish(op, Outcome{Err: op.fate(ErrExpired)})
	}
}

package actor

import (
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// question is what a caller asks the tracker beside operations. Each reply channel has room for the answer.
type question interface{ answer(t *tracker) }

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is there already
	}
}

type flush struct {
	reply chan<- error
	mark  uint64
}

func (q flush) answer(t *tracker) {
	q.mark = t.epochs.mark()
	t.flushes = append(t.flushes, q)
}

// enlistment admits what subscribes or unsubscribes, whatever waits for room.
type enlistment struct {
	op    *Op
	reply chan<- error
}

func (q enlistment) answer(t *tracker) {
	if t.ending.asked() {
		q.reply <- ErrClosed
		return
	}
	t.admit(q.op)
	q.reply <- nil
}

// withdrawal takes an operation back. Without keep, nobody waits for it any more, though it may have left.
type withdrawal struct {
	op    *Op
	why   error
	keep  bool // what has left goes on, with its record
	door  bool // only what is not admitted yet is taken back
	reply chan<- bool
}

func (q withdrawal) answer(t *tracker) {
	if q.door && q.op.state != opDoor {
		q.reply <- false
		return
	}
	left := t.withdraw(q.op, q.why)
	if left && !q.keep {
		t.abandon(q.op, q.why)
	}
	q.reply <- left
}

// abandon ends op for its caller; its identifier and its place in the window stay taken until the server answers.
func (t *tracker) abandon(op *Op, why error) {
	if op.withdrawn {
		return
	}
	o := Outcome{ID: op.id, Err: fmt.Errorf("%w: %w", why, ErrUncertain)}
	if op.kind != opPublish {
		op.withdrawn = true
		done := op.done
		op.done = nil
		done <- o
		return
	}
	if op.id == 0 { // at QoS 0, with the writer: its buffer still has the record, and leaves it alone
		op.withdrawn = true
		t.endPublish(op, o)
		return
	}
	// The record that stays behind is a new one: the caller's is at its end.
	ghost := *op
	ghost.withdrawn, ghost.done, ghost.admitted, ghost.watchers, ghost.Message = true, nil, nil, nil, nil
	t.replace(op, &ghost)
	t.ghosts++
	t.endPublish(op, o)
}

// replace puts another record in op's place.
func (t *tracker) replace(op, by *Op) {
	t.ids.free(op)
	t.ids.claim(by)
	t.flight.replace(op, by)
	for i := range t.resend {
		if t.resend[i] == op {
			t.resend = append(t.resend[:i], t.resend[i+1:]...)
			break
		}
	}
}

// endWatch closes a channel when an operation ends, or with stored when its session has it.
type endWatch struct {
	op     *Op
	closed chan<- struct{}
	stored bool
	reply  chan<- struct{}
}

func (q endWatch) answer(t *tracker) {
	switch {
	case q.op.state == opEnded, q.stored && q.op.state >= opQueued && q.op.qos() > 0:
		close(q.closed)
	case q.stored && q.op.qos() > 0:
		q.op.storing = append(q.op.storing, q.closed)
	default:
		q.op.watchers = append(q.op.watchers, q.closed)
	}
	q.reply <- struct{}{}
}

// closeAsk begins the end; hurry says that a Close's context is over.
type closeAsk struct {
	words *codec.Disconnect
	abort bool
	hurry bool
	reply chan<- struct{}
}

func (q closeAsk) answer(t *tracker) {
	defer func() { q.reply <- struct{}{} }()
	if !t.closing {
		t.closing, t.words = true, q.words
		t.state = StateClosing
		if q.words == nil {
			t.words = new(codec.Disconnect)
		}
		for _, op := range t.door {
			op.refuse(fmt.Errorf("%w: %w", ErrClosed, ErrNotSent))
		}
		t.door = nil
		t.markStrict()
	}
	t.hurried = t.hurried || q.hurry || q.abort
	if q.abort {
		if t.link.wire != nil {
			select {
			case t.link.wire.why <- ErrClosed:
			default:
			}
		}
		t.cut()
		t.end(ErrClosed)
	}
}

// View is the desk's answer to questions about the client: all of one instant.
type View struct {
	State         State
	ConnAck       *codec.ConnAck
	Version       codec.Version
	ClientID      string
	Server        string
	Counts        Counts
	InFlight      int
	Queued        int
	QueuedBytes   int
	Oldest        time.Duration // how long the oldest message has waited, to the second
	Connections   uint64
	LastError     error
	RTT           time.Duration
	SentBytes     uint64
	ReceivedBytes uint64
	LastID        uint16
	Wanted        int
}

type viewAsk struct{ reply chan<- View }

func (q viewAsk) answer(t *tracker) { q.reply <- t.view() }

func (t *tracker) view() View {
	v := View{State: t.state, Counts: t.counts, InFlight: t.flight.len - t.ghosts, Queued: t.messages - t.flight.len + t.ghosts, QueuedBytes: t.bytes,
		Connections: t.connections, LastError: t.lastError, RTT: t.rtt, SentBytes: t.sentBytes, ReceivedBytes: t.receivedBytes,
		LastID: t.ids.last, Wanted: len(t.wanted.filters)}
	v.Oldest = t.oldest()
	if t.connack != nil {
		v.ConnAck, v.Version, v.ClientID, v.Server = t.connack.connack, t.connack.version, t.connack.clientID, t.connack.server
	}
	return v
}

type endedAsk struct {
	op    *Op
	reply chan<- bool
}

func (q endedAsk) answer(*tracker) { q.reply <- q.op.state == opEnded }

// oldest is how long the message that has waited the longest has done so.
func (t *tracker) oldest() time.Duration {
	var first time.Time
	look := func(op *Op) {
		if op != nil && op.kind == opPublish && (first.IsZero() || op.since.Before(first)) {
			first = op.since
		}
	}
	look(t.flight.first)
	look(t.windowed.first())
	for _, op := range t.free.all() {
		if op.kind == opPublish {
			look(op)
			break
		}
	}
	if first.IsZero() {
		return 0
	}
	return time.Since(first)
}

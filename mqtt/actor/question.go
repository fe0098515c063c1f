package actor

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// question is what a caller asks the tracker beside operations, or the supervisor tells it. Each reply channel has room for the answer.
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

func (q flush) answer(t *tracker) { t.queueUp(place{flush: q}) }

// flushLeave says that the caller of a Flush has gone: the counts are for the next one.
type flushLeave struct {
	asked chan<- error
	reply chan<- struct{}
}

func (q flushLeave) answer(t *tracker) {
	t.places = slices.DeleteFunc(t.places, func(p place) bool { return p.op == nil && p.flush.reply == q.asked })
	t.flushes = slices.DeleteFunc(t.flushes, func(f flush) bool { return f.reply == q.asked })
	q.reply <- struct{}{}
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
	t.queueUp(place{op: q.op})
	q.reply <- nil // last: what its caller offers after this belongs behind it
}

// enlist admits the operation of an enlistment when its turn has come.
func (t *tracker) enlist(op *Op) {
	if t.ending.asked() {
		op.refuse(fmt.Errorf("%w: %w", ErrClosed, ErrNotSent))
		return
	}
	t.admit(op)
}

// endWatch closes a channel when an operation ends, or with stored when its session has it.
type endWatch struct {
	receipt Receipt
	closed  chan<- struct{}
	stored  bool
	reply   chan<- struct{}
}

func (q endWatch) answer(t *tracker) {
	switch op := q.receipt.open(); {
	case op == nil, q.stored && op.state >= opQueued && op.qos() > 0 && (!t.keeps() || t.isKept(op)):
		close(q.closed)
	case q.stored && op.qos() > 0:
		op.other().storing = append(op.rare.storing, q.closed)
	default:
		op.other().watchers = append(op.rare.watchers, q.closed)
	}
	q.reply <- struct{}{}
}

// closeAsk begins the end; hurry says that a Close's context is over, and why how it ended.
type closeAsk struct {
	words *codec.Disconnect
	abort bool
	hurry bool
	why   error
	reply chan<- struct{}
}

func (q closeAsk) answer(t *tracker) {
	defer func() { q.reply <- struct{}{} }()
	if !t.closing {
		t.drainAll() // callers were told that what lies there is admitted
		t.closing, t.words, t.before = true, q.words, t.counts
		t.state = StateClosing
		if q.words == nil {
			t.words = new(codec.Disconnect)
		}
		t.emptyDoor(ErrClosed)
		t.markStrict()
		t.unrespond()
		t.forgo()
	}
	if !t.pressed && (q.hurry || q.abort) {
		t.hurried, t.pressed, t.hurriedBy, t.cutBy = true, true, q.why, time.Now().Add(hurryGrace)
		t.rearm()
	}
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

// hookAsk asks which code of the user's the supervisor waits for, when it doesn't end.
type hookAsk struct{ reply chan<- string }

func (q hookAsk) answer(t *tracker) {
	switch {
	case t.over:
		q.reply <- "a Store that ignores its context"
	case t.deciding:
		q.reply <- "Backoff.Retry"
	default:
		q.reply <- t.cfg.UserCode + " that ignores its context"
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
	Oldest        time.Duration // how long the oldest message has waited
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
	v := View{State: t.state, Counts: t.counts, InFlight: t.flight.len - t.ghosts, Queued: t.messages - t.flight.len + t.ghosts, QueuedBytes: t.bytes - t.flight.bytes,
		Connections: t.connections, LastError: t.lastError, RTT: t.rtt, SentBytes: t.sentBytes, ReceivedBytes: t.receivedBytes,
		LastID: t.ids.last, Wanted: len(t.wanted.filters)}
	v.Oldest = t.oldest()
	if t.connack != nil {
		v.ConnAck, v.Version, v.ClientID, v.Server = t.connack.connack, t.connack.version, t.connack.clientID, t.connack.server
	}
	return v
}

type endedAsk struct {
	receipt Receipt
	reply   chan<- bool
}

func (q endedAsk) answer(*tracker) { q.reply <- q.receipt.open() == nil }

// oldest is how long the message that has waited the longest has done so.
func (t *tracker) oldest() time.Duration {
	now := t.clock()
	first := now
	look := func(op *Op) {
		if op != nil && (op.kind == opPublish || op.kind == opParcel) {
			first = min(first, op.since)
		}
	}
	for op := t.flight.first; op != nil; op = op.next {
		if !op.withdrawn {
			look(op)
			break
		}
	}
	look(t.windowed.first())
	for op := range t.free.all {
		if op.kind == opPublish || op.kind == opParcel {
			look(op)
			break
		}
	}
	return now - first
}

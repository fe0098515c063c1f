package actor

import (
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// opKind tells operations apart.
type opKind byte

const (
	opPublish opKind = iota
	opSubscribe
	opUnsubscribe
)

// opState is how far an operation came. Only the tracker moves it.
type opState byte

const (
	opOffered  opState = iota // with its caller, or in the channel to the tracker
	opDoor                    // seen, and not admitted: there is no room
	opQueued                  // admitted; not a byte of it has left
	opStaged                  // likewise, and it has its identifier, which the store has to know first
	opSent                    // left; waits for PUBACK, PUBREC, SUBACK or UNSUBACK
	opReleased                // PUBREC came: from here on only PUBREL is sent
	opLeaving                 // it has ended, and the store has to forget it before that is told
	opEnded
)

// Outcome is how an operation ended.
type Outcome struct {
	Err    error
	ID     uint16
	Code   codec.ReasonCode
	Props  *codec.ReasonProperties
	Grants []Grant // SUBACK and UNSUBACK, in the order of the call
}

// Op is one operation on its way from a caller to its outcome. The caller fills it; from the moment that it was offered
// until its outcome came it belongs to the tracker.
type Op struct {
	Message *codec.Prepared // of a PUBLISH
	Expires time.Duration   // v5 Message Expiry Interval, zero for none
	Alias   uint16          // v5 Topic Alias that the caller asked for
	Subs    []Subscription
	Filters []string             // of an UNSUBSCRIBE
	Props   []codec.UserProperty // of an UNSUBSCRIBE
	Stream  uint64               // who wants the filters; zero is Messages
	Retire  bool                 // of an UNSUBSCRIBE: the stream has closed
	Paired  bool                 // of a PUBLISH: a request or an answer, which is nothing without its properties, and whose place no newer one takes

	responding *responding // of the SUBSCRIBE of a response topic

	done      chan<- Outcome // to caller, capacity 1; nil at QoS 0 when nobody asks
	outcome   <-chan Outcome // the caller's end of it
	admitted  chan<- error   // to caller, capacity 1; nil when the caller doesn't wait for admission
	admission <-chan error   // the caller's end of it
	kind      opKind
	pooled    bool // the record goes back to quickPool
	promised  bool // its caller was told by the send that it is admitted; it is a small one then

	// owned by the tracker
	state      opState
	level      codec.QoS
	dup        bool // some byte of it may have reached the server in this session,
	left       bool // or in one that is lost
	started    bool // a filter call of which some packet has left
	withdrawn  bool // nobody waits any more
	nameless   bool // its caller gave an alias in place of its topic
	resub      bool // ours: restores a filter on a new connection
	id         uint16
	gen        uint64    // the connection that it left on
	epoch      uint64    // for Flush
	seq        uint64    // call order
	since      time.Time // of its admission
	size       int
	released   uint64 // the order of PUBRECs,
	unheard    bool   // and that it said NoMatchingSubscribers
	deadline   time.Time
	watchers   []chan<- struct{} // closed at the end
	topic      string            // of a PUBLISH that a newer one for it replaces; else empty
	storing    []chan<- struct{} // closed when its session has it
	call       *call             // of a SUBSCRIBE or UNSUBSCRIBE: what its packets have in common
	part       []int             // of one packet of a call: which of its filters it carries
	kept       bool              // the store knows it, or will,
	born       uint64            // from this batch on,
	berth      int               // in which this is its place,
	batch      uint64            // and the latest batch that says how far it came
	prev, next *Op               // in flight, in the order of the first sending
}

// Subscription is one filter with its options.
type Subscription struct {
	codec.Subscription
	Identifier     uint32
	UserProperties []codec.UserProperty
}

var (
	quickPool   = sync.Pool{New: func() any { return &Op{Message: new(codec.Prepared), pooled: true, promised: true} }}
	messagePool = sync.Pool{New: func() any { return new(codec.Prepared) }}
)

// NewQuickOp gives a record for a QoS 0 PUBLISH whose outcome nobody asks for; the tracker takes it back by itself.
func NewQuickOp() *Op { return quickPool.Get().(*Op) }

// Recycle gives back a quick record that was never offered.
func (op *Op) Recycle() {
	op.Message.Reset()
	*op = Op{Message: op.Message, pooled: true, promised: true}
	quickPool.Put(op)
}

// NewPublish gives a record whose outcome is told. With admission, the caller also hears when it was admitted; without, the
// send has to be enough, which it is for small messages as long as the outbox is roomy.
func NewPublish(admission bool) *Op {
	op := newRecord()
	op.promised = !admission
	if admission {
		op.tellsAdmission()
	}
	return op
}

// newRecord gives a record whose caller waits for the outcome, and for no word before that.
func newRecord() *Op { return (&Op{Message: messagePool.Get().(*codec.Prepared)}).tellsOutcome() }

// NewAdmission gives a record for a QoS 0 PUBLISH of which its caller hears only whether it was admitted.
func NewAdmission() *Op {
	op := &Op{Message: messagePool.Get().(*codec.Prepared)}
	op.tellsAdmission()
	return op
}

// NewSubscribe gives a record for a SUBSCRIBE call of a stream.
func NewSubscribe(stream uint64, subs []Subscription) *Op {
	return (&Op{kind: opSubscribe, Stream: stream, Subs: subs}).tellsOutcome()
}

// NewUnsubscribe gives a record for an UNSUBSCRIBE call of Messages.
func NewUnsubscribe(filters []string, props []codec.UserProperty) *Op {
	return (&Op{kind: opUnsubscribe, Filters: filters, Props: props}).tellsOutcome()
}

// NewRetire gives a record for the UNSUBSCRIBE of a stream that has closed.
func NewRetire(stream uint64, filters []string) *Op {
	return (&Op{kind: opUnsubscribe, Stream: stream, Retire: true, Filters: filters}).tellsOutcome()
}

// Expire sets the v5 Message Expiry Interval of a PUBLISH, which counts from now on (§3.3.2.3.3).
func (op *Op) Expire(after time.Duration) { op.Expires, op.deadline = after, time.Now().Add(after) }

func (op *Op) tellsOutcome() *Op {
	c := make(chan Outcome, 1)
	op.done, op.outcome = c, c
	return op
}

func (op *Op) tellsAdmission() {
	c := make(chan error, 1)
	op.admitted, op.admission = c, c
}

// Outcome is where the outcome comes: one value. Who takes it and isn't the last to ask puts it back.
func (op *Op) Outcome() <-chan Outcome { return op.outcome }

// PutBack returns an outcome that was taken, for the next who asks.
func (op *Op) PutBack(o Outcome) { op.done <- o }

// Admitted is where the admission is told, nil for admitted.
func (op *Op) Admitted() <-chan error { return op.admission }

// Small says that a PUBLISH may be promised to be admitted: a roomy outbox keeps a place for it.
func (op *Op) Small() bool { return op.Message.Len() <= quickMax }

// Reuse makes a told record ready for the next PUBLISH of the same client. Its outcome must have been taken.
func (op *Op) Reuse() {
	*op = Op{Message: messagePool.Get().(*codec.Prepared), done: op.done, outcome: op.outcome}
}

// end gives the outcome to whoever asks, and what the record held back to the pools. The record is the caller's again.
func (op *Op) end(o Outcome) {
	op.state = opEnded
	op.stored()
	for _, w := range op.watchers {
		close(w)
	}
	op.watchers = nil
	if op.pooled {
		op.Recycle()
		return
	}
	op.dropMessage()
	if op.done != nil {
		op.done <- o
	}
}

// stored tells who waits for it that the session has op, or that it ended without.
func (op *Op) stored() {
	for _, w := range op.storing {
		close(w)
	}
	op.storing = nil
}

// refuse tells the caller that the operation was not admitted. The record is the caller's again.
func (op *Op) refuse(err error) {
	op.state = opEnded
	switch {
	case op.pooled:
		op.Recycle()
	case op.admitted != nil:
		op.dropMessage()
		op.admitted <- err
	default:
		op.end(Outcome{Err: err})
	}
}

// dropMessage frees the payload: after PUBREC nothing but PUBREL is ever sent.
func (op *Op) dropMessage() {
	if op.Message == nil {
		return
	}
	op.Message.Reset()
	messagePool.Put(op.Message)
	op.Message = nil
}

// qos is the QoS of a PUBLISH; it is still known when the payload is gone.
func (op *Op) qos() codec.QoS {
	if op.state == opOffered && op.kind == opPublish {
		return op.Message.QoS() // level isn't set before the tracker takes it
	}
	return op.level
}

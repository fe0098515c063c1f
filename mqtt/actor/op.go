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
	opParcel // messages at QoS 0 that callers have written together
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
	Err   error
	Props *codec.ReasonProperties
	call  *call // of SUBSCRIBE and UNSUBSCRIBE
	ID    uint16
	Code  codec.ReasonCode
}

// Grants are the answers to the filters of a SUBSCRIBE or UNSUBSCRIBE, in the order of the call.
func (o *Outcome) Grants() []Grant {
	if o.call == nil {
		return nil
	}
	return o.call.grants
}

// Op is one operation on its way from a caller to its outcome. The caller fills it; from the moment that it was offered
// until its outcome came it belongs to the tracker. Thousands wait at once in a full outbox, and each was written by another core
// than the tracker's: so what few have is apart, and the fields are in the order of three cache lines, of which QoS 0 needs two.
type Op struct {
	Message codec.Prepared // of a PUBLISH
	rare    *rare          // nil for none of that
	home    *sync.Pool     // where the record goes at its end; nil: it is its caller's

	*Ending        // where its outcome is told; nil when nobody asks
	use     uint32 // how often the record has been at its end: what a Receipt knows it by
	id      uint16
	Alias   uint16 // v5 Topic Alias that the caller asked for
	traits
	seq   uint64        // call order
	epoch uint64        // for Flush
	since time.Duration // of its admission, by the tracker's clock
	size  int

	*asking           // of a SUBSCRIBE or UNSUBSCRIBE, else nil
	gen        uint64 // the connection that it left on
	released   uint64 // the order of PUBRECs
	born       uint64 // from this batch on the store knows it,
	batch      uint64 // and this is the latest batch that says how far it came
	berth      int32  // its place in the batch that born is
	prev, next *Op    // in flight, in the order of the first sending
}

// traits are small, and cleared together. But for the first three they are the tracker's.
type traits struct {
	kind      opKind
	promised  bool // its caller was told by the send that it is admitted; it is a small one then
	Paired    bool // of a PUBLISH: a request or an answer, which is nothing without its properties, and whose place no newer one takes
	state     opState
	level     codec.QoS
	dup       bool // some byte of it may have reached the server in this session,
	left      bool // or in one that is lost
	started   bool // a filter call of which some packet has left
	withdrawn bool // nobody waits any more
	said      bool // of a filter call: its caller has been told its outcome, and it goes on
	nameless  bool // its caller gave an alias in place of its topic
	resub     bool // ours: restores a filter on a new connection
	unheard   bool // PUBREC said NoMatchingSubscribers
	kept      bool // the store knows it, or will
	lent      bool // a buffer that is with the writer refers to its payload
}

// asking is what a SUBSCRIBE or UNSUBSCRIBE asks for.
type asking struct {
	Subs       []Subscription
	Filters    []string             // of an UNSUBSCRIBE
	Props      []codec.UserProperty // of an UNSUBSCRIBE
	Stream     uint64               // who wants the filters; zero is Messages
	Retire     bool                 // of an UNSUBSCRIBE: the stream has closed
	responding *responding          // of the SUBSCRIBE of a response topic
	call       *call                // what its packets have in common
	part       []int                // of one packet of a call: which of its filters it carries
}

// rare is what few operations have.
type rare struct {
	deadline  time.Time         // when the message expires, zero for never;
	timed     *Op               // whose it is, while deadlines has it
	admitted  chan<- error      // to caller, capacity 1; nil when the caller doesn't wait for admission
	admission <-chan error      // the caller's end of it
	watchers  []chan<- struct{} // closed at the end
	storing   []chan<- struct{} // closed when its session has it
	parcel    *parcel           // whose place in channel and lane this is
	topic     string            // of a PUBLISH that a newer one for it replaces; else empty
}

// Subscription is one filter with its options.
type Subscription struct {
	codec.Subscription
	Identifier     uint32
	UserProperties []codec.UserProperty
}

// quickPool has records for QoS 0 PUBLISHes whose outcomes nobody asks for.
var quickPool sync.Pool

func init() { quickPool.New = func() any { return &Op{home: &quickPool} } }

// NewQuickOp gives a record for a QoS 0 PUBLISH whose outcome nobody asks for; the tracker takes it back by itself.
func NewQuickOp() *Op {
	op := quickPool.Get().(*Op)
	op.promised = true
	return op
}

// Recycle gives a record back that was never offered. What is the tracker's of it is as it was: a receipt of its last use may be
// looked at there.
func (op *Op) Recycle() {
	if op.home == nil {
		return
	}
	op.Message.Reset()
	op.rare, op.Ending, op.Alias, op.promised, op.Paired = nil, nil, 0, false, false
	op.home.Put(op)
}

// recycle empties the record for its next use. Its buffer stays with it.
func (op *Op) recycle() {
	op.Message.Reset()
	if op.level != codec.AtMostOnce {
		op.gen, op.released, op.born, op.batch, op.berth = 0, 0, 0, 0, 0
	}
	op.rare, op.Ending, op.id, op.Alias, op.traits = nil, nil, 0, 0, traits{}
	op.use++
	op.home.Put(op)
}

// newRecord gives a record whose caller waits for the outcome, and for no word before that.
func newRecord() *Op { return new(Op).tellsOutcome() }

// NewAdmission gives a record for a QoS 0 PUBLISH of which its caller hears only whether it was admitted.
func NewAdmission() *Op {
	op := new(Op)
	op.tellsAdmission()
	return op
}

// NewSubscribe gives a record for a SUBSCRIBE call of a stream.
func NewSubscribe(stream uint64, subs []Subscription) *Op {
	return (&Op{traits: traits{kind: opSubscribe}, asking: &asking{Stream: stream, Subs: subs}}).tellsOutcome()
}

// NewUnsubscribe gives a record for an UNSUBSCRIBE call of Messages.
func NewUnsubscribe(filters []string, props []codec.UserProperty) *Op {
	return (&Op{traits: traits{kind: opUnsubscribe}, asking: &asking{Filters: filters, Props: props}}).tellsOutcome()
}

// NewRetire gives a record for the UNSUBSCRIBE of a stream that has closed.
func NewRetire(stream uint64, filters []string) *Op {
	return (&Op{traits: traits{kind: opUnsubscribe}, asking: &asking{Stream: stream, Retire: true, Filters: filters}}).tellsOutcome()
}

// other gives the place for what few operations have.
func (op *Op) other() *rare {
	if op.rare == nil {
		op.rare = new(rare)
	}
	return op.rare
}

// Expire sets the v5 Message Expiry Interval of a PUBLISH, which counts from now on (§3.3.2.3.3).
func (op *Op) Expire(after time.Duration) {
	op.other().deadline = time.Now().Add(after)
}

// expires says that the message has an expiry.
func (op *Op) expires() bool { return op.rare != nil && !op.rare.deadline.IsZero() }

func (op *Op) tellsOutcome() *Op {
	op.Ending = new(Ending)
	op.arm()
	return op
}

func (op *Op) tellsAdmission() {
	c := make(chan error, 1)
	op.other().admitted, op.rare.admission = c, c
}

// Ask has a record that nobody is promised anything of tell its admission, too. It isn't used again.
func (op *Op) Ask() {
	op.home, op.promised = nil, false
	op.tellsAdmission()
}

// Admitted is where the admission is told, nil for admitted.
func (op *Op) Admitted() <-chan error { return op.rare.admission }

// Small says that a PUBLISH may be promised to be admitted: a roomy outbox keeps a place for it.
func (op *Op) Small() bool { return op.Message.Len() <= quickMax }

// Reuse makes a told record ready for the next PUBLISH of the same client. The token must have been taken.
func (op *Op) Reuse() {
	op.Message.Reset()
	op.Ending.outcome = Outcome{}
	*op = Op{Message: op.Message, Ending: op.Ending}
}

// end gives the outcome to whoever asks. The record is the caller's again, or goes to where it came from.
func (op *Op) end(o Outcome) {
	op.state = opEnded
	if op.rare != nil {
		op.stored()
		for _, w := range op.rare.watchers {
			close(w)
		}
		op.rare.watchers = nil
	}
	ending := op.Ending
	if op.said {
		ending = nil
	}
	if op.home != nil {
		op.recycle()
	} else {
		op.dropMessage()
	}
	if ending != nil {
		ending.tell(o)
	}
}

// stored tells who waits for it that the session has op, or that it ended without.
func (op *Op) stored() {
	if op.rare == nil {
		return
	}
	for _, w := range op.rare.storing {
		close(w)
	}
	op.rare.storing = nil
}

// refuse tells the caller that the operation was not admitted. The record is the caller's again.
func (op *Op) refuse(err error) {
	if op.rare == nil || op.rare.admitted == nil {
		op.end(Outcome{Err: err})
		return
	}
	op.state = opEnded
	op.dropMessage()
	op.rare.admitted <- err
}

// dropMessage frees the payload: after PUBREC nothing but PUBREL is ever sent. A small buffer isn't worth it.
func (op *Op) dropMessage() { op.Message.Release(keptPayload) }

// keptPayload is what a record whose message isn't needed any more may hold on to, in bytes.
const keptPayload = 4 << 10

// qos is the QoS of a PUBLISH; it is still known when the payload is gone.
func (op *Op) qos() codec.QoS {
	if op.state == opOffered && op.kind == opPublish {
		return op.Message.QoS() // level isn't set before the tracker takes it
	}
	return op.level
}

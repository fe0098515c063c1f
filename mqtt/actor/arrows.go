package actor

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// The values that cross the arrows of the package comment. What crossed belongs to its receiver.

// arrivals is what one read brought for the dispatcher: PUBLISH and PUBREL, in the order of the wire.
type arrivals struct {
	gen  uint64
	n    uint64     // its number on this connection, from 1
	list *[]arrival // from arrivalPool; the dispatcher gives it back
	bulk *[]byte    // from bulkPool, nil for none: the small payloads of list lie in it; the dispatcher gives it back, too
}

// arrival is one PUBLISH, or with release set the PUBREL for an identifier.
type arrival struct {
	publish codec.Publish // a payload of up to slabMax bytes lies in the batch's bulk, a larger one has memory of its own; the topic is resolved from its alias
	release bool
	pong    bool // it is a PINGRESP instead: what the server has sent before it may have to be known
}

// answers is what one read brought for the tracker. It is from answerPool; the tracker gives it back.
type answers struct {
	gen   uint64
	came  time.Time
	bytes int
	after uint64 // the number of the arrivals that came with it, or last before it: they may reach the dispatcher later than what follows from this
	auth  *Auth  // what the AUTH in list says, nil when there is none
	list  []answer
	fault error // what the reader can't go on after: a *codec.MalformedError or a *ProtocolError; nothing of this connection follows
}

// answer is one packet that answers an operation of ours, or a DISCONNECT, AUTH or PINGRESP.
type answer struct {
	kind  codec.Type
	id    uint16
	code  codec.ReasonCode
	props *codec.ReasonProperties
	codes []codec.ReasonCode // SUBACK, UNSUBACK
}

// owed is what the dispatcher tells the tracker: acknowledgements that may leave now, in their order, and how reading stands. It
// is from letterPool; the tracker gives it back.
type owed struct {
	gen     uint64
	acks    []ack
	held    bool   // reading waits for our own application
	fault   error  // the connection must end for it: ErrInboundOverrun, or a *ProtocolError with 0x93
	settled bool   // the answer to notice.closing: every verdict given before it was read is in acks, or in what was told before
	marks   []mark // to be kept,
	marked  uint64 // and the number of the last
	up      uint64 // the connection for which all that follows from its CONNACK is in marks, or was before
	last    bool   // the dispatcher has ended
	events  []any  // EventDropped, EventUnclaimed, EventStalled: to be told by the desk, in this order
}

func newLetter() *owed { return letterPool.Get().(*owed) }

// done gives the letter back. Its list of acknowledgements serves again, the others are the receiver's.
func (o *owed) done() {
	clear(o.acks)
	*o = owed{acks: o.acks[:0]}
	letterPool.Put(o)
}

// ack is a PUBACK, PUBREC or PUBCOMP that is owed.
type ack struct {
	kind  codec.Type
	id    uint16
	code  codec.ReasonCode
	props *codec.ReasonProperties // a copy of the application's, nil for none
	keep  bool                    // the store has to know first what it says,
	batch uint64                  // with this batch
}

// verdicts counts the acknowledgements that are the application's.
func verdicts(acks []ack) (n int) {
	for i := range acks {
		if acks[i].kind != codec.TypePubComp {
			n++
		}
	}
	return n
}

// notice is what the tracker tells the dispatcher. One slot holds it: the tracker takes a notice back that was not read yet and merges it.
type notice struct {
	marked      uint64       // the store knows of the marks up to this one
	answerOwed  bool         // contract 12: while set, reading never waits for the application
	closing     bool         // Close was called: what still arrives is dropped, unacknowledged, and reading is never held
	retired     []retirement // streams whose filters the server has forgotten
	identifiers []identifier // given to the server with a SUBSCRIBE that leaves after this notice
}

// retirement says that nothing comes for a stream any more, behind some arrivals.
type retirement struct{ stream, gen, after uint64 }

// identifier says that from now on a Subscription Identifier means a filter; with id zero, that the filter has none.
type identifier struct {
	id     uint32
	filter string
}

// linkUp and linkDown are what the supervisor tells tracker and dispatcher about connections; census is its question before a CONNECT
// that begins the session anew.
type linkUp struct {
	gen            uint64
	version        codec.Version
	sessionPresent bool   // the server resumes the session of which we hold the state
	doubtful       bool   // a CONNECT before this one may have begun another session, so that this may not be that one
	receiveMaximum uint16 // what CONNECT announced (5), or what we keep to on our own (3.x)
	connack        *codec.ConnAck
	server         string
	attempt        int
	clientID       string // as CONNECT had it
	wire           *wire  // the tracker's ends of this connection's channels
}

type linkDown struct {
	gen uint64
	why error
}

type census struct {
	reply chan<- int // QoS 1 and 2 messages that the dispatcher holds unacknowledged; capacity 1
}

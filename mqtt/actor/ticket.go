package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// Handout is one message on its way to the application. It is valid only while the function runs that makes the
// application's value of it; nothing that it refers to is ever written again, but Publish's own memory is.
type Handout struct {
	Publish     *codec.Publish
	Redelivered bool    // this client has handed it out before
	Ack         AckMode // of its stream
	Ticket      Ticket
}

// Ticket is the application's claim on one message of one stream. Any goroutine may use it.
type Ticket struct {
	bond    *bond  // nil at QoS 0
	turn    Turn   // where the message came
	place   uint64 // of the message's first arrival in arrivalOrder
	share   uint32 // which of the streams that the message went to
	slot    uint32 // QoS 2: where exactly keeps it
	qos     codec.QoS
	version codec.Version
}

// Turn is where in the dispatcher's order a message came. At QoS 0 nothing else of a Ticket is ever asked for.
type Turn uint64

// Turn gives that alone.
func (t *Ticket) Turn() Turn { return t.turn }

// Ticket makes the Ticket of a QoS 0 message anew.
func (t Turn) Ticket() Ticket { return Ticket{turn: t} }

// bond is what an acknowledgement counts on: at QoS 1 a connection, at QoS 2 a session. Its channels are closed by the
// dispatcher.
type bond struct {
	session  uint64          // the number of the session that it is, or that the connection is of
	stale    <-chan struct{} // closed when the connection is gone, or the session lost
	revoked  <-chan struct{} // of a connection: closed when the server sends again what was not acknowledged
	verdicts chan<- verdict  // to dispatcher
	ended    <-chan struct{} // closed when the dispatcher has ended
}

// verdict is what the application, or a stream that closed, says of a message. As many as Receive Maximum have a place in their
// channel, in idle clients too: so they are small.
type verdict struct {
	ticket *Ticket // which nobody writes to
	words  *words  // nil for plain success
}

// words are what a verdict says beyond success.
type words struct {
	code    codec.ReasonCode
	props   *codec.ReasonProperties
	discard bool // nobody has the message any more
}

var discarded = &words{discard: true}

// Answer acknowledges the message: PUBACK at QoS 1, PUBREC at QoS 2, nothing at QoS 0. With a code of 0x80 or above it is
// refused (§3.4.2.1), on 5.0 alone: else the error is ErrVersion, and nothing is acknowledged. ErrStale says that it is too
// late, because the connection (QoS 1) or the session (QoS 2) is gone; ErrClosed, that the client has ended. A second answer
// for the same message does nothing. It never waits for more than the dispatcher's next turn; props belongs to the client
// from here on.
func (t *Ticket) Answer(code codec.ReasonCode, props *codec.ReasonProperties) error {
	if t.qos == codec.AtMostOnce {
		return nil
	}
	if code.Failed() && t.version != codec.V5 {
		return ErrVersion
	}
	v := verdict{ticket: t}
	if code != codec.Success || props != nil {
		v.words = &words{code: code, props: props}
	}
	return t.send(v)
}

func (t *Ticket) send(v verdict) error {
	switch {
	case closed(t.bond.stale):
		return ErrStale
	case closed(t.bond.ended):
		return ErrClosed
	}
	select {
	case t.bond.verdicts <- v:
		return nil
	case <-t.bond.ended:
		return ErrClosed
	}
}

// revoked says that the server sends the message again, so that this copy must not be handed out.
func (t *Ticket) revoked() bool { return t.qos == codec.AtLeastOnce && closed(t.bond.revoked) }

// closed looks at a channel that carries nothing.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

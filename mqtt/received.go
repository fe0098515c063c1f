package mqtt

import (
	"fmt"
	"sync/atomic"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Received is a message from the server. It is handed out by pointer and must not be copied; to pass it on, publish its
// Message. It belongs to who received it: the client neither reads nor writes it any more. Messages that came together may
// share memory, up to 32 KiB in all: of a small message that is kept for long, keep a copy of what is needed.
type Received struct {
	Message                               // Payload is the application's own; its capacity is its length
	Dup                     bool          // the server may have sent it before; says nothing certain (§3.3.1.1)
	Redelivered             bool          // this client has handed it out before
	taken                   bool          // AckOnTake through Messages: it was acknowledged by being taken
	state                   atomic.Uint32 // of Ack and Reject: the first of them counts, from whatever goroutine
	SubscriptionIdentifiers []uint32      // v5: of the subscriptions that it matched; the client's own, from 268,000,000 up, are left out

	ticket *actor.Ticket // nil at QoS 0,
	turn   actor.Turn    // where this says where the message came
}

// The states of a Received.
const (
	isOpen = iota
	isAnswered
	isTooLate // answered when it was too late
)

// Ack acknowledges the message: PUBACK at QoS 1, PUBREC at QoS 2. It may be called in every mode, early, late or twice,
// from any goroutine, and never blocks; what has its answer already stays as it is, and the result is nil. ErrStale says
// that it is too late: the connection (QoS 1) or the session (QoS 2) that brought the message is gone, and the server will
// send it again. Acknowledgements leave in the order in which the messages came (§4.6).
func (m *Received) Ack() error { return m.answer(codec.Success, nil) }

// Reject acknowledges with a failure, on 5.0 at QoS 1 and 2 (§3.4.2.1): the server won't send the message again. On 3.x the
// error is ErrVersion, and nothing is acknowledged. A code that PUBACK or PUBREC may not carry is an *ArgumentError. Else it
// is like Ack.
func (m *Received) Reject(code ReasonCode, text string, props ...UserProperty) error {
	if !code.Failed() || !code.AllowedIn(codec.TypePubAck, codec.FromClient) {
		return failed("reject", &ArgumentError{Name: "code", Reason: fmt.Sprintf("is 0x%02X, which no PUBACK or PUBREC that refuses may carry (§3.4.2.1)", byte(code))})
	}
	if f := textFault("text", text); f != nil {
		return failed("reject", f.argument())
	}
	if f := userPropertiesFault(props); f != nil {
		return failed("reject", f.argument())
	}
	var words *codec.ReasonProperties
	if text != "" || len(props) > 0 {
		words = &codec.ReasonProperties{ReasonString: text, UserProperties: codecUserProperties(props)}
	}
	return m.answer(code, words)
}

func (m *Received) answer(code ReasonCode, words *codec.ReasonProperties) error {
	if m.taken {
		return nil
	}
	if m.ticket == nil {
		m.state.Store(isAnswered)
		return nil
	}
	if !m.state.CompareAndSwap(isOpen, isAnswered) {
		if m.state.Load() == isTooLate {
			return failed("acknowledge", ErrStale)
		}
		return nil
	}
	err := m.ticket.Answer(code, words)
	switch err {
	case ErrVersion:
		m.state.Store(isOpen)
	case ErrStale:
		m.state.Store(isTooLate)
	}
	return failed("acknowledge", err)
}

// claim is what the message is given back with.
func (m *Received) claim() actor.Ticket {
	if m.ticket == nil {
		return m.turn.Ticket()
	}
	return *m.ticket
}

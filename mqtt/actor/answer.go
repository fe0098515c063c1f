package actor

import (
	"fmt"
	"sync"

	"github.com/sluicemq/sluice/mqtt/codec"
)

var (
	answerPool  = sync.Pool{New: func() any { return new(answers) }}
	arrivalPool = sync.Pool{New: func() any { return new([]arrival) }}
	bulkPool    = sync.Pool{New: func() any { return new([]byte) }}
	letterPool  = sync.Pool{New: func() any { return new(owed) }}
)

// answered takes what one read brought: each answer completes its own operation.
func (t *tracker) answered(a *answers) {
	t.activity.came = a.came
	t.receivedBytes += uint64(a.bytes)
	t.heard = a.after
	for i := range a.list {
		if err := t.answer(&a.list[i], a.auth); err != nil && a.fault == nil {
			a.fault = err
			break
		}
	}
	if a.fault != nil {
		t.fault(a.fault)
	}
	a.done()
}

func newAnswers() *answers { return answerPool.Get().(*answers) }

// done gives the batch back: its list serves again.
func (a *answers) done() {
	clear(a.list)
	*a = answers{list: a.list[:0]}
	answerPool.Put(a)
}

func (t *tracker) answer(a *answer, auth *Auth) error {
	switch a.kind {
	case codec.TypePubAck:
		return t.pubAck(a)
	case codec.TypePubRec:
		return t.pubRec(a)
	case codec.TypePubComp:
		return t.pubComp(a)
	case codec.TypeSubAck, codec.TypeUnsubAck:
		return t.callAck(a)
	case codec.TypePingResp:
		t.ponged()
	case codec.TypeAuth:
		return t.heardAuth(a.code, auth)
	}
	return nil
}

// mismatch is the fault of an answer that doesn't fit what its identifier stands for.
func mismatch(a *answer, section string) error {
	return &ProtocolError{codec.ProtocolError, section, fmt.Sprintf("%s for packet identifier %d, which waits for another answer", a.kind, a.id)}
}

func (t *tracker) pubAck(a *answer) error {
	op := t.ids.get(a.id)
	switch {
	case op == nil:
		t.log(levelDebug, "PUBACK for a packet identifier that is not in use", "id", a.id)
		return nil
	case op.kind != opPublish || op.state != opSent || op.qos() != codec.AtLeastOnce:
		return mismatch(a, "4.3.2")
	}
	t.endFlight(op, t.verdict(a))
	return nil
}

// verdict reads an answer as an outcome: below 0x80 it is success (§4.13.2).
func (t *tracker) verdict(a *answer) Outcome {
	o := Outcome{Code: a.code, Props: a.props}
	if a.code.Failed() {
		o.Err = refusal(a.kind, a.code, a.props)
	}
	return o
}

func (t *tracker) pubRec(a *answer) error {
	op := t.ids.get(a.id)
	switch {
	case op == nil: // the other side finishes its half only with a PUBREL
		t.release(a.id, codec.PacketIdentifierNotFound, 0)
		return nil
	case op.kind != opPublish || op.qos() != codec.ExactlyOnce || op.state == opStaged: // the last has not left
		return mismatch(a, "4.3.3")
	case a.code.Failed():
		if op.state == opReleased {
			return mismatch(a, "4.3.3")
		}
		t.endFlight(op, t.verdict(a))
		return nil
	}
	if op.state != opReleased {
		op.state = opReleased
		t.order++
		op.released = t.order
		op.unheard = a.code == codec.NoMatchingSubscribers
		t.detach(op)
		op.dropMessage()
		t.keepRelease(op)
	}
	t.release(a.id, codec.Success, op.batch)
	return nil
}

// release makes a PUBREL due, as soon as a batch is kept: else a PUBLISH could be sent again after it, and be taken for a new
// one. PUBRELs leave in the order in which the PUBRECs came (§4.6.0-4).
func (t *tracker) release(id uint16, code codec.ReasonCode, batch uint64) {
	if t.limits.version != codec.V5 {
		code = codec.Success
	}
	if !t.overwhelmed() {
		t.releases = append(t.releases, release{id, code, batch})
	}
}

// mostOwed bounds what we keep for a server that asks and doesn't read: a PUBACK or PUBREC, and a PUBCOMP, for each Packet
// Identifier that there is.
const mostOwed = 2 << 16

// overwhelmed ends the connection when more is owed than a server can have asked for.
func (t *tracker) overwhelmed() bool {
	if len(t.acks)+len(t.releases) < mostOwed {
		return false
	}
	if t.part == nil && !t.final {
		t.fault(ErrInboundOverrun)
	}
	return true
}

func (t *tracker) pubComp(a *answer) error {
	op := t.ids.get(a.id)
	switch {
	case op == nil:
		t.log(levelDebug, "PUBCOMP for a packet identifier that is not in use", "id", a.id)
		return nil
	case op.kind != opPublish || op.state != opReleased:
		return mismatch(a, "4.3.3")
	}
	if a.code == codec.PacketIdentifierNotFound && op.dup {
		a.code = codec.Success // our first PUBREL had arrived: only its PUBCOMP was lost
	}
	if a.code == codec.Success && op.unheard {
		a.code = codec.NoMatchingSubscribers // PUBCOMP has no word for it (§3.7.2.1)
	}
	t.endFlight(op, t.verdict(a))
	return nil
}

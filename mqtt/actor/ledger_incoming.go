package actor

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// mark is what the dispatcher wants to be known of an incoming QoS 2 message.
type mark struct {
	id    uint16
	state markState
}

// keepAcks has the store know what these acknowledgements say, before they leave: that a QoS 2 message is not handed out
// again, or that its exchange is over.
func (t *tracker) keepAcks(acks []ack) {
	for i := range acks {
		a := &acks[i]
		switch {
		case !a.keep || !t.keeps():
			continue
		case a.kind == codec.TypePubComp || a.code.Failed():
			t.keepMark(mark{a.id, markNone})
		default:
			t.keepMark(mark{a.id, markTaken})
		}
		a.batch = t.open.number
	}
}

// keepMarks has the store know what the dispatcher wants to hand out, up to the mark with that number; it hears when that is
// so.
func (t *tracker) keepMarks(list []mark, last uint64) {
	if len(list) == 0 || !t.keeps() {
		return
	}
	for _, m := range list {
		t.keepMark(m)
	}
	if n := len(t.marks); n > 0 && t.marks[n-1].batch == t.open.number {
		t.marks[n-1].mark = last
		return
	}
	t.marks = append(t.marks, marked{t.open.number, last})
}

// keepingAcks says that acknowledgements wait for the store.
func (t *tracker) keepingAcks() bool {
	return slices.ContainsFunc(t.acks, func(a ack) bool { return !t.isSafe(a.batch) })
}

func (t *tracker) keepMark(m mark) {
	t.open.inbound = true
	if m.state == markNone {
		t.open.remove(incomingKey(m.id))
		return
	}
	t.open.set(incomingKey(m.id), func(v []byte) []byte { return append(v, recordVersion, byte(m.state)) })
}

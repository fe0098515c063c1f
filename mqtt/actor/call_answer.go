package actor

import (
	"fmt"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// callAck takes a SUBACK or UNSUBACK.
func (t *tracker) callAck(a *answer) error {
	op := t.ids.get(a.id)
	want := opSubscribe
	if a.kind == codec.TypeUnsubAck {
		want = opUnsubscribe
	}
	switch {
	case op == nil:
		t.log(levelDebug, "answer for a packet identifier that is not in use", "packet", a.kind, "id", a.id)
		return nil
	case op.kind != want:
		return mismatch(a, "3.8.4")
	case len(a.codes) != len(op.part) && (want == opSubscribe || t.limits.version == codec.V5):
		return &ProtocolError{codec.ProtocolError, "3.9.3", fmt.Sprintf("%s has %d reason codes for %d filters", a.kind, len(a.codes), len(op.part))}
	}
	t.ids.free(op)
	c := op.call
	c.open = slices.DeleteFunc(c.open, func(o *Op) bool { return o == op })
	for k, i := range op.part {
		code := codec.Success
		if k < len(a.codes) {
			code = a.codes[k]
		}
		t.judge(c, i, code, a.props)
	}
	if len(c.open) == 0 && len(c.todo) == 0 {
		t.endCall(c)
	}
	return nil
}

// judge notes the answer to one filter.
func (t *tracker) judge(c *call, i int, code codec.ReasonCode, props *codec.ReasonProperties) {
	g := &c.grants[i]
	g.Code, g.Props = code, props
	if c.op.kind == opUnsubscribe {
		if filter := c.op.Filters[i]; t.wanted.filters[filter] == nil {
			t.note.identifiers = append(t.note.identifiers, identifier{0, filter}) // it has none any more
		}
		return
	}
	s := &c.op.Subs[i]
	f := t.wanted.filters[s.Filter]
	switch {
	case !code.Failed():
		g.QoS = codec.QoS(code)
		if f != nil {
			t.wanted.hold(f, true)
		}
	case c.op.resub:
		if f != nil {
			f.responding.refuse(*g)
			t.forget(f, s.Filter)
		}
		t.tell(EventSubscription{*g})
	}
}

// forget drops a filter that a new connection refused: nobody wants it any more.
func (t *tracker) forget(f *want, filter string) {
	for stream := range f.holders {
		t.wanted.drop(stream, filter)
	}
}

// endCall ends a call whose filters all have their answer.
func (t *tracker) endCall(c *call) {
	op := c.op
	delete(t.calls, op)
	if op.resub {
		t.restoring--
		return
	}
	if op.Retire {
		t.note.retired = append(t.note.retired, retirement{op.Stream, t.link.gen, t.heard})
	}
	t.conclude(c)
	if !op.withdrawn {
		op.end(Outcome{call: c})
	}
}

// conclude notes what a SUBSCRIBE call has left: a filter that was refused isn't wanted, one that was granted to a caller who
// has gone is unsubscribed, unless another call has asked for it too (contract 9).
func (t *tracker) conclude(c *call) {
	var filters []string
	for i, h := range c.asked {
		if h == nil {
			continue
		}
		g := &c.grants[i]
		h.pending--
		h.granted = h.granted || !g.Code.Failed() && !c.op.withdrawn
		f := t.wanted.filters[g.Filter]
		switch {
		case h.granted || h.pending > 0 || f == nil || f.holders[c.op.Stream] != h:
		case g.Code.Failed():
			t.wanted.drop(c.op.Stream, g.Filter)
		default:
			filters = append(filters, g.Filter)
		}
	}
	if len(filters) > 0 {
		t.enqueue(&Op{traits: traits{kind: opUnsubscribe}, asking: &asking{Stream: c.op.Stream, Filters: filters}})
	}
}

// enqueue adds an operation of ours to those of the callers.
func (t *tracker) enqueue(op *Op) {
	t.seq++
	op.seq, op.state = t.seq, opQueued
	t.free.push(op)
}

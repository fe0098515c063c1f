package actor

import (
	"fmt"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// call is one Subscribe or Unsubscribe from its first packet on: filters may be spread over several packets, and are
// asked for again when a connection is lost before their answer (contract 9).
type call struct {
	op     *Op
	grants []Grant   // the answers, in the order of the call
	todo   []int     // filters that have no answer and are in no packet
	open   []*Op     // packets without answer
	asked  []*holder // SUBSCRIBE: for whom, nil where it was not asked for or nothing new is wanted
}

// putCall encodes the packets of a SUBSCRIBE or UNSUBSCRIBE call. It says false when identifiers are short.
func (t *tracker) putCall(b *outBuffer, op *Op) bool {
	if op.call == nil {
		if !t.sayable(op) {
			t.free.pop()
			op.end(Outcome{Err: fmt.Errorf("%w: %w: see Config.Lenient", ErrNotSent, ErrVersion)})
			return true
		}
		if t.ids.used+min(max(len(op.Subs), len(op.Filters)), 65535) > 65535 { // as many as it has packets at most
			return false // before anything of the call takes effect
		}
		t.startCall(op)
	} else {
		t.sift(op.call)
	}
	c := op.call
	packets := t.packets(c)
	if t.ids.used+len(packets) > 65535 {
		return false
	}
	t.free.pop()
	op.state, op.started = opSent, true
	t.calls[op] = struct{}{}
	for _, part := range packets {
		t.putPart(b, c, part)
	}
	c.todo = nil
	if len(c.open) == 0 {
		t.endCall(c)
	}
	return true
}

// sayable says whether this connection's version has words for all that a call asks for, or the user doesn't insist.
func (t *tracker) sayable(op *Op) bool {
	if t.limits.version == codec.V5 || t.cfg.Lenient || op.resub {
		return true
	}
	return len(op.Props) == 0 && !slices.ContainsFunc(op.Subs, func(s Subscription) bool {
		return s.NoLocal || s.RetainAsPublished || s.RetainHandling != 0 || s.Identifier != 0 || len(s.UserProperties) > 0
	})
}

// startCall notes what is wanted now and what no more, and answers what needs no packet.
func (t *tracker) startCall(op *Op) {
	c := &call{op: op}
	op.call = c
	if op.kind == opSubscribe {
		c.grants, c.asked = make([]Grant, len(op.Subs)), make([]*holder, len(op.Subs))
		for i := range op.Subs {
			s := &op.Subs[i]
			c.grants[i] = Grant{Filter: s.Filter}
			if code := t.limits.checkFilter(s); code != 0 {
				t.judge(c, i, code, nil)
				continue
			}
			if !op.resub {
				f, _ := t.wanted.add(op.Stream, *s)
				t.respond(f, op)
				c.asked[i] = f.holders[op.Stream]
				c.asked[i].pending++
			}
			c.todo = append(c.todo, i)
		}
		return
	}
	c.grants = make([]Grant, len(op.Filters))
	for i, filter := range op.Filters {
		c.grants[i] = Grant{Filter: filter}
		held := t.wanted.holds(op.Stream, filter)
		if t.wanted.drop(op.Stream, filter) && (held || !op.Retire) {
			c.todo = append(c.todo, i) // nobody else wants it
		}
	}
}

// sift answers what this connection doesn't allow though the one before it did.
func (t *tracker) sift(c *call) {
	if c.op.kind != opSubscribe {
		return
	}
	c.todo = slices.DeleteFunc(c.todo, func(i int) bool {
		code := t.limits.checkFilter(&c.op.Subs[i])
		if code != 0 {
			t.judge(c, i, code, nil)
		}
		return code != 0
	})
}

// packets divides what is to be asked for: options that stand once in a packet, Config.SubscribeBatch and the server's
// Maximum Packet Size make packets of their own.
func (t *tracker) packets(c *call) [][]int {
	var all [][]int
	size := 0
	for _, i := range c.todo {
		need := t.filterSize(c, i)
		n := len(all)
		if n == 0 || !t.together(c, all[n-1][0], i) || size+need > t.limits.maxPacket ||
			t.cfg.SubscribeBatch > 0 && len(all[n-1]) >= t.cfg.SubscribeBatch {
			all, size = append(all, nil), 32
			n++
		}
		all[n-1] = append(all[n-1], i)
		size += need
	}
	return all
}

func (t *tracker) filterSize(c *call, i int) int {
	if c.op.kind == opUnsubscribe {
		return len(c.op.Filters[i]) + 2
	}
	size := len(c.op.Subs[i].Filter) + 3
	for _, p := range c.op.Subs[i].UserProperties {
		size += 5 + len(p.Key) + len(p.Value)
	}
	return size
}

// together says whether two filters of a SUBSCRIBE may share a packet.
func (t *tracker) together(c *call, i, k int) bool {
	if c.op.kind == opUnsubscribe || t.limits.version != codec.V5 {
		return true
	}
	a, b := &c.op.Subs[i], &c.op.Subs[k]
	return t.identifierFor(a) == t.identifierFor(b) && slices.Equal(a.UserProperties, b.UserProperties)
}

// identifierFor gives the Subscription Identifier that a filter is asked for with, zero for none.
func (t *tracker) identifierFor(s *Subscription) uint32 {
	if t.limits.version != codec.V5 || !t.limits.identifiers {
		return 0
	}
	f := t.wanted.filters[s.Filter]
	if f == nil {
		return s.Identifier
	}
	return t.wanted.identify(f)
}

// putPart encodes one packet of a call, and tells the dispatcher of its identifier before it can leave.
func (t *tracker) putPart(b *outBuffer, c *call, part []int) {
	child := &Op{traits: traits{kind: c.op.kind, state: opSent}, asking: &asking{call: c, part: part}, gen: t.link.gen}
	t.ids.take(child)
	var p codec.Packet
	if c.op.kind == opUnsubscribe {
		u := &codec.Unsubscribe{PacketID: child.id}
		if t.limits.version == codec.V5 {
			u.UserProperties = c.op.Props
		}
		for _, i := range part {
			u.Filters = append(u.Filters, c.op.Filters[i])
		}
		p = u
	} else {
		p = t.subscribe(c, child)
	}
	start := len(b.bytes)
	bytes, err := p.Append(b.bytes, t.limits.version)
	if err != nil || len(bytes)-start > t.limits.maxPacket {
		t.ids.free(child)
		t.refusePart(c, part, codec.PacketTooLarge)
		return
	}
	b.bytes = bytes
	c.open = append(c.open, child)
	t.trace(PacketInfo{Type: p.Type(), Size: len(bytes) - start, PacketID: child.id})
}

func (t *tracker) subscribe(c *call, child *Op) *codec.Subscribe {
	p := &codec.Subscribe{PacketID: child.id}
	first := &c.op.Subs[child.part[0]]
	id := t.identifierFor(first)
	if t.limits.version == codec.V5 && (id != 0 || len(first.UserProperties) > 0) {
		p.Properties = &codec.SubscribeProperties{SubscriptionIdentifier: id, UserProperties: first.UserProperties}
	}
	for _, i := range child.part {
		s := c.op.Subs[i].Subscription
		if f := t.wanted.filters[s.Filter]; f != nil {
			s.QoS = f.sub.QoS
		}
		if t.limits.version != codec.V5 {
			s.NoLocal, s.RetainAsPublished, s.RetainHandling = false, false, 0
		}
		p.Subscriptions = append(p.Subscriptions, s)
		if id != 0 {
			t.note.identifiers = append(t.note.identifiers, identifier{id, s.Filter})
		}
	}
	t.inform()
	return p
}

// refusePart answers filters that no packet can carry.
func (t *tracker) refusePart(c *call, part []int, code codec.ReasonCode) {
	for _, i := range part {
		t.judge(c, i, code, nil)
	}
}

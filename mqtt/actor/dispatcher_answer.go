package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// claimOf gives what a message waits for, nil when nothing can be acknowledged by it any more.
func (d *dispatcher) claimOf(t *Ticket) *claim {
	switch t.qos {
	case codec.AtLeastOnce:
		if e := d.order.at(t.place); e != nil {
			return &e.claim
		}
	case codec.ExactlyOnce:
		if h := d.exactly.at(t.slot, t.place); h != nil {
			return &h.claim
		}
	}
	return nil
}

// judge takes a verdict of the application's.
func (d *dispatcher) judge(v verdict) {
	if v.words == nil {
		d.answer(v.ticket, codec.Success, nil)
		return
	}
	if v.words.discard {
		d.counts.Discarded++
	}
	d.answer(v.ticket, v.words.code, v.words.props)
}

// answer settles a message for one stream, and when it was the last, for the server.
func (d *dispatcher) answer(t *Ticket, code codec.ReasonCode, props *codec.ReasonProperties) {
	c := d.claimOf(t)
	if c == nil || !c.answer(t.share, code, props) {
		return
	}
	if c.lent > 0 {
		d.out--
		d.eased = true
	}
	if t.qos == codec.AtLeastOnce {
		d.order.settle(d.order.at(t.place), c.code, c.props)
		return
	}
	h := d.exactly.at(t.slot, t.place)
	h.acked = true
	if h.carried {
		h.carried = false
		d.carried--
	}
	for _, place := range h.entries {
		d.order.settle(d.order.at(place), c.code, c.props)
	}
	h.entries = h.entries[:0]
}

// emit acknowledges what is settled and has nothing unsettled before it (§4.6).
func (d *dispatcher) emit() {
	for e := d.order.head(); e != nil && e.settled; e = d.order.head() {
		d.acknowledge(e)
		d.order.pop()
		d.headSince, d.eased = d.now, true
	}
}

func (d *dispatcher) acknowledge(e *entry) {
	a := ack{kind: codec.TypePubAck, id: e.id, code: e.claim.code, props: e.claim.props}
	if e.qos == codec.AtLeastOnce {
		d.unfinished--
		if len(d.handed) > 0 {
			delete(d.handed, e.id)
		}
		d.owe(a)
		return
	}
	if d.exactly.at(e.slot, e.first) == nil {
		return // the exchange is over
	}
	a.kind, a.keep = codec.TypePubRec, d.keeps(d.exactly.at(e.slot, e.first), a.code)
	d.owe(a)
	if a.code.Failed() {
		d.conclude(e.slot) // no PUBREL follows (§4.3.3)
	}
}

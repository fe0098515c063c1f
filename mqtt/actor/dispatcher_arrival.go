package actor

import (
	"bytes"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// take begins a batch from the reader.
func (d *dispatcher) take(a arrivals) {
	d.rest, d.bulk, d.at = a.list, a.bulk, 0
	if !d.up || a.gen != d.link.gen {
		d.dropRest()
		return
	}
	d.batch = a.n
}

// resume routes what is left of a batch, until something in it has to wait, and reports whether it came further.
func (d *dispatcher) resume() (further bool) {
	for d.rest != nil {
		if d.at == len(*d.rest) || d.broken || d.closing {
			d.dropRest()
			return true
		}
		d.halt = d.arrive(&(*d.rest)[d.at])
		if d.halt != passed {
			return further
		}
		d.at++
		further = true
	}
	return further
}

// dropRest gives the batch back.
func (d *dispatcher) dropRest() {
	if d.rest == nil {
		return
	}
	clear(*d.rest)
	*d.rest = (*d.rest)[:0]
	arrivalPool.Put(d.rest)
	if d.bulk != nil {
		*d.bulk = (*d.bulk)[:0]
		bulkPool.Put(d.bulk)
	}
	d.rest, d.bulk, d.at, d.halt = nil, nil, 0, passed
	d.retireDue()
}

func (d *dispatcher) arrive(a *arrival) passage {
	p := &a.publish
	if a.pong {
		d.resumed()
		return passed
	}
	if a.release {
		d.released(p.PacketID)
		return passed
	}
	if p.QoS == codec.ExactlyOnce {
		if slot, held := d.exactly.find(p.PacketID); held && d.belongs(slot, p.Dup) {
			return d.repeated(p, slot)
		}
	}
	d.find(p)
	if p.QoS == codec.AtMostOnce {
		return d.admitLoose(p)
	}
	return d.admit(p)
}

// find sets the streams that p is for: those that match, else Messages. None means that nobody is there any more to have
// it: it came for a stream that has closed, or nobody has asked for Messages.
func (d *dispatcher) find(p *codec.Publish) {
	d.targets = d.routes.find(p, d.targets[:0])
	d.unasked = false
	switch {
	case len(d.targets) > 0:
		d.targets = slices.DeleteFunc(d.targets, func(b *branch) bool { return b.closed })
	case d.unclaimed.given:
		d.unasked = true
	default:
		d.targets = append(d.targets, d.messages)
	}
}

// deliver puts p into the inboxes that it is for. What went to several streams is each one's own.
func (d *dispatcher) deliver(p *codec.Publish, t Ticket, size int) {
	d.counts.Received++
	d.turns++
	t.turn = Turn(d.turns)
	if len(d.targets) == 0 {
		if d.unasked {
			d.count(p.Topic)
		} else {
			d.counts.Discarded++
		}
		return
	}
	it := item{publish: *p, ticket: t, came: d.now, size: int32(size), again: d.again}
	for i, b := range d.targets {
		if i > 0 {
			it.publish.Properties = clone(p.Properties)
		}
		it.publish.Payload = b.own(p, i > 0)
		it.ticket.share = uint32(i)
		b.got++
		b.inbox.push(it)
		d.touch(b)
	}
	if p.QoS == codec.AtMostOnce {
		d.looseBytes += size * len(d.targets)
	} else {
		d.heldBytes += size * len(d.targets)
	}
}

// clone makes a copy that shares nothing that could be written to.
func clone(p *codec.PublishProperties) *codec.PublishProperties {
	if p == nil {
		return nil
	}
	q := *p
	q.CorrelationData = bytes.Clone(q.CorrelationData)
	q.SubscriptionIdentifiers = slices.Clone(q.SubscriptionIdentifiers)
	q.UserProperties = slices.Clone(q.UserProperties)
	return &q
}

// touch notes that b may be lent something.
func (d *dispatcher) touch(b *branch) {
	if !b.touched {
		b.touched = true
		d.touched = append(d.touched, b)
	}
}

package actor

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// bonds are the connection and the session that acknowledgements count on now, and the ends that break them.
type bonds struct {
	verdicts   chan<- verdict
	ended      <-chan struct{}
	session    *bond
	connection *bond // nil before the first
	lose       chan<- struct{}
	cut        chan<- struct{}
	revoke     chan<- struct{}
}

// bindSession begins a session.
func (b *bonds) bindSession() {
	stale := make(chan struct{})
	next := &bond{stale: stale, verdicts: b.verdicts, ended: b.ended}
	if b.session != nil {
		next.session = b.session.session + 1
	}
	b.session, b.lose = next, stale
}

// bindConnection begins a connection of the session.
func (b *bonds) bindConnection() {
	stale, revoked := make(chan struct{}), make(chan struct{})
	b.connection = &bond{session: b.session.session, stale: stale, revoked: revoked, verdicts: b.verdicts, ended: b.ended}
	b.cut, b.revoke = stale, revoked
}

// What the supervisor tells, it tells among the inquiries of callers.

func (n linkUp) answer(d *dispatcher) {
	d.now = time.Since(d.began) // what waited for room takes its place now
	d.linkUp(n)
	d.anew = true
}

func (n linkDown) answer(d *dispatcher) {
	d.now = time.Since(d.began)
	d.linkDown(n)
}

func (q census) answer(d *dispatcher) { q.reply <- d.order.len() + d.carried }

// linkUp begins a connection. What the server will send again must not be handed out from here, too.
func (d *dispatcher) linkUp(n linkUp) {
	d.linkDown(linkDown{gen: d.link.gen})
	d.link, d.up, d.broken, d.batch = n, true, false, 0
	d.letter.gen, d.held = n.gen, false
	d.routes.identifiers.connected()
	first := d.connection == nil
	switch {
	case !n.sessionPresent:
		d.loseSession()
	case first: // a session that a store kept, or nothing
	default:
		close(d.revoke)
	}
	if n.sessionPresent && n.doubtful {
		d.suspect()
	}
	if d.cfg.durable {
		d.tellUp()
	}
	d.bindConnection()
	if n.sessionPresent && !first {
		d.purge()
	}
	d.recount()
}

// loseSession forgets what the server has forgotten. What waits is still handed out, but can't be acknowledged any more.
func (d *dispatcher) loseSession() {
	close(d.lose)
	d.bindSession()
	d.eraseAll()
	d.exactly = exactly{}
	d.handed = nil
}

// purge takes out the QoS 1 messages that come again; those that a stream has been lent when it has given them back.
func (d *dispatcher) purge() {
	for _, b := range d.streams {
		if b.closed {
			continue
		}
		if b.running {
			b.purge = true
			b.recall()
		} else {
			d.purgeBranch(b)
		}
	}
}

func (d *dispatcher) purgeBranch(b *branch) {
	b.purge = false
	gone := b.inbox.take(func(it *item) bool { return it.ticket.revoked() })
	for it := range gone.all {
		d.depart(it)
	}
	gone.empty()
}

// linkDown ends a connection: what was owed on it is void, and what was not acknowledged the server sends again if it
// keeps the session.
func (d *dispatcher) linkDown(n linkDown) {
	if !d.up || n.gen != d.link.gen {
		return
	}
	d.abandoned = d.unacknowledged()
	d.abandoned += verdicts(d.letter.acks)
	d.up = false
	close(d.cut)
	d.voidAcks()
	d.remember()
	d.keepLoose()
	d.retireDue()
	d.order.clear()
	d.dismissUnsure()
	for h := range d.exactly.all {
		h.carried, h.entries = !h.acked, h.entries[:0]
	}
	d.unfinished = 0
	d.recount()
}

// voidAcks drops what the tracker has not taken.
func (d *dispatcher) voidAcks() {
	l := d.letter
	l.fault = nil
	for _, a := range l.acks {
		switch {
		case a.kind == codec.TypePubAck:
			d.hand(a.id)
		case a.keep && (a.kind == codec.TypePubComp || a.code.Failed()):
			d.write(a.id, markNone) // the exchange is over, though the server may not hear of it
		}
	}
	clear(l.acks)
	l.acks = l.acks[:0]
}

// remember keeps which QoS 1 messages were handed out, so that they are known when they come again.
func (d *dispatcher) remember() {
	for place := d.order.base; place < d.order.next; place++ {
		if e := d.order.at(place); e.qos == codec.AtLeastOnce && e.claim.handed {
			d.hand(e.id)
		}
	}
}

func (d *dispatcher) hand(id uint16) {
	if d.handed == nil {
		d.handed = make(map[uint16]struct{})
	}
	d.handed[id] = struct{}{}
}

// keepLoose puts the QoS 0 messages that waited for room into their inboxes: nobody sends them again, and they take their
// memory already.
func (d *dispatcher) keepLoose() {
	if d.rest == nil {
		return
	}
	for i := range (*d.rest)[d.at:] {
		a := &(*d.rest)[d.at+i]
		if a.release || a.pong || a.publish.QoS != codec.AtMostOnce {
			continue
		}
		d.find(&a.publish)
		d.deliver(&a.publish, Ticket{}, sizeOf(&a.publish))
	}
	d.dropRest()
}

// recount counts what former connections have left: it takes room as long as the application hasn't dealt with it. A stream
// that waited for their acknowledgements waits no more: nobody else would tell it.
func (d *dispatcher) recount() {
	d.carried, d.out, d.eased = 0, 0, true
	for _, b := range d.streams {
		for it := range b.inbox.all {
			if d.former(&it.ticket) {
				d.carried++
			}
		}
	}
	for h := range d.exactly.all {
		if h.carried {
			d.carried++
		}
		if !h.acked && h.claim.lent > 0 {
			d.out++
		}
	}
}

// former says of a message that waits that nothing can be acknowledged by it any more.
func (d *dispatcher) former(t *Ticket) bool {
	switch t.qos {
	case codec.AtLeastOnce:
		return !d.up || t.bond != d.connection
	case codec.ExactlyOnce:
		return t.bond != d.session || d.exactly.at(t.slot, t.place) == nil
	}
	return false
}

package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// arrivalOrder holds a connection's QoS 1 and 2 messages in the order in which they came, until their acknowledgements may
// leave in the same order (§4.6). Places are numbered through all connections, so that an old one is recognised.
type arrivalOrder struct {
	ring       []entry // its length is a power of two
	base, next uint64  // the place of the oldest, and of the one that comes next
	settled    int     // entries that are settled, and wait behind one that isn't
}

// entry is one PUBLISH that the server wants answered.
type entry struct {
	id      uint16
	qos     codec.QoS
	settled bool
	slot    uint32 // QoS 2: where the message is in exactly,
	first   uint64 // and the place of its first arrival, which tells it from others there
	claim   claim  // QoS 2 keeps it in exactly, and here only what is to be answered
}

func (o *arrivalOrder) len() int { return int(o.next - o.base) }

// at gives the entry of a place, nil when it is gone.
func (o *arrivalOrder) at(place uint64) *entry {
	if place < o.base || place >= o.next {
		return nil
	}
	return &o.ring[place&uint64(len(o.ring)-1)]
}

// head gives the oldest entry, nil when there is none.
func (o *arrivalOrder) head() *entry { return o.at(o.base) }

// push takes the next entry, and tells its place.
func (o *arrivalOrder) push(e entry) (place uint64) {
	if o.len() == len(o.ring) {
		o.grow()
	}
	place = o.next
	o.next++
	*o.at(place) = e
	if e.settled {
		o.settled++
	}
	return place
}

// settle says what an entry is to be answered with.
func (o *arrivalOrder) settle(e *entry, code codec.ReasonCode, props *codec.ReasonProperties) {
	o.settled++
	e.settled, e.claim.code, e.claim.props = true, code, props
}

// pop lets the head go, which is settled.
func (o *arrivalOrder) pop() {
	*o.head() = entry{}
	o.base++
	o.settled--
	if o.base == o.next && len(o.ring) > keptEntries {
		o.ring = nil // an idle connection holds no large ring
	}
}

// clear forgets all entries. Their places don't come again.
func (o *arrivalOrder) clear() {
	o.ring, o.base, o.settled = nil, o.next, 0
}

// keptEntries is what the default Receive Maximum needs: below it the ring is never made anew.
const keptEntries = 256

func (o *arrivalOrder) grow() {
	ring := make([]entry, max(8, 2*len(o.ring)))
	for place := o.base; place < o.next; place++ {
		ring[place&uint64(len(ring)-1)] = *o.at(place)
	}
	o.ring = ring
}

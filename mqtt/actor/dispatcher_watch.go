package actor

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// vigil is what the dispatcher's one timer is for: messages that wait too long for somebody.
type vigil struct {
	alarm     alarm
	armed     time.Duration // what it is set to; zero when it isn't
	headSince time.Duration // since when the oldest entry of the order has been that
	stalled   stalled
	unclaimed unclaimed
}

// stalled is the last message that was told.
type stalled struct {
	place  uint64
	stream uint64
	topic  string
}

// unclaimed is how messages that nobody asks for are told: each topic once.
type unclaimed struct {
	given bool           // nobody has asked for Messages in time
	told  map[string]int // topics, with their place in fresh, -1 when it was told
	fresh []EventUnclaimed
}

// mostTopics bounds the topics that are remembered as told; those beyond it are counted, and not told.
const mostTopics = 1024

func (u *unclaimed) add(topic string) {
	i, known := u.told[topic]
	switch {
	case known && i >= 0:
		u.fresh[i].Count++
	case !known && len(u.told) < mostTopics:
		if u.told == nil {
			u.told = make(map[string]int)
		}
		u.told[topic] = len(u.fresh)
		u.fresh = append(u.fresh, EventUnclaimed{topic, 1})
	}
}

// tell gives what was not told yet.
func (u *unclaimed) tell() []EventUnclaimed {
	fresh := u.fresh
	for _, e := range fresh {
		u.told[e.Topic] = -1
	}
	u.fresh = nil
	return fresh
}

// untended says that Messages has waited long enough for somebody to ask for it (contract 14).
func (d *dispatcher) untended() bool {
	return d.cfg.stallAfter > 0 && !d.claimed && d.messages.inbox.n > 0 &&
		d.now-d.messages.inbox.front()[0].came >= d.cfg.stallAfter
}

// giveUp acknowledges what waits on Messages.
func (d *dispatcher) giveUp() {
	d.unclaimed.given = true
	for it := range d.messages.inbox.all {
		d.depart(it)
		d.answer(&it.ticket, codec.Success, nil)
		d.count(it.publish.Topic)
	}
	d.messages.inbox.empty()
}

// count notes a message that nobody asked for.
func (d *dispatcher) count(topic string) {
	d.counts.Unclaimed++
	d.unclaimed.add(topic)
}

// stall tells of the message that holds up all acknowledgements, once (contract 13).
func (d *dispatcher) stall() {
	e := d.order.head()
	if e == nil || d.cfg.stallAfter <= 0 || d.stalled.place == d.order.base || d.now-d.headSince < d.cfg.stallAfter {
		return
	}
	c := &e.claim
	if h := d.exactly.at(e.slot, e.first); e.qos == codec.ExactlyOnce && h != nil {
		c = &h.claim
	}
	d.stalled = stalled{d.order.base, c.waitsFor(), c.topic}
	d.tell(EventStalled{Stream: d.stalled.stream, Tag: d.tagOf(d.stalled.stream), Topic: c.topic, Since: d.date(d.headSince)})
}

func (d *dispatcher) tell(event any) { d.letter.events = append(d.letter.events, event) }

// gather completes the letter.
func (d *dispatcher) gather() {
	d.holds = d.rest != nil && d.halt == waits
	d.letter.held = d.holds
	for _, b := range d.dropping {
		d.tell(EventDropped{Stream: b.number, Tag: b.tag, Count: b.untold})
		b.untold = 0
	}
	clear(d.dropping)
	d.dropping = d.dropping[:0]
	if len(d.unclaimed.fresh) > 0 {
		for _, e := range d.unclaimed.tell() {
			d.tell(e)
		}
	}
}

// arm sets the timer to what comes first. It is left alone while it is early enough, so that a busy connection doesn't
// touch it for each message.
func (d *dispatcher) arm() {
	next := d.deadline()
	if next == 0 || d.armed != 0 && d.armed <= next {
		return
	}
	d.armed = next
	d.alarm.set(next - d.now)
}

// deadline is when the next message has waited too long, zero for none.
func (d *dispatcher) deadline() (next time.Duration) {
	if d.cfg.stallAfter <= 0 {
		return 0
	}
	if !d.claimed && d.messages.inbox.n > 0 {
		next = d.messages.inbox.front()[0].came + d.cfg.stallAfter
	}
	if stall := d.headSince + d.cfg.stallAfter; d.order.len() > 0 && d.stalled.place != d.order.base && (next == 0 || stall < next) {
		next = stall
	}
	return next
}

// tagOf is what a stream's owner knows it by.
func (d *dispatcher) tagOf(number uint64) any {
	if b := d.streams[number]; b != nil {
		return b.tag
	}
	return nil
}

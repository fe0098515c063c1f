//go:build integration

package integration

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
)

// complaints are what a judge has found.
type complaints struct{ list []string }

func (c *complaints) add(format string, args ...any) {
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

// history follows a tape.
type history struct {
	life       int // run of the process,
	connection int // counted over all lives
	former     int // the last connection of the life before
	at         int // number of the record
}

func (h *history) follow(r record) {
	h.at++
	switch {
	case r.what == taped:
		h.life, h.former = r.run, h.connection
	case r.what == packetCame && r.packet == "CONNACK":
		h.connection++
	}
}

// outgoing is one message of the publisher's.
type outgoing struct {
	id         uint16
	sends      int // of PUBLISH
	connection int // of the last
	life       int
	answered   int // in which life PUBREC, PUBACK or PUBCOMP came last
	released   bool
	open       bool // it has been sent, and has no last answer
	stored     bool
}

// published is what the tape of a publisher says.
type published struct {
	complaints
	history
	all     map[label]*outgoing
	holder  map[uint16]*outgoing
	newest  map[mqtt.QoS]label // that was sent first last
	open    int                // messages without their last answer
	resends int
	calm    bool // no connection is lost but by the end of the process
}

// judgePublished shows that the publisher has kept to the protocol over all of its lives, and that each message has come to
// its end. Nothing of this depends on what becomes of the server.
func judgePublished(tape []record, calm bool) *published {
	p := &published{calm: calm, all: map[label]*outgoing{}, holder: map[uint16]*outgoing{}, newest: map[mqtt.QoS]label{}}
	for _, r := range tape {
		p.follow(r)
		switch {
		case r.what == restarted && p.life > 0:
			p.add("the server has lost the session of the publisher")
		case r.what == noted:
			p.of(r.label).stored = true
		case r.what == packetSent:
			p.send(r)
		case r.what == packetCame:
			p.receive(r)
		}
	}
	for l, o := range p.all {
		if o.open || o.sends == 0 {
			p.add("%v: stored: %t, sent %d times, and no last answer came", l, o.stored, o.sends)
		}
	}
	return p
}

func (p *published) of(l label) *outgoing {
	o := p.all[l]
	if o == nil {
		o = &outgoing{answered: -1}
		p.all[l] = o
	}
	return o
}

func (p *published) send(r record) {
	switch o := p.holder[r.id]; r.packet {
	case "PUBLISH":
		p.publish(r)
	case "PUBREL":
		if o != nil {
			o.released = true
			p.count(o, false)
		}
	}
}

func (p *published) publish(r record) {
	o, l := p.of(r.label), r.label
	switch h := p.holder[r.id]; {
	case h != nil && h != o && h.open:
		p.add("%v is sent with the packet identifier %d of one that has not ended", l, r.id)
	case o.sends == 0:
		if l.before(p.newest[l.qos]) {
			p.add("%v is sent after %v", l, p.newest[l.qos])
		}
		p.newest[l.qos] = l
		if r.dup && p.life == 1 {
			p.add("%v is sent with DUP for the first time", l)
		}
	case o.connection == p.connection:
		p.add("%v is sent twice on one connection", l)
	case o.released:
		p.add("%v is sent after its PUBREL", l)
	case o.answered == p.life:
		p.add("%v is sent after its answer, by the same process", l)
	case (!r.dup || r.id != o.id) && o.life != p.life && (p.calm || o.connection != p.former):
		// It may be sent so when nothing of it was written before its connection was lost: in one life, and in the next when
		// the process died before there was another connection. Whether that is so, the server's log shows: see witnessed.
		p.add("%v is sent as new, after a crash", l)
	}
	if o.sends++; o.sends > 1 {
		p.resends++
	}
	o.id, o.connection, o.life = r.id, p.connection, p.life
	p.holder[r.id] = o
	p.count(o, false)
}

// count notes whether a message has its last answer. One may have had it, and be sent again after a crash.
func (p *published) count(o *outgoing, ended bool) {
	switch {
	case o.open && ended:
		p.open--
	case !o.open && !ended:
		if p.open++; p.open > window {
			p.add("%d messages are in flight", p.open)
		}
	}
	o.open = !ended
}

func (p *published) receive(r record) {
	o := p.holder[r.id]
	switch {
	case r.packet != "PUBREC" && r.packet != "PUBACK" && r.packet != "PUBCOMP":
		return
	case o == nil:
		p.add("%s came for packet identifier %d, which was never used", r.packet, r.id)
		return
	case r.failed:
		p.add("%s with a failure came for packet identifier %d", r.packet, r.id)
	}
	o.answered = p.life
	if r.packet != "PUBREC" {
		p.count(o, true)
	}
}

// witnessed holds against the publisher what the server has seen: each message came once without DUP at most.
func (p *published) witnessed(w *witness) {
	for l, n := range w.first {
		if n > 1 && l != end {
			p.add("%v has come to the server %d times as new", l, n)
		}
	}
}

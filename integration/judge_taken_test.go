//go:build integration

package integration

import "github.com/sluicemq/sluice/mqtt"

// incoming is one message to a consumer.
type incoming struct {
	begun   int // exchanges of QoS 2 that the server has begun for it; at QoS 1 deliveries without DUP
	came    int // all of its PUBLISHes
	fresh   int // times that it was taken, with nothing that said that it might be a repetition
	again   int // and with
	life    int // in which it came last; where on the tape it came
	first   int // first in this life,
	at      int // and first in this exchange, or at QoS 1 on this connection
	link    int // that one
	acked   bool
	swallow bool // it came under an identifier that the server had not given back
}

// position is where a message came.
type position struct {
	label           label
	life, first, at int
}

// exchange is one of QoS 2, as a consumer's packets show it.
type exchange struct {
	label    label
	released bool // PUBREL came
}

// taken is what the tape of a consumer says.
type taken struct {
	complaints
	history
	byHand bool
	calm   bool // the server was never killed
	all    map[label]*incoming
	open   map[uint16]*exchange
	acks   map[uint16]label      // QoS 1
	order  map[mqtt.QoS]position // of the one that was taken first last
}

// judgeTaken shows that a consumer has handed out in their order the messages that came, each as often as the server has
// begun to deliver it and, where the application acknowledges, acknowledged none that the application had not noted.
func judgeTaken(tape []record, byHand, calm bool) *taken {
	t := &taken{
		byHand: byHand, calm: calm, all: map[label]*incoming{}, open: map[uint16]*exchange{}, acks: map[uint16]label{},
		order: map[mqtt.QoS]position{},
	}
	for _, r := range tape {
		t.follow(r)
		switch {
		case r.what == restarted && t.life > 0:
			t.add("the server has lost the session of the consumer")
		case r.what == packetCame && r.packet == "PUBLISH":
			t.publish(r)
		case r.what == packetCame && r.packet == "PUBREL":
			if e := t.open[r.id]; e != nil {
				e.released = true
			}
		case r.what == packetSent:
			t.answer(r)
		case r.what == noted:
			t.note(r)
		}
	}
	return t
}

func (t *taken) of(l label) *incoming {
	m := t.all[l]
	if m == nil {
		m = &incoming{life: -1}
		t.all[l] = m
	}
	return m
}

func (t *taken) publish(r record) {
	m := t.of(r.label)
	if m.came++; m.life != t.life {
		m.life, m.first, m.at, m.link = t.life, t.at, t.at, t.connection
	}
	if r.label.qos == mqtt.AtLeastOnce {
		if m.link != t.connection {
			m.at, m.link = t.at, t.connection
		}
		t.acks[r.id] = r.label
		if !r.dup {
			m.begun++
		}
		return
	}
	e := t.open[r.id]
	repeated := e != nil && e.label == r.label && !e.released
	if repeated {
		return
	}
	m.at = t.at
	if e != nil {
		// A server that has forgotten what it said: the client has to take it for a repetition. When PUBREL had come,
		// it depends on what the store had at the crash.
		m.swallow = true
		if t.calm && e.label != r.label {
			t.add("%v came with the packet identifier %d of %v, which has not ended", r.label, r.id, e.label)
		}
	}
	m.begun++ // a second time only as the server's log allows: outcome.compare looks
	t.open[r.id] = &exchange{label: r.label}
}

func (t *taken) answer(r record) {
	l, known := t.acks[r.id]
	switch e := t.open[r.id]; r.packet {
	case "PUBCOMP":
		delete(t.open, r.id)
		return
	case "PUBREC":
		if known = e != nil; known {
			l = e.label
		}
	case "PUBACK":
	default:
		return
	}
	if !known {
		t.add("%s left for packet identifier %d, which is not in use", r.packet, r.id)
		return
	}
	m := t.of(l)
	m.acked = true
	if t.byHand && m.fresh+m.again == 0 && !m.swallow {
		t.add("%v was acknowledged before it was taken", l)
	}
}

func (t *taken) note(r record) {
	m, l := t.of(r.label), r.label
	if m.fresh+m.again == 0 {
		t.inOrder(m, l)
	}
	repetition := r.again || r.dup && l.qos == mqtt.AtLeastOnce
	if repetition {
		m.again++
	} else {
		m.fresh++
	}
	switch {
	case m.fresh > m.begun:
		t.add("%v was taken %d times as new, and the server has begun it %d times", l, m.fresh, m.begun)
	case m.fresh+m.again > m.came:
		t.add("%v was taken %d times, and came %d times", l, m.fresh+m.again, m.came)
	case !t.byHand && l.qos == mqtt.ExactlyOnce && m.fresh+m.again > m.begun:
		t.add("%v was taken %d times, and the server has begun it %d times", l, m.fresh+m.again, m.begun)
	}
}

// inOrder: what is taken for the first time follows the one before as it was published; or, when the server was killed and
// may have lost its order, as it came. Which of several PUBLISHes was taken isn't known, so it fits if one way does.
func (t *taken) inOrder(m *incoming, l label) {
	this, last := position{l, m.life, m.first, m.at}, t.order[l.qos]
	switch {
	case t.calm && l.before(last.label):
		t.add("%v was taken after %v", l, last.label)
	case this.life == last.life && this.first < last.first && this.at < last.at:
		t.add("%v was taken after %v, and came before it", l, last.label)
	}
	t.order[l.qos] = this
}

package mqtttest

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// offer hands a message to a session: sent now, or kept until it can be. QoS 0 isn't kept for who is away.
func (c *core) offer(s *session, d *delivery) {
	if d.qos == codec.AtMostOnce {
		if s.link != nil && c.sendAs(s.link, d, false) == sent {
			c.journal.delivered++
		}
		return
	}
	s.queue = append(s.queue, d)
	if s.link != nil {
		c.pump(s.link)
	}
}

// pump sends what the client's window has room for: first again what an earlier connection had, then what is new (§4.4).
func (c *core) pump(l *link) {
	s := l.session
	for len(l.resend) > 0 && !l.ended {
		d := l.resend[0]
		if !d.released && l.open >= l.window {
			return
		}
		l.resend = l.resend[1:]
		c.open(l, d, true)
	}
	for len(s.queue) > 0 && !l.ended && l.open < l.window {
		d := s.queue[0]
		if !d.expired(time.Now()) {
			if !s.launch(d) {
				return
			}
			c.open(l, d, false)
		}
		s.queue = s.queue[1:]
	}
}

// open sends a delivery that counts in the window.
func (c *core) open(l *link, d *delivery, again bool) {
	d.open = true
	l.open++
	switch {
	case d.released:
		c.send(l, &codec.PubRel{PacketID: d.id})
	case c.sendAs(l, d, again) == tooLarge: // counts as sent (§3.1.2.11.4)
		c.finish(l, d)
	}
}

// finish is the end of a delivery, which makes room for another.
func (c *core) finish(l *link, d *delivery) {
	l.session.finish(d)
	d.open = false
	l.open--
}

// sendAs sends the PUBLISH of a delivery.
func (c *core) sendAs(l *link, d *delivery, again bool) fate {
	p := &codec.Publish{Dup: again, QoS: d.qos, Retain: d.retain, Topic: d.Topic, PacketID: d.id, Payload: d.Payload}
	if l.version != codec.V5 {
		return c.send(l, p)
	}
	alias, known := l.aliases.of(d.Topic)
	p.Properties = d.outgoing(d.ids, alias, time.Now())
	if known {
		p.Topic = ""
	}
	f := c.send(l, p)
	if !known && f != sent {
		delete(l.aliases.given, d.Topic) // the client has never heard of it
	}
	return f
}

// aliasesOut are the topic aliases that the Broker has given to a client (§3.3.2.3.4), none when most is zero.
type aliasesOut struct {
	most  uint16
	given map[string]uint16
}

// of gives the topic's alias, and whether the client knows it by now. Zero: it has none, for all are given.
func (a *aliasesOut) of(topic string) (alias uint16, known bool) {
	if alias, known = a.given[topic]; known || len(a.given) >= int(a.most) {
		return alias, known
	}
	if a.given == nil {
		a.given = map[string]uint16{}
	}
	alias = uint16(len(a.given) + 1)
	a.given[topic] = alias
	return alias, false
}

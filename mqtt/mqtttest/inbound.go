package mqtttest

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// received handles PUBLISH (§3.3.4, §4.3).
func (c *core) received(l *link, p *codec.Publish) {
	if code, section, reason := c.fault(l, p); code.Failed() {
		c.reject(l, codec.TypePublish, code, section, reason)
		return
	}
	allowed := c.cfg.authorize(l.clientID(), p.Topic, true)
	said := codec.Success
	if l.version == codec.V5 {
		said = allowed
	}
	switch p.QoS {
	case codec.AtLeastOnce:
		l.unfinished++
	case codec.ExactlyOnce:
		c.receivedExactlyOnce(l, p, allowed, said)
		return
	}
	if !allowed.Failed() {
		c.accept(newMessage(p, l.clientID(), time.Now()))
	}
	if p.QoS == codec.AtLeastOnce {
		c.answer(l, &codec.PubAck{PacketID: p.PacketID, Code: said}, 1)
	}
}

// fault finds what is wrong with a PUBLISH for this client, and puts the topic in place of an alias.
func (c *core) fault(l *link, p *codec.Publish) (code codec.ReasonCode, section, reason string) {
	switch {
	case p.QoS > c.cfg.maximumQoS():
		return codec.QoSNotSupported, "3.2.2.3.4", "above the maximum QoS"
	case l.version != codec.V5:
		return codec.Success, "", ""
	case p.Retain && unavailable(c.cfg.Announce.RetainAvailable):
		return codec.RetainNotSupported, "3.2.2.3.5", "retain isn't available"
	case p.QoS > codec.AtMostOnce && !l.counted[p.PacketID] && l.unfinished >= c.cfg.receiveMaximum():
		return codec.ReceiveMaximumExceeded, "3.3.4", "above the receive maximum"
	case p.Properties == nil || p.Properties.TopicAlias == 0:
		return codec.Success, "", ""
	}
	alias := p.Properties.TopicAlias
	if alias > c.cfg.Announce.TopicAliasMaximum {
		return codec.TopicAliasInvalid, "3.3.2.3.4", "above the topic alias maximum"
	}
	if p.Topic != "" {
		l.named[alias] = p.Topic
	} else if p.Topic = l.named[alias]; p.Topic == "" {
		return codec.ProtocolError, "3.3.2.3.4", "topic alias that has no topic"
	}
	return codec.Success, "", ""
}

// receivedExactlyOnce keeps the message until PUBREL. One that is held already is answered, and nothing else.
func (c *core) receivedExactlyOnce(l *link, p *codec.Publish, allowed, said codec.ReasonCode) {
	s, id := l.session, p.PacketID
	if _, held := s.held[id]; held {
		c.judgeRepeated(l, p)
	} else if said.Failed() {
		l.unfinished++
		c.answer(l, &codec.PubRec{PacketID: id, Code: said}, 1)
		return
	} else {
		m := newMessage(p, s.id, time.Now())
		if allowed.Failed() {
			m = nil // held as the others are, and then dropped
		}
		s.held[id] = m
	}
	if !l.counted[id] {
		l.counted[id] = true
		l.unfinished++
	}
	c.send(l, &codec.PubRec{PacketID: id})
}

// judgeRepeated notes what a client must not do with an identifier in use.
func (c *core) judgeRepeated(l *link, p *codec.Publish) {
	switch {
	case !p.Dup:
		c.violates(l, codec.TypePublish, codec.PacketIdentifierInUse, "3.3.1.1", "packet identifier in use, and DUP not set")
	case l.counted[p.PacketID] && l.version != codec.V31:
		c.violates(l, codec.TypePublish, codec.ProtocolError, "4.4", "sent again on the same connection")
	}
}

// pubRel completes a QoS 2 message.
func (c *core) pubRel(l *link, p *codec.PubRel) {
	m, held := l.session.held[p.PacketID]
	if !held {
		answer := &codec.PubComp{PacketID: p.PacketID}
		if l.version == codec.V5 {
			answer.Code = codec.PacketIdentifierNotFound
		}
		c.send(l, answer)
		return
	}
	delete(l.session.held, p.PacketID)
	if m != nil {
		c.accept(m)
	}
	finished := 0
	if l.counted[p.PacketID] {
		delete(l.counted, p.PacketID)
		finished = 1
	}
	c.answer(l, &codec.PubComp{PacketID: p.PacketID}, finished)
}

// accept is the completion of a message: it is recorded, and goes to those who want it.
func (c *core) accept(m *message) {
	c.journal.received = append(c.journal.received, Received{ClientID: m.from, Message: m.Publish})
	c.journal.completed++
	c.publish(m)
}

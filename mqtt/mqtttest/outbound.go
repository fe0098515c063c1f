package mqtttest

import "github.com/sluicemq/sluice/mqtt/codec"

// pubAck ends a QoS 1 delivery.
func (c *core) pubAck(l *link, p *codec.PubAck) {
	if d := c.acknowledged(l, codec.TypePubAck, p.PacketID, codec.AtLeastOnce); d != nil {
		c.journal.delivered++
		c.finish(l, d)
		c.pump(l)
	}
}

// pubRec is the first answer to a QoS 2 delivery: PUBREL follows, or with a failure nothing.
func (c *core) pubRec(l *link, p *codec.PubRec) {
	d := c.acknowledged(l, codec.TypePubRec, p.PacketID, codec.ExactlyOnce)
	switch {
	case d == nil:
		answer := &codec.PubRel{PacketID: p.PacketID}
		if l.version == codec.V5 {
			answer.Code = codec.PacketIdentifierNotFound
		}
		c.send(l, answer)
	case p.Code.Failed():
		c.finish(l, d)
		c.pump(l)
	default:
		d.released = true
		c.send(l, &codec.PubRel{PacketID: p.PacketID})
	}
}

// pubComp ends a QoS 2 delivery.
func (c *core) pubComp(l *link, p *codec.PubComp) {
	d := l.session.byID[p.PacketID]
	if d == nil || !d.open || !d.released {
		c.violates(l, codec.TypePubComp, codec.PacketIdentifierNotFound, "4.3.3", "nothing waits for it")
		return
	}
	c.journal.delivered++
	c.finish(l, d)
	c.pump(l)
}

// acknowledged gives the delivery that a client acknowledges, and notes what is wrong with that.
func (c *core) acknowledged(l *link, t codec.Type, id uint16, q codec.QoS) *delivery {
	d, inOrder := l.session.answered(id, q)
	switch {
	case d == nil:
		c.violates(l, t, codec.PacketIdentifierNotFound, "4.3", "nothing waits for it")
	case !inOrder:
		c.violates(l, t, codec.ProtocolError, "4.6", "not in the order of the messages")
	}
	return d
}

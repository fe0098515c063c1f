package mqtt

import (
	"cmp"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// largestPacket is the size of the largest packet there can be: five bytes of header, and what four of them can count
// (§2.1.4).
const largestPacket = 268_435_460

// connAck makes of a CONNACK what is in force. sent is the Client Identifier that the CONNECT had.
func (s *settings) connAck(version codec.Version, sent string, ack *codec.ConnAck) ConnAck {
	c := ConnAck{
		Version:                          Version(version),
		ClientID:                         sent,
		SessionPresent:                   ack.SessionPresent,
		KeepAlive:                        s.KeepAlive,
		ReceiveMaximum:                   65535,
		MaximumQoS:                       ExactlyOnce,
		RetainAvailable:                  true,
		MaximumPacketSize:                largestPacket,
		WildcardSubscriptionAvailable:    true,
		SubscriptionIdentifiersAvailable: version == codec.V5,
		SharedSubscriptionAvailable:      version == codec.V5,
	}
	switch {
	case version == codec.V5:
		c.SessionExpiry = s.SessionExpiry
		if ack.Properties != nil {
			c.apply(ack.Properties)
		}
	case s.Session == SessionDurable:
		c.SessionExpiry = SessionExpiryNever
	}
	return c
}

// apply takes over what the server said.
func (c *ConnAck) apply(p *codec.ConnAckProperties) {
	c.ClientID = cmp.Or(c.ClientID, p.AssignedClientIdentifier)
	c.AssignedClientIdentifier = p.AssignedClientIdentifier
	c.ReceiveMaximum = cmp.Or(p.ReceiveMaximum, c.ReceiveMaximum)
	c.MaximumPacketSize = cmp.Or(p.MaximumPacketSize, c.MaximumPacketSize)
	c.TopicAliasMaximum = p.TopicAliasMaximum
	c.ReasonString = p.ReasonString
	c.UserProperties = publicUserProperties(p.UserProperties)
	c.ResponseInformation = p.ResponseInformation
	c.ServerReference = p.ServerReference
	if p.SessionExpiryInterval != nil {
		c.SessionExpiry = fromWire(*p.SessionExpiryInterval)
	}
	if p.ServerKeepAlive != nil {
		c.KeepAlive = fromWire(uint32(*p.ServerKeepAlive))
	}
	if p.MaximumQoS != nil {
		c.MaximumQoS = QoS(*p.MaximumQoS)
	}
	c.RetainAvailable = said(p.RetainAvailable)
	c.WildcardSubscriptionAvailable = said(p.WildcardSubscriptionAvailable)
	c.SubscriptionIdentifiersAvailable = said(p.SubscriptionIdentifiersAvailable)
	c.SharedSubscriptionAvailable = said(p.SharedSubscriptionAvailable)
}

// said reads a byte that means yes when it is absent.
func said(b *bool) bool { return b == nil || *b }

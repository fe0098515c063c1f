package mqtt

import (
	"cmp"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// largestPacket is the size of the largest packet there can be: five bytes of header, and what four of them can count
// (§2.1.4).
const largestPacket = 268_435_460

// publicConnAck makes of a CONNACK, and of the CONNECT that it answers, what is in force.
func publicConnAck(version codec.Version, sent *codec.Connect, ack *codec.ConnAck) ConnAck {
	public := ConnAck{
		Version:                          Version(version),
		ClientID:                         sent.ClientID,
		SessionPresent:                   ack.SessionPresent,
		KeepAlive:                        fromWire(uint32(sent.KeepAlive)),
		ReceiveMaximum:                   65535,
		MaximumQoS:                       ExactlyOnce,
		RetainAvailable:                  true,
		MaximumPacketSize:                largestPacket,
		WildcardSubscriptionAvailable:    true,
		SubscriptionIdentifiersAvailable: version == codec.V5,
		SharedSubscriptionAvailable:      version == codec.V5,
	}
	switch {
	case version != codec.V5 && !sent.CleanStart:
		public.SessionExpiry = SessionExpiryNever
	case version == codec.V5 && sent.Properties != nil && sent.Properties.SessionExpiryInterval != nil:
		public.SessionExpiry = fromWire(*sent.Properties.SessionExpiryInterval)
	}
	if p := ack.Properties; version == codec.V5 && p != nil {
		public.apply(p)
	}
	return public
}

// apply takes over what the server said.
func (c *ConnAck) apply(p *codec.ConnAckProperties) {
	c.ClientID = cmp.Or(p.AssignedClientIdentifier, c.ClientID)
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

package decode

import "github.com/sluicemq/sluice/mqtt/codec"

func connectProperties(c *codec.ConnectProperties) (p properties) {
	if c == nil {
		return nil
	}
	p.seconds("session expiry interval", c.SessionExpiryInterval)
	p.number("receive maximum", uint64(c.ReceiveMaximum))
	p.number("maximum packet size", uint64(c.MaximumPacketSize))
	p.number("topic alias maximum", uint64(c.TopicAliasMaximum))
	if c.RequestResponseInformation {
		p.add("request response information", true)
	}
	p.flag("request problem information", c.RequestProblemInformation)
	p.user(c.UserProperties)
	p.authentication(c.AuthenticationMethod, c.AuthenticationData)
	return p
}

func willProperties(w *codec.WillProperties) (p properties) {
	if w == nil {
		return nil
	}
	if w.WillDelayInterval != 0 {
		p.add("will delay interval", seconds(w.WillDelayInterval))
	}
	p.format(w.PayloadFormatIndicator)
	p.seconds("message expiry interval", w.MessageExpiryInterval)
	p.text("content type", w.ContentType)
	p.text("response topic", w.ResponseTopic)
	p.bytes("correlation data", w.CorrelationData)
	p.user(w.UserProperties)
	return p
}

func connAckProperties(c *codec.ConnAckProperties) (p properties) {
	if c == nil {
		return nil
	}
	p.seconds("session expiry interval", c.SessionExpiryInterval)
	p.number("receive maximum", uint64(c.ReceiveMaximum))
	if c.MaximumQoS != nil {
		p.add("maximum QoS", number(*c.MaximumQoS))
	}
	p.flag("retain available", c.RetainAvailable)
	p.number("maximum packet size", uint64(c.MaximumPacketSize))
	p.text("assigned client identifier", c.AssignedClientIdentifier)
	p.number("topic alias maximum", uint64(c.TopicAliasMaximum))
	p.text("reason string", c.ReasonString)
	p.user(c.UserProperties)
	p.flag("wildcard subscription available", c.WildcardSubscriptionAvailable)
	p.flag("subscription identifiers available", c.SubscriptionIdentifiersAvailable)
	p.flag("shared subscription available", c.SharedSubscriptionAvailable)
	if c.ServerKeepAlive != nil {
		p.add("server keep alive", seconds(*c.ServerKeepAlive))
	}
	p.text("response information", c.ResponseInformation)
	p.text("server reference", c.ServerReference)
	p.authentication(c.AuthenticationMethod, c.AuthenticationData)
	return p
}

func publishProperties(m *codec.PublishProperties) (p properties) {
	if m == nil {
		return nil
	}
	p.format(m.PayloadFormatIndicator)
	p.seconds("message expiry interval", m.MessageExpiryInterval)
	p.number("topic alias", uint64(m.TopicAlias))
	p.text("response topic", m.ResponseTopic)
	p.bytes("correlation data", m.CorrelationData)
	if len(m.SubscriptionIdentifiers) > 0 {
		var ids list
		for _, id := range m.SubscriptionIdentifiers {
			ids = append(ids, number(id))
		}
		p.add("subscription identifier", ids)
	}
	p.text("content type", m.ContentType)
	p.user(m.UserProperties)
	return p
}

func reasonProperties(r *codec.ReasonProperties) (p properties) {
	if r == nil {
		return nil
	}
	p.text("reason string", r.ReasonString)
	p.user(r.UserProperties)
	return p
}

func subscribeProperties(s *codec.SubscribeProperties) (p properties) {
	if s == nil {
		return nil
	}
	p.number("subscription identifier", uint64(s.SubscriptionIdentifier))
	p.user(s.UserProperties)
	return p
}

func disconnectProperties(d *codec.DisconnectProperties) (p properties) {
	if d == nil {
		return nil
	}
	p.seconds("session expiry interval", d.SessionExpiryInterval)
	p.text("reason string", d.ReasonString)
	p.text("server reference", d.ServerReference)
	p.user(d.UserProperties)
	return p
}

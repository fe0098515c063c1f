package mqtttest

import "github.com/sluicemq/sluice/mqtt/codec"

// subscribe answers SUBSCRIBE (§3.8.4). The retained messages follow the answer.
func (c *core) subscribe(l *link, p *codec.Subscribe) {
	s := l.session
	answer := &codec.SubAck{PacketID: p.PacketID}
	var wantRetained []*subscription
	for _, asked := range p.Subscriptions {
		sub := &subscription{Subscription: asked}
		if p.Properties != nil {
			sub.identifier = p.Properties.SubscriptionIdentifier
		}
		code := c.judgeSubscription(l, sub)
		if code.Failed() {
			if l.version == codec.V31 { // it has no way to say so
				code = codec.ReasonCode(asked.QoS)
			}
			answer.Codes = append(answer.Codes, code)
			continue
		}
		sub.QoS = min(sub.QoS, c.cfg.maximumQoS())
		answer.Codes = append(answer.Codes, codec.ReasonCode(sub.QoS))
		isNew := s.subscribe(sub)
		if sub.RetainHandling == 0 || sub.RetainHandling == 1 && isNew {
			wantRetained = append(wantRetained, sub)
		}
	}
	clear(c.routes)
	c.send(l, answer)
	for _, sub := range wantRetained {
		c.offerRetained(s, sub)
	}
}

// judgeSubscription says whether and why a subscription is refused.
func (c *core) judgeSubscription(l *link, sub *subscription) codec.ReasonCode {
	if l.version == codec.V5 {
		_, _, shared := codec.SharedFilter(sub.Filter)
		switch {
		case shared:
			return codec.SharedSubscriptionsNotSupported
		case unavailable(c.cfg.Announce.WildcardSubscriptionAvailable) && wild(sub.Filter):
			return codec.WildcardSubscriptionsNotSupported
		case unavailable(c.cfg.Announce.SubscriptionIdentifiersAvailable) && sub.identifier != 0:
			return codec.SubscriptionIdentifiersNotSupported
		}
	}
	return c.cfg.authorize(l.clientID(), sub.Filter, false)
}

func wild(filter string) bool { return codec.CheckTopicName(filter) != nil }

// unsubscribe answers UNSUBSCRIBE (§3.10.4).
func (c *core) unsubscribe(l *link, p *codec.Unsubscribe) {
	answer := &codec.UnsubAck{PacketID: p.PacketID}
	for _, filter := range p.Filters {
		code := codec.Success
		if !l.session.unsubscribe(filter) {
			code = codec.NoSubscriptionExisted
		}
		answer.Codes = append(answer.Codes, code)
	}
	clear(c.routes)
	c.send(l, answer)
}

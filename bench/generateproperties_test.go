package main

import "github.com/sluicemq/sluice/mqtt/codec"

// Properties, each there half of the time. On 3.x there are none.

// maybe is the value half of the time, and zero otherwise.
func maybe[T any](g *generator, value T) (none T) {
	if g.some() {
		return value
	}
	return none
}

// seconds is nil, or an interval that is zero now and then.
func (g *generator) seconds() *uint32 { return maybe(g, new(g.number32())) }

func (g *generator) users() []codec.UserProperty {
	if g.Version != codec.V5 || g.some() {
		return nil
	}
	return list(g, func() codec.UserProperty { return codec.UserProperty{Key: g.text(), Value: g.text()} })
}

func (g *generator) reason() *codec.ReasonProperties {
	if g.Version != codec.V5 {
		return nil
	}
	return orNil(codec.ReasonProperties{ReasonString: maybe(g, g.text()), UserProperties: g.users()})
}

func (g *generator) connectProperties() *codec.ConnectProperties {
	if g.Version != codec.V5 || g.rarely() {
		return nil
	}
	p := codec.ConnectProperties{
		SessionExpiryInterval: g.seconds(), ReceiveMaximum: g.number16(), MaximumPacketSize: g.number32(),
		TopicAliasMaximum: g.number16(), RequestResponseInformation: g.some(),
		RequestProblemInformation: maybe(g, new(g.some())), UserProperties: g.users(), AuthenticationMethod: maybe(g, g.word()),
	}
	if p.AuthenticationMethod != "" {
		p.AuthenticationData = g.data()
	}
	return orNil(p)
}

func (g *generator) connAckProperties() *codec.ConnAckProperties {
	if g.Version != codec.V5 || g.rarely() {
		return nil
	}
	p := codec.ConnAckProperties{
		SessionExpiryInterval: g.seconds(), ReceiveMaximum: g.number16(), MaximumQoS: maybe(g, new(codec.QoS(g.IntN(2)))),
		RetainAvailable: maybe(g, new(g.some())), MaximumPacketSize: g.number32(), AssignedClientIdentifier: g.text(),
		TopicAliasMaximum: g.number16(), ReasonString: g.text(), UserProperties: g.users(),
		WildcardSubscriptionAvailable: maybe(g, new(g.some())), SubscriptionIdentifiersAvailable: maybe(g, new(g.some())),
		SharedSubscriptionAvailable: maybe(g, new(g.some())), ServerKeepAlive: maybe(g, new(g.number16())),
		ResponseInformation: g.text(), ServerReference: g.text(), AuthenticationMethod: maybe(g, g.word()),
	}
	if p.AuthenticationMethod != "" {
		p.AuthenticationData = g.data()
	}
	return orNil(p)
}

func (g *generator) publishProperties() *codec.PublishProperties {
	if g.Version != codec.V5 || g.rarely() {
		return nil
	}
	p := codec.PublishProperties{
		PayloadFormatIndicator: byte(g.IntN(2)), MessageExpiryInterval: g.seconds(), TopicAlias: maybe(g, g.id()),
		ResponseTopic: maybe(g, g.topic()), CorrelationData: g.data(), ContentType: g.text(), UserProperties: g.users(),
	}
	if g.From == codec.FromServer && g.some() {
		p.SubscriptionIdentifiers = list(g, g.identifier)
	}
	return orNil(p)
}

func (g *generator) willProperties() *codec.WillProperties {
	if g.Version != codec.V5 {
		return nil
	}
	return orNil(codec.WillProperties{
		WillDelayInterval: maybe(g, g.number32()), PayloadFormatIndicator: byte(g.IntN(2)), MessageExpiryInterval: g.seconds(),
		ContentType: g.text(), ResponseTopic: maybe(g, g.topic()), CorrelationData: g.data(), UserProperties: g.users(),
	})
}

func (g *generator) subscribeProperties() *codec.SubscribeProperties {
	if g.Version != codec.V5 {
		return nil
	}
	return orNil(codec.SubscribeProperties{SubscriptionIdentifier: maybe(g, g.identifier()), UserProperties: g.users()})
}

func (g *generator) disconnectProperties() *codec.DisconnectProperties {
	if g.Version != codec.V5 || g.some() {
		return nil
	}
	p := codec.DisconnectProperties{ReasonString: g.text(), UserProperties: g.users()}
	if g.From == codec.FromServer {
		p.ServerReference = g.text()
	} else {
		p.SessionExpiryInterval = g.seconds()
	}
	return orNil(p)
}

// identifier is a Subscription Identifier, of one to four bytes on the wire.
func (g *generator) identifier() uint32 { return max(1, g.number32()>>4) }

package main

import (
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Theirs has one struct for the properties of all packets, and a flag beside what may be zero.

func theirUsers(properties []codec.UserProperty) (t []packets.UserProperty) {
	for _, p := range properties {
		t = append(t, packets.UserProperty{Key: p.Key, Val: p.Value})
	}
	return t
}

// there is the value of a pointer, and whether there is one.
func there[T any](p *T) (value T, is bool) {
	if p == nil {
		return value, false
	}
	return *p, true
}

// bit is a boolean of theirs, and whether there is one.
func bit(p *bool) (value byte, is bool) {
	b, is := there(p)
	if b {
		value = 1
	}
	return value, is
}

func theirReason(p *codec.ReasonProperties) (t packets.Properties) {
	if p != nil {
		t.ReasonString, t.User = p.ReasonString, theirUsers(p.UserProperties)
	}
	return t
}

func theirConnectProperties(p *codec.ConnectProperties) (t packets.Properties) {
	if p == nil {
		return t
	}
	t.SessionExpiryInterval, t.SessionExpiryIntervalFlag = there(p.SessionExpiryInterval)
	t.ReceiveMaximum, t.MaximumPacketSize, t.TopicAliasMaximum = p.ReceiveMaximum, p.MaximumPacketSize, p.TopicAliasMaximum
	t.RequestResponseInfo, _ = bit(&p.RequestResponseInformation)
	t.RequestProblemInfo, t.RequestProblemInfoFlag = bit(p.RequestProblemInformation)
	t.User = theirUsers(p.UserProperties)
	t.AuthenticationMethod, t.AuthenticationData = p.AuthenticationMethod, p.AuthenticationData
	return t
}

func theirConnAckProperties(p *codec.ConnAckProperties) (t packets.Properties) {
	if p == nil {
		return t
	}
	qos, limited := there(p.MaximumQoS)
	t.MaximumQos, t.MaximumQosFlag = byte(qos), limited
	t.SessionExpiryInterval, t.SessionExpiryIntervalFlag = there(p.SessionExpiryInterval)
	t.ServerKeepAlive, t.ServerKeepAliveFlag = there(p.ServerKeepAlive)
	t.RetainAvailable, t.RetainAvailableFlag = bit(p.RetainAvailable)
	t.WildcardSubAvailable, t.WildcardSubAvailableFlag = bit(p.WildcardSubscriptionAvailable)
	t.SubIDAvailable, t.SubIDAvailableFlag = bit(p.SubscriptionIdentifiersAvailable)
	t.SharedSubAvailable, t.SharedSubAvailableFlag = bit(p.SharedSubscriptionAvailable)
	t.ReceiveMaximum, t.MaximumPacketSize, t.TopicAliasMaximum = p.ReceiveMaximum, p.MaximumPacketSize, p.TopicAliasMaximum
	t.AssignedClientID, t.ReasonString, t.User = p.AssignedClientIdentifier, p.ReasonString, theirUsers(p.UserProperties)
	t.ResponseInfo, t.ServerReference = p.ResponseInformation, p.ServerReference
	t.AuthenticationMethod, t.AuthenticationData = p.AuthenticationMethod, p.AuthenticationData
	return t
}

func theirPublishProperties(p *codec.PublishProperties) (t packets.Properties) {
	if p == nil {
		return t
	}
	t.PayloadFormat, t.PayloadFormatFlag = p.PayloadFormatIndicator, p.PayloadFormatIndicator != 0
	t.MessageExpiryInterval, _ = there(p.MessageExpiryInterval)
	t.TopicAlias, t.TopicAliasFlag = p.TopicAlias, p.TopicAlias != 0
	t.ResponseTopic, t.CorrelationData, t.ContentType = p.ResponseTopic, p.CorrelationData, p.ContentType
	for _, identifier := range p.SubscriptionIdentifiers {
		t.SubscriptionIdentifier = append(t.SubscriptionIdentifier, int(identifier))
	}
	t.User = theirUsers(p.UserProperties)
	return t
}

func theirWillProperties(p *codec.WillProperties) (t packets.Properties) {
	if p == nil {
		return t
	}
	t.WillDelayInterval = p.WillDelayInterval
	t.PayloadFormat, t.PayloadFormatFlag = p.PayloadFormatIndicator, p.PayloadFormatIndicator != 0
	t.MessageExpiryInterval, _ = there(p.MessageExpiryInterval)
	t.ResponseTopic, t.CorrelationData, t.ContentType = p.ResponseTopic, p.CorrelationData, p.ContentType
	t.User = theirUsers(p.UserProperties)
	return t
}

func theirDisconnectProperties(p *codec.DisconnectProperties) (t packets.Properties) {
	if p == nil {
		return t
	}
	t.SessionExpiryInterval, t.SessionExpiryIntervalFlag = there(p.SessionExpiryInterval)
	t.ReasonString, t.ServerReference, t.User = p.ReasonString, p.ServerReference, theirUsers(p.UserProperties)
	return t
}

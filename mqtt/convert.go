package mqtt

import (
	"bytes"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// What has codec in its name makes a packet's values from the public ones, and copies no bytes: who wants a copy makes
// one. What has public in its name makes public values, whose slices are the application's own.

func codecUserProperties(list []UserProperty) []codec.UserProperty {
	if len(list) == 0 {
		return nil
	}
	props := make([]codec.UserProperty, len(list))
	for i, p := range list {
		props[i] = codec.UserProperty(p)
	}
	return props
}

func publicUserProperties(list []codec.UserProperty) []UserProperty {
	if len(list) == 0 {
		return nil
	}
	props := make([]UserProperty, len(list))
	for i, p := range list {
		props[i] = UserProperty(p)
	}
	return props
}

// codecInterval is an optional duration, checked before, in seconds.
func codecInterval(d *time.Duration) *uint32 {
	if d == nil {
		return nil
	}
	return new(onWire(*d))
}

func publicInterval(s *uint32) *time.Duration {
	if s == nil {
		return nil
	}
	return new(fromWire(*s))
}

// codecPublishProperties is nil when no property is set.
func codecPublishProperties(p *PublishProperties) *codec.PublishProperties {
	if p == nil || p.empty() {
		return nil
	}
	return &codec.PublishProperties{
		PayloadFormatIndicator: p.PayloadFormatIndicator,
		MessageExpiryInterval:  codecInterval(p.MessageExpiryInterval),
		TopicAlias:             p.TopicAlias,
		ResponseTopic:          p.ResponseTopic,
		CorrelationData:        p.CorrelationData,
		ContentType:            p.ContentType,
		UserProperties:         codecUserProperties(p.UserProperties),
	}
}

// publicMessage makes the message of a packet that nobody else will write to. Its payload is cut to its length, so that
// appending to it doesn't reach the packet behind it.
func publicMessage(p *codec.Publish) Message {
	return Message{
		QoS: QoS(p.QoS), Retain: p.Retain, Topic: p.Topic, Payload: slices.Clip(p.Payload),
		Properties: publicPublishProperties(p.Properties),
	}
}

// publicPublishProperties is nil when p has no more than Subscription Identifiers and an alias, which are resolved.
func publicPublishProperties(p *codec.PublishProperties) *PublishProperties {
	if p == nil {
		return nil
	}
	public := &PublishProperties{
		PayloadFormatIndicator: p.PayloadFormatIndicator,
		MessageExpiryInterval:  publicInterval(p.MessageExpiryInterval),
		ResponseTopic:          p.ResponseTopic,
		CorrelationData:        bytes.Clone(p.CorrelationData),
		ContentType:            p.ContentType,
		UserProperties:         publicUserProperties(p.UserProperties),
	}
	if public.empty() {
		return nil
	}
	return public
}

func codecWill(w *Will) *codec.Will {
	if w == nil {
		return nil
	}
	will := &codec.Will{Topic: w.Topic, Payload: w.Payload, QoS: codec.QoS(w.QoS), Retain: w.Retain}
	if p := w.Properties; p != nil {
		will.Properties = &codec.WillProperties{
			WillDelayInterval:      onWire(p.WillDelayInterval),
			PayloadFormatIndicator: p.PayloadFormatIndicator,
			MessageExpiryInterval:  codecInterval(p.MessageExpiryInterval),
			ContentType:            p.ContentType,
			ResponseTopic:          p.ResponseTopic,
			CorrelationData:        p.CorrelationData,
			UserProperties:         codecUserProperties(p.UserProperties),
		}
	}
	return will
}

// codecDisconnect makes the packet that ends a connection. 3.x has nothing in it.
func codecDisconnect(d *Disconnect) *codec.Disconnect {
	packet := &codec.Disconnect{Code: d.Code}
	if d.SessionExpiry != nil || d.ReasonString != "" || len(d.UserProperties) > 0 {
		packet.Properties = &codec.DisconnectProperties{
			SessionExpiryInterval: codecInterval(d.SessionExpiry),
			ReasonString:          d.ReasonString,
			UserProperties:        codecUserProperties(d.UserProperties),
		}
	}
	return packet
}

package mqtt

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Will is the message that the server publishes when the connection ends without a proper DISCONNECT (§3.1.2.5). New
// copies it.
type Will struct {
	// Topic is a Topic Name: 1 to 65,535 bytes of UTF-8 without U+0000, "+" and "#". There is no default.
	Topic string

	// Payload is at most 65,535 bytes, or none.
	Payload []byte

	// QoS is the quality of service. Zero: AtMostOnce.
	QoS QoS

	// Retain has the server retain the message.
	Retain bool

	// Properties is for MQTT 5.0 alone; nil for none. With a 3.x Version set properties are a *ConfigError, unless
	// Config.Lenient says to leave them out.
	Properties *WillProperties
}

// WillProperties are the properties of a will (§3.1.3.2). The zero value has none set.
type WillProperties struct {
	// WillDelayInterval is how long the server waits with the will, in whole seconds up to 4,294,967,295 s; a new
	// connection of the session before that cancels it, and the session's end brings it at once. Zero, the default: no
	// delay (§3.1.3.2.2).
	WillDelayInterval time.Duration

	// PayloadFormatIndicator is 0 for bytes, the default, and 1 for a payload that is valid UTF-8, which is checked
	// (§3.1.3.2.3).
	PayloadFormatIndicator byte

	// MessageExpiryInterval is the lifetime that the message is published with, in whole seconds up to 4,294,967,295 s;
	// nil: it never expires (§3.1.3.2.4).
	MessageExpiryInterval *time.Duration

	// ContentType describes the payload: at most 65,535 bytes of UTF-8; empty: none (§3.1.3.2.5).
	ContentType string

	// ResponseTopic is where an answer is expected: a Topic Name; empty: none (§3.1.3.2.6).
	ResponseTopic string

	// CorrelationData is at most 65,535 bytes; nil: none (§3.1.3.2.7).
	CorrelationData []byte

	// UserProperties are published with the message, in this order (§3.1.3.2.8).
	UserProperties []UserProperty
}

// common are the properties that a will shares with the messages that are published, for their common checks.
func (p *WillProperties) common() *PublishProperties {
	return &PublishProperties{
		PayloadFormatIndicator: p.PayloadFormatIndicator,
		MessageExpiryInterval:  p.MessageExpiryInterval,
		ResponseTopic:          p.ResponseTopic,
		CorrelationData:        p.CorrelationData,
		ContentType:            p.ContentType,
		UserProperties:         p.UserProperties,
	}
}

// needsV5 says whether w has something set that only MQTT 5.0 can carry.
func (w *Will) needsV5() bool {
	return w.Properties != nil && (w.Properties.WillDelayInterval != 0 || !w.Properties.common().empty())
}

func (w *Will) fault() *fault {
	if err := codec.CheckTopicName(w.Topic); err != nil {
		return topicFault("Topic", err)
	}
	if f := binaryFault("Payload", w.Payload); f != nil {
		return f
	}
	if f := qosFault(w.QoS); f != nil || w.Properties == nil {
		return f
	}
	p := w.Properties
	if f := secondsFault("WillDelayInterval", p.WillDelayInterval, 0, SessionExpiryNever); f != nil {
		return f.in("Properties")
	}
	return p.common().fault(w.Payload, 0).in("Properties")
}

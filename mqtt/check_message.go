package mqtt

import (
	"time"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// checkMessage says what is wrong with m whatever the server and the version; its error is an *ArgumentError.
func checkMessage(m *Message) error {
	if f := m.fault(); f != nil {
		return f.in("Message").argument()
	}
	return nil
}

func (m *Message) fault() *fault {
	if m.Topic != "" || m.Properties == nil || m.Properties.TopicAlias == 0 {
		if err := codec.CheckTopicName(m.Topic); err != nil {
			return topicFault("Topic", err)
		}
	}
	if f := qosFault(m.QoS); f != nil || m.Properties == nil {
		return f
	}
	return m.Properties.fault(m.Payload, time.Second).in("Properties")
}

// fault checks what messages and wills have in common. An expiry below least is none that the payload can have.
func (p *PublishProperties) fault(payload []byte, least time.Duration) *fault {
	if e := p.MessageExpiryInterval; e != nil {
		if f := secondsFault("MessageExpiryInterval", *e, least, SessionExpiryNever); f != nil {
			return f
		}
	}
	if p.ResponseTopic != "" {
		if err := codec.CheckTopicName(p.ResponseTopic); err != nil {
			return topicFault("ResponseTopic", err)
		}
	}
	switch {
	case p.PayloadFormatIndicator > 1:
		return faulty("PayloadFormatIndicator", "is %d: write 0 for bytes, 1 for UTF-8", p.PayloadFormatIndicator)
	case p.PayloadFormatIndicator == 1 && !utf8.Valid(payload):
		return faulty("PayloadFormatIndicator", "is 1, and the payload is not valid UTF-8: write 0")
	}
	if f := textFault("ContentType", p.ContentType); f != nil {
		return f
	}
	if f := binaryFault("CorrelationData", p.CorrelationData); f != nil {
		return f
	}
	return userPropertiesFault(p.UserProperties)
}

// topicFault is what codec says about a topic or filter.
func topicFault(field string, err error) *fault { return &fault{field, err.Error()} }

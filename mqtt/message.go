package mqtt

import "time"

// Message is what is published (§3.3), and the larger part of what is received. It is a plain value; to publish the
// same one from many goroutines is safe as long as nobody writes to what it refers to.
//
// Publish and PublishAsync keep nothing of a Message after they return: the caller may write to its slices again. Of a
// received Message all slices belong to the application.
type Message struct {
	// Topic is the Topic Name: 1 to 65,535 bytes of UTF-8 without U+0000, "+" and "#" (§4.7). It may be empty beside a
	// TopicAlias, and means then the topic that this client last published with that alias: the last call before this one
	// counts that was admitted, on whichever connection. Without one, the publish is an *ArgumentError. In what is received
	// it is always the whole topic.
	Topic string

	// Payload is any bytes, or none. An empty payload with Retain deletes what the server retained (§3.3.1.3).
	Payload []byte

	// QoS is the quality of service. Zero: AtMostOnce.
	QoS QoS

	// Retain asks the server to keep the message for later subscribers. In what is received it says that the message
	// was retained, or, with Subscription.RetainAsPublished, how it was published (§3.3.1.3).
	Retain bool

	// Properties is for MQTT 5.0 alone; nil for none. On a 3.x connection properties that are set are an error
	// (ErrVersion), unless Config.Lenient says to leave them out.
	Properties *PublishProperties
}

// PublishProperties are the properties of a message (§3.3.2.3). The zero value has none set.
type PublishProperties struct {
	// PayloadFormatIndicator is 0 for bytes, the default, and 1 for a payload that is valid UTF-8; a publish with 1 is
	// checked for that (§3.3.2.3.2).
	PayloadFormatIndicator byte

	// MessageExpiryInterval is how long the message may wait, in whole seconds from 1 s to 4,294,967,295 s; nil: it
	// never expires. In a publish it counts from the call, in this client's outbox too; what expires there ends with
	// ErrExpired and ErrNotSent. In what is received it is what was left when the server sent it, possibly zero
	// (§3.3.2.3.3).
	MessageExpiryInterval *time.Duration

	// TopicAlias asks for this alias, 1 to the server's Topic Alias Maximum (ConnAck.TopicAliasMaximum); 0, the
	// default: none, but what Config.TopicAlias says. More than that maximum is a *LimitError. The server knows an alias as
	// long as the connection lives: what is sent again, and what waited for a connection, leaves with its topic and
	// without it. A message without a topic is given that topic where the server doesn't know it. In what is received
	// it is 0: aliases are resolved. The client keeps the last topic of each alias that was used (§3.3.2.3.4).
	TopicAlias uint16

	// ResponseTopic is where an answer is expected: a Topic Name; empty, the default: none (§3.3.2.3.5). Client.Request fills
	// it in, and Client.Reply answers to it.
	ResponseTopic string

	// CorrelationData lets the requester know its answer: at most 65,535 bytes; nil: none (§3.3.2.3.6).
	CorrelationData []byte

	// ContentType describes the payload, by MIME type or otherwise: at most 65,535 bytes of UTF-8; empty: none
	// (§3.3.2.3.9).
	ContentType string

	// UserProperties go to the subscribers in this order, duplicates included (§3.3.2.3.7).
	UserProperties []UserProperty
}

// UserProperty is a pair of UTF-8 strings, each at most 65,535 bytes without U+0000, whose meaning is the application's
// (§1.5.7). A key may stand more than once; order is kept.
type UserProperty struct{ Key, Value string }

// Result is what the server answered to a message that is done or was refused.
type Result struct {
	PacketID       uint16         // the Packet Identifier that it was last sent with; 0 at QoS 0
	Code           ReasonCode     // of PUBACK, or of PUBREC and PUBCOMP the one that says more; codec.Success at QoS 0 and on 3.x
	ReasonString   string         // v5: for people; empty for none
	UserProperties []UserProperty // v5: of that packet; the caller's own
}

// empty says that no property is set.
func (p *PublishProperties) empty() bool {
	return p.PayloadFormatIndicator == 0 && p.MessageExpiryInterval == nil && p.TopicAlias == 0 && p.ResponseTopic == "" &&
		p.CorrelationData == nil && p.ContentType == "" && len(p.UserProperties) == 0
}

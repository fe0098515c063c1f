package codec

// PublishProperties are the properties of PUBLISH (§3.3.2.3). The zero value of a field means that it isn't sent.
type PublishProperties struct {
	PayloadFormatIndicator byte    // 0 for bytes, 1 for UTF-8
	MessageExpiryInterval  *uint32 // in seconds; nil for never
	TopicAlias             uint16  // 0 for none
	ResponseTopic          string  // a Topic Name
	CorrelationData        []byte  // nil for absent, at most 65,535 bytes

	// SubscriptionIdentifiers come from a server alone: of the subscriptions for which it sends the message (1 to
	// 268,435,455). A client never sends one.
	SubscriptionIdentifiers []uint32

	ContentType    string
	UserProperties []UserProperty
}

// appendFixed writes what is the same on every connection.
func (p *PublishProperties) appendFixed(e *encoder) {
	if p == nil {
		return
	}
	e.nonZero(idPayloadFormatIndicator, uint32(p.PayloadFormatIndicator))
	e.topic(idResponseTopic, p.ResponseTopic)
	e.bytes(idCorrelationData, p.CorrelationData)
	e.string(idContentType, p.ContentType)
	e.userProperties(p.UserProperties)
}

// appendVarying writes the rest.
func (p *PublishProperties) appendVarying(e *encoder) {
	if p == nil {
		return
	}
	e.optional(idMessageExpiryInterval, p.MessageExpiryInterval)
	e.nonZero(idTopicAlias, uint32(p.TopicAlias))
	for _, id := range p.SubscriptionIdentifiers {
		e.number(idSubscriptionIdentifier, id)
	}
}

// decodeProperties reads the block at the start of b, and returns what follows it.
func (p *Publish) decodeProperties(b []byte, from Side) (rest []byte, err error) {
	in, rest := openProperties(b, publishBlock, from)
	if in.err != nil {
		return nil, in.err
	}
	to := new(PublishProperties)
	for in.next() {
		switch in.id {
		case idPayloadFormatIndicator:
			to.PayloadFormatIndicator = byte(in.number)
		case idMessageExpiryInterval:
			to.MessageExpiryInterval = new(in.number)
		case idTopicAlias:
			to.TopicAlias = uint16(in.number)
		case idResponseTopic:
			to.ResponseTopic = in.topic()
		case idCorrelationData:
			to.CorrelationData = in.bytes()
		case idSubscriptionIdentifier:
			to.SubscriptionIdentifiers = append(to.SubscriptionIdentifiers, in.number)
		case idContentType:
			to.ContentType = in.string()
		case idUserProperty:
			to.UserProperties = in.userProperty(to.UserProperties)
		}
	}
	p.Properties = to
	return rest, in.err
}

package codec

// ConnAckProperties are the properties of CONNACK (§3.2.2.3): what the server can do and won't take. The zero value of a
// field means that it isn't there.
type ConnAckProperties struct {
	SessionExpiryInterval            *uint32 // in seconds; nil leaves what CONNECT asked for
	ReceiveMaximum                   uint16  // 0 for absent, which counts as 65,535
	MaximumQoS                       *QoS    // 0 or 1; nil counts as 2
	RetainAvailable                  *bool   // nil counts as true
	MaximumPacketSize                uint32  // in bytes; 0 for absent, which sets no limit
	AssignedClientIdentifier         string  // empty when the client's own stands
	TopicAliasMaximum                uint16
	ReasonString                     string
	UserProperties                   []UserProperty
	WildcardSubscriptionAvailable    *bool   // nil counts as true
	SubscriptionIdentifiersAvailable *bool   // nil counts as true
	SharedSubscriptionAvailable      *bool   // nil counts as true
	ServerKeepAlive                  *uint16 // in seconds, 0 for off; nil leaves what CONNECT asked for
	ResponseInformation              string
	ServerReference                  string
	AuthenticationMethod             string // empty for absent
	AuthenticationData               []byte // nil for absent; it needs a method
}

func (p *ConnAckProperties) append(e *encoder) {
	at := e.openBlock(connAckBlock)
	if p != nil {
		p.appendLimits(e)
		e.string(idAssignedClientIdentifier, p.AssignedClientIdentifier)
		e.string(idReasonString, p.ReasonString)
		e.userProperties(p.UserProperties)
		e.string(idResponseInformation, p.ResponseInformation)
		e.string(idServerReference, p.ServerReference)
		e.authentication(p.AuthenticationMethod, p.AuthenticationData)
	}
	e.closeBlock(at)
}

func (p *ConnAckProperties) appendLimits(e *encoder) {
	e.optional(idSessionExpiryInterval, p.SessionExpiryInterval)
	e.nonZero(idReceiveMaximum, uint32(p.ReceiveMaximum))
	if p.MaximumQoS != nil {
		e.number(idMaximumQoS, uint32(*p.MaximumQoS))
	}
	e.optionalBool(idRetainAvailable, p.RetainAvailable)
	e.nonZero(idMaximumPacketSize, p.MaximumPacketSize)
	e.nonZero(idTopicAliasMaximum, uint32(p.TopicAliasMaximum))
	e.optionalBool(idWildcardSubscriptionAvailable, p.WildcardSubscriptionAvailable)
	e.optionalBool(idSubscriptionIdentifiersAvailable, p.SubscriptionIdentifiersAvailable)
	e.optionalBool(idSharedSubscriptionAvailable, p.SharedSubscriptionAvailable)
	if p.ServerKeepAlive != nil {
		e.number(idServerKeepAlive, uint32(*p.ServerKeepAlive))
	}
}

func decodeConnAckProperties(r *decoder) *ConnAckProperties {
	in, more := r.properties(connAckBlock)
	if !more {
		return nil
	}
	p := new(ConnAckProperties)
	for in.next() {
		switch in.id {
		case idAssignedClientIdentifier:
			p.AssignedClientIdentifier = in.string()
		case idReasonString:
			p.ReasonString = in.string()
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		case idResponseInformation:
			p.ResponseInformation = in.string()
		case idServerReference:
			p.ServerReference = in.string()
		case idAuthenticationMethod:
			p.AuthenticationMethod = in.string()
		case idAuthenticationData:
			p.AuthenticationData = in.bytes()
		default:
			p.setLimit(in.id, in.number)
		}
	}
	in.judgeAuthentication(p.AuthenticationMethod, p.AuthenticationData)
	r.close(&in)
	return p
}

func (p *ConnAckProperties) setLimit(id byte, n uint32) {
	switch id {
	case idSessionExpiryInterval:
		p.SessionExpiryInterval = new(n)
	case idReceiveMaximum:
		p.ReceiveMaximum = uint16(n)
	case idMaximumQoS:
		p.MaximumQoS = new(QoS(n))
	case idRetainAvailable:
		p.RetainAvailable = new(n == 1)
	case idMaximumPacketSize:
		p.MaximumPacketSize = n
	case idTopicAliasMaximum:
		p.TopicAliasMaximum = uint16(n)
	case idWildcardSubscriptionAvailable:
		p.WildcardSubscriptionAvailable = new(n == 1)
	case idSubscriptionIdentifiersAvailable:
		p.SubscriptionIdentifiersAvailable = new(n == 1)
	case idSharedSubscriptionAvailable:
		p.SharedSubscriptionAvailable = new(n == 1)
	case idServerKeepAlive:
		p.ServerKeepAlive = new(uint16(n))
	}
}

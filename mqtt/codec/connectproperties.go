package codec

// ConnectProperties are the properties of CONNECT (§3.1.2.11). The zero value of a field means that it isn't sent.
type ConnectProperties struct {
	SessionExpiryInterval      *uint32 // in seconds; nil counts as 0, and 0xFFFFFFFF as never
	ReceiveMaximum             uint16  // 0 for absent, which counts as 65,535
	MaximumPacketSize          uint32  // in bytes; 0 for absent, which sets no limit
	TopicAliasMaximum          uint16
	RequestResponseInformation bool
	RequestProblemInformation  *bool // nil counts as true
	UserProperties             []UserProperty
	AuthenticationMethod       string // empty for absent
	AuthenticationData         []byte // nil for absent; it needs a method
}

func (p *ConnectProperties) append(e *encoder) {
	at := e.openBlock(connectBlock)
	if p != nil {
		e.optional(idSessionExpiryInterval, p.SessionExpiryInterval)
		e.nonZero(idReceiveMaximum, uint32(p.ReceiveMaximum))
		e.nonZero(idMaximumPacketSize, p.MaximumPacketSize)
		e.nonZero(idTopicAliasMaximum, uint32(p.TopicAliasMaximum))
		e.nonZero(idRequestResponseInformation, bit(p.RequestResponseInformation))
		e.optionalBool(idRequestProblemInformation, p.RequestProblemInformation)
		e.userProperties(p.UserProperties)
		e.authentication(p.AuthenticationMethod, p.AuthenticationData)
	}
	e.closeBlock(at)
}

func decodeConnectProperties(r *decoder) *ConnectProperties {
	in, more := r.properties(connectBlock)
	if !more {
		return nil
	}
	p := new(ConnectProperties)
	for in.next() {
		switch in.id {
		case idSessionExpiryInterval:
			p.SessionExpiryInterval = new(in.number)
		case idReceiveMaximum:
			p.ReceiveMaximum = uint16(in.number)
		case idMaximumPacketSize:
			p.MaximumPacketSize = in.number
		case idTopicAliasMaximum:
			p.TopicAliasMaximum = uint16(in.number)
		case idRequestResponseInformation:
			p.RequestResponseInformation = in.number == 1
		case idRequestProblemInformation:
			p.RequestProblemInformation = new(in.number == 1)
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		case idAuthenticationMethod:
			p.AuthenticationMethod = in.string()
		case idAuthenticationData:
			p.AuthenticationData = in.bytes()
		}
	}
	in.judgeAuthentication(p.AuthenticationMethod, p.AuthenticationData)
	r.close(&in)
	return p
}

package codec

// Disconnect is DISCONNECT, the last packet of a connection (§3.14). On 3.x a client alone sends it, it says nothing, and it
// always takes back the will.
type Disconnect struct {
	Code       ReasonCode            // NormalDisconnection takes back the will, every other code lets it be sent
	Properties *DisconnectProperties // nil for none
}

// DisconnectProperties are the properties of DISCONNECT (§3.14.2.2). The zero value of a field means that it isn't sent.
type DisconnectProperties struct {
	SessionExpiryInterval *uint32 // from a client alone, in seconds; nil leaves what CONNECT asked for
	ReasonString          string
	ServerReference       string // from a server alone
	UserProperties        []UserProperty
}

// Type is TypeDisconnect.
func (p *Disconnect) Type() Type { return TypeDisconnect }

// Append writes the shortest form of the packet for version v (see [Packet]). On 3.x a Code other than NormalDisconnection is
// refused: there, ending badly means closing the connection without this packet.
func (p *Disconnect) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeDisconnect, 0)
	short := len(e.b)
	e.code(p.Code, "3.14.2.1")
	if v != V5 && p.Code != NormalDisconnection {
		e.fail(ProtocolError, "3.14.2.1", "3.x has no reason code to say "+inHex(byte(p.Code)))
	}
	if v != V5 || !p.Properties.append(&e) {
		if p.Code != NormalDisconnection {
			short++
		}
		e.b = e.b[:short]
	}
	return e.finish()
}

func (p *DisconnectProperties) append(e *encoder) (some bool) {
	at := e.openBlock(disconnectBlock)
	if p != nil {
		e.optional(idSessionExpiryInterval, p.SessionExpiryInterval)
		e.string(idReasonString, p.ReasonString)
		e.userProperties(p.UserProperties)
		e.string(idServerReference, p.ServerReference)
	}
	return e.closeBlock(at)
}

// Decode reads the packet (see [Packet]). Code is set after an unlawful one too.
func (p *Disconnect) Decode(f Frame, d Dialect) error {
	*p = Disconnect{}
	r := open(f, d, TypeDisconnect)
	if d.Version != V5 || len(r.rest) == 0 {
		return r.end("3.14")
	}
	p.Code = r.code("3.14.2.1")
	if len(r.rest) > 0 {
		p.Properties = decodeDisconnectProperties(&r)
	}
	return r.end("3.14.2")
}

func decodeDisconnectProperties(r *decoder) *DisconnectProperties {
	in, more := r.properties(disconnectBlock)
	if !more {
		return nil
	}
	p := new(DisconnectProperties)
	for in.next() {
		switch in.id {
		case idSessionExpiryInterval:
			p.SessionExpiryInterval = new(in.number)
		case idReasonString:
			p.ReasonString = in.string()
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		case idServerReference:
			p.ServerReference = in.string()
		}
	}
	r.close(&in)
	return p
}

package codec

// SubAck is SUBACK, the answer to SUBSCRIBE (§3.9).
type SubAck struct {
	PacketID   uint16            // never 0
	Properties *ReasonProperties // nil for none

	// Codes has one for each filter of the SUBSCRIBE, in its order: the QoS granted, or a failure. 3.1.1 has one failure
	// only, UnspecifiedError, which Append writes for all of them; 3.1 has none.
	Codes []ReasonCode
}

// Type is TypeSubAck.
func (p *SubAck) Type() Type { return TypeSubAck }

// Append writes the packet for version v (see [Packet]).
func (p *SubAck) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeSubAck, 0)
	e.packetID(p.PacketID)
	if v == V5 {
		p.Properties.append(&e)
	}
	if len(p.Codes) == 0 {
		e.fail(ProtocolError, "3.9.3", "there is no reason code")
	}
	for _, c := range p.Codes {
		if v == V311 && c.Failed() {
			c = UnspecifiedError
		}
		if !granted(c, v) {
			e.fail(ProtocolError, "3.9.3", misplaced(c))
		}
		e.uint8(byte(c))
	}
	return e.finish()
}

// granted reports whether a SUBACK may have the code.
func granted(c ReasonCode, v Version) bool {
	switch v {
	case V5:
		return c.AllowedIn(TypeSubAck, FromServer)
	case V311:
		return c <= GrantedQoS2 || c == UnspecifiedError
	}
	return c <= GrantedQoS2
}

// Decode reads the packet (see [Packet]). Whether there are as many codes as filters is the caller's to judge.
func (p *SubAck) Decode(f Frame, d Dialect) error {
	*p = SubAck{}
	r := open(f, d, TypeSubAck)
	p.PacketID = r.packetID()
	if d.Version == V5 {
		p.Properties = decodeReasonProperties(&r)
	}
	if len(r.rest) == 0 {
		r.fail(ProtocolError, "3.9.3", "there is no reason code")
	}
	p.Codes = make([]ReasonCode, len(r.rest))
	for i, b := range r.rest {
		p.Codes[i] = ReasonCode(b)
		if !granted(p.Codes[i], d.Version) {
			r.fail(ProtocolError, "3.9.3", misplaced(p.Codes[i]))
			break
		}
	}
	return r.err
}

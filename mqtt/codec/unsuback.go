package codec

// UnsubAck is UNSUBACK, the answer to UNSUBSCRIBE (§3.11).
type UnsubAck struct {
	PacketID   uint16            // never 0
	Properties *ReasonProperties // nil for none
	Codes      []ReasonCode      // one for each filter of the UNSUBSCRIBE, in its order; none on 3.x
}

// Type is TypeUnsubAck.
func (p *UnsubAck) Type() Type { return TypeUnsubAck }

// Append writes the packet for version v (see [Packet]); on 3.x Codes are left out.
func (p *UnsubAck) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeUnsubAck, 0)
	e.packetID(p.PacketID)
	if v != V5 {
		return e.finish()
	}
	p.Properties.append(&e)
	if len(p.Codes) == 0 {
		e.fail(ProtocolError, "3.11.3", "there is no reason code")
	}
	for _, c := range p.Codes {
		e.code(c, "3.11.3")
	}
	return e.finish()
}

// Decode reads the packet (see [Packet]). Whether there are as many codes as filters is the caller's to judge.
func (p *UnsubAck) Decode(f Frame, d Dialect) error {
	*p = UnsubAck{}
	r := open(f, d, TypeUnsubAck)
	p.PacketID = r.packetID()
	if d.Version != V5 {
		return r.end("3.11.2")
	}
	p.Properties = decodeReasonProperties(&r)
	if len(r.rest) == 0 {
		r.fail(ProtocolError, "3.11.3", "there is no reason code")
	}
	p.Codes = make([]ReasonCode, len(r.rest))
	for i := range p.Codes {
		p.Codes[i] = r.code("3.11.3")
	}
	return r.err
}

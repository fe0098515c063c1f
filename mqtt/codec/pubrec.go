package codec

// PubRec is PUBREC, the first answer to a PUBLISH of QoS 2 (§3.5).
type PubRec struct {
	PacketID   uint16            // never 0
	Code       ReasonCode        // Success on 3.x
	Properties *ReasonProperties // nil for none
}

// Type is TypePubRec.
func (p *PubRec) Type() Type { return TypePubRec }

// Append writes the shortest form of the packet for version v (see [Packet]); on 3.x Code is left out.
func (p *PubRec) Append(dst []byte, v Version) ([]byte, error) {
	return (*ack)(p).append(dst, v, TypePubRec)
}

// Decode reads the packet (see [Packet]).
func (p *PubRec) Decode(f Frame, d Dialect) error { return (*ack)(p).decode(f, d, TypePubRec) }

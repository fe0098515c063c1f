package codec

// PubRel is PUBREL, the answer to PUBREC (§3.6).
type PubRel struct {
	PacketID   uint16            // never 0
	Code       ReasonCode        // Success on 3.x
	Properties *ReasonProperties // nil for none
}

// Type is TypePubRel.
func (p *PubRel) Type() Type { return TypePubRel }

// Append writes the shortest form of the packet for version v (see [Packet]); on 3.x Code is left out.
func (p *PubRel) Append(dst []byte, v Version) ([]byte, error) {
	return (*ack)(p).append(dst, v, TypePubRel)
}

// Decode reads the packet (see [Packet]).
func (p *PubRel) Decode(f Frame, d Dialect) error { return (*ack)(p).decode(f, d, TypePubRel) }

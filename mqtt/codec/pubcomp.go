package codec

// PubComp is PUBCOMP, the answer to PUBREL, which ends an exchange of QoS 2 (§3.7).
type PubComp struct {
	PacketID   uint16            // never 0
	Code       ReasonCode        // Success on 3.x
	Properties *ReasonProperties // nil for none
}

// Type is TypePubComp.
func (p *PubComp) Type() Type { return TypePubComp }

// Append writes the shortest form of the packet for version v (see [Packet]); on 3.x Code is left out.
func (p *PubComp) Append(dst []byte, v Version) ([]byte, error) {
	return (*ack)(p).append(dst, v, TypePubComp)
}

// Decode reads the packet (see [Packet]).
func (p *PubComp) Decode(f Frame, d Dialect) error { return (*ack)(p).decode(f, d, TypePubComp) }

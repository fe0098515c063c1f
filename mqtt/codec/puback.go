package codec

// PubAck is PUBACK, the answer to a PUBLISH of QoS 1 (§3.4).
type PubAck struct {
	PacketID   uint16            // never 0
	Code       ReasonCode        // Success on 3.x
	Properties *ReasonProperties // nil for none
}

// Type is TypePubAck.
func (p *PubAck) Type() Type { return TypePubAck }

// Append writes the shortest form of the packet for version v (see [Packet]); on 3.x Code is left out.
func (p *PubAck) Append(dst []byte, v Version) ([]byte, error) {
	return (*ack)(p).append(dst, v, TypePubAck)
}

// Decode reads the packet (see [Packet]).
func (p *PubAck) Decode(f Frame, d Dialect) error { return (*ack)(p).decode(f, d, TypePubAck) }

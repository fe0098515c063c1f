package codec

// PingReq is PINGREQ, a client's sign of life (§3.12). It is the same two bytes on every version.
type PingReq struct{}

// Type is TypePingReq.
func (p *PingReq) Type() Type { return TypePingReq }

// Append writes the packet (see [Packet]).
func (p *PingReq) Append(dst []byte, _ Version) ([]byte, error) {
	return append(dst, byte(TypePingReq)<<4, 0), nil
}

// Decode reads the packet (see [Packet]).
func (p *PingReq) Decode(f Frame, d Dialect) error {
	r := open(f, d, TypePingReq)
	return r.end("3.12.1")
}

package codec

// PingResp is PINGRESP, the answer to PINGREQ (§3.13). It is the same two bytes on every version.
type PingResp struct{}

// Type is TypePingResp.
func (p *PingResp) Type() Type { return TypePingResp }

// Append writes the packet (see [Packet]).
func (p *PingResp) Append(dst []byte, _ Version) ([]byte, error) {
	return append(dst, byte(TypePingResp)<<4, 0), nil
}

// Decode reads the packet (see [Packet]).
func (p *PingResp) Decode(f Frame, d Dialect) error {
	r := open(f, d, TypePingResp)
	return r.end("3.13.1")
}

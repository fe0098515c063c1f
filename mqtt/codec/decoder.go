package codec

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// decoder reads a packet's body from the left, for the packets that aren't on the hot path. The first fault stays in err,
// and every read behind it gives zero.
type decoder struct {
	rest   []byte
	packet Type
	from   Side
	err    error
}

// open begins to read f as a packet of type t.
func open(f Frame, d Dialect, t Type) decoder {
	if f.Type != t {
		return decoder{packet: t, from: d.From, err: wrongType(f, t)}
	}
	return decoder{rest: f.Body, packet: t, from: d.From}
}

func wrongType(f Frame, t Type) error {
	return malformed(t, ProtocolError, "2.1.2", "the frame is of type "+f.Type.String())
}

func (r *decoder) fail(code ReasonCode, section, reason string) {
	if r.err == nil {
		r.err = malformed(r.packet, code, section, reason)
	}
	r.rest = nil
}

// take cuts off n bytes, or returns nil.
func (r *decoder) take(n int, section, field string) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.rest) < n {
		r.fail(MalformedPacket, section, field+" is cut short")
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *decoder) uint8(section, field string) byte {
	if b := r.take(1, section, field); b != nil {
		return b[0]
	}
	return 0
}

func (r *decoder) uint16(section, field string) uint16 {
	if b := r.take(2, section, field); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// packetID reads a Packet Identifier, which is never 0 (§2.2.1).
func (r *decoder) packetID() uint16 {
	id := r.uint16("2.2.1", "packet identifier")
	if id == 0 && r.err == nil {
		r.fail(ProtocolError, "2.2.1", "packet identifier is 0")
	}
	return id
}

// binary reads Binary Data (§1.5.6), which aliases the packet and is nil after a fault only.
func (r *decoder) binary(section, field string) []byte {
	return r.take(int(r.uint16(section, field)), section, field)
}

// text reads a UTF-8 Encoded String (§1.5.4) into a copy.
func (r *decoder) text(section, field string) string {
	s := string(r.binary(section, field))
	if fault := textFault(s); fault != "" {
		r.fail(MalformedPacket, section, field+" "+fault)
	}
	return s
}

// code reads a Reason Code and holds it against the packet's table.
func (r *decoder) code(section string) ReasonCode {
	c := ReasonCode(r.uint8(section, "reason code"))
	if r.err == nil && !c.accepted(r.packet, r.from) {
		r.fail(ProtocolError, section, misplaced(c))
	}
	return c
}

func misplaced(c ReasonCode) string { return inHex(byte(c)) + " isn't a reason code of this packet" }

// properties reads the length of a block; more is false when there is no property to read.
func (r *decoder) properties(in *block) (block properties, more bool) {
	if r.err != nil {
		return properties{}, false
	}
	block, r.rest = openProperties(r.rest, in, r.from)
	r.close(&block)
	return block, len(block.all) > 0
}

// close takes over the fault that a block may have had.
func (r *decoder) close(block *properties) {
	if block.err != nil {
		r.err, r.rest = block.err, nil
	}
}

// end is the error of the whole packet. Bytes that are left over are a fault.
func (r *decoder) end(section string) error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail(MalformedPacket, section, decimal(uint32(len(r.rest)))+" bytes too many")
	}
	return r.err
}

func inHex(b byte) string { return fmt.Sprintf("0x%02X", b) }

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// filter reads a Topic Filter into a copy.
func (r *decoder) filter(section string, v Version) string {
	s := r.text(section, "topic filter")
	if r.err != nil {
		return ""
	}
	if code, fault := filterFault(s, v); fault != "" {
		r.fail(code, section, "topic filter "+fault)
	}
	return s
}

// countFields counts the length-prefixed fields in b, each with extra bytes behind it, up to the first that is cut short,
// which counts too: what is made from them is no more than a small multiple of b.
func countFields(b []byte, extra int) (n int) {
	for len(b) > 0 {
		n++
		end := fieldEnd(b, 0)
		if end == 0 || end+extra >= len(b) {
			return n
		}
		b = b[end+extra:]
	}
	return n
}

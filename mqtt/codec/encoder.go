package codec

import (
	"encoding/binary"
	"slices"
)

// encoder appends one packet to a slice. Lengths are written when they are known: one byte is kept for each, and what stands
// behind is moved when it takes more. The first fault stays in err, and finish then returns the slice as it was.
type encoder struct {
	b      []byte
	dst    []byte
	packet Type
	block  *block // the property block being written
	err    error
}

func begin(dst []byte, t Type, flags byte) encoder {
	return encoder{dst: dst, b: append(dst, byte(t)<<4|flags, 0), packet: t}
}

func (e *encoder) finish() ([]byte, error) {
	e.putLength(len(e.dst) + 1)
	if e.err != nil {
		return e.dst, e.err
	}
	return e.b, nil
}

func (e *encoder) fail(code ReasonCode, section, reason string) {
	if e.err == nil {
		e.err = malformed(e.packet, code, section, reason)
	}
}

// putLength writes how many bytes follow b[at], into b[at] and as many bytes behind it as it takes.
func (e *encoder) putLength(at int) {
	n := len(e.b) - at - 1
	if n > maxRemaining {
		e.fail(PacketTooLarge, "2.1.4", "packet is larger than 268,435,460 bytes")
	}
	if e.err != nil {
		return
	}
	if extra := vbiSize(uint32(n)) - 1; extra > 0 {
		var room [3]byte
		e.b = slices.Insert(e.b, at+1, room[:extra]...)
	}
	appendVBI(e.b[:at], uint32(n))
}

func (e *encoder) uint8(n byte) { e.b = append(e.b, n) }

func (e *encoder) uint16(n uint16) { e.b = binary.BigEndian.AppendUint16(e.b, n) }

// packetID writes a Packet Identifier, which is never 0 (§2.2.1).
func (e *encoder) packetID(id uint16) {
	if id == 0 {
		e.fail(ProtocolError, "2.2.1", "packet identifier is 0")
	}
	e.uint16(id)
}

func (e *encoder) text(s, section, field string) {
	if fault := textFault(s); fault != "" {
		e.fail(MalformedPacket, section, field+" "+fault)
		return
	}
	e.uint16(uint16(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) binary(v []byte, section, field string) {
	if len(v) > maxText {
		e.fail(MalformedPacket, section, field+" is longer than 65,535 bytes")
		return
	}
	e.uint16(uint16(len(v)))
	e.b = append(e.b, v...)
}

// code writes a Reason Code that somebody may send in this packet.
func (e *encoder) code(c ReasonCode, section string) {
	if !c.sendable(e.packet) {
		e.fail(ProtocolError, section, misplaced(c))
	}
	e.uint8(byte(c))
}

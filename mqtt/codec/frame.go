package codec

// The sizes that the fixed header can tell (§2.1.4), in bytes.
const (
	maxRemaining = 268_435_455
	maxPacket    = 1 + 4 + maxRemaining
)

// Frame is one packet, cut out of a buffer but not yet decoded (§2.1).
type Frame struct {
	Type  Type
	Flags byte   // the low four bits of the first byte
	Body  []byte // what follows the fixed header; it aliases the buffer
}

// Next looks at the packet at the start of buf.
//
// size is the size of the whole packet in bytes as soon as its fixed header is there, and 0 before: more bytes are needed.
// f.Body is set when the whole packet is there (0 < size <= len(buf)), and aliases buf; f.Type and f.Flags are set as soon as
// there is one byte. limit is the largest packet accepted, in bytes; 0 means the protocol's 268,435,460.
//
// The error is a [*MalformedError]. It comes as early as the bytes can tell, so before the body is there: for a type, flags
// or direction that d forbids, for a length that is wrongly written, and with PacketTooLarge above limit (§3.1.2.11.4).
func Next(buf []byte, d Dialect, limit uint32) (f Frame, size int, err error) {
	if len(buf) == 0 {
		return Frame{}, 0, nil
	}
	first := buf[0]
	if !lawful(first, d) {
		return Frame{}, 0, unlawful(first, d)
	}
	f.Type, f.Flags = Type(first>>4), first&0x0F
	if len(buf) == 1 {
		return f, 0, nil
	}
	n, width := uint32(buf[1]), 1
	if n >= 0x80 {
		n, width = vbi(buf[1:], d.Version == V5)
		if width == 0 {
			return f, 0, nil
		}
		if width < 0 {
			return Frame{}, 0, malformed(f.Type, MalformedPacket, "1.5.5", "remaining length is wrongly encoded")
		}
	}
	total := 1 + uint32(width) + n
	if limit != 0 && total > limit {
		return Frame{}, 0, tooLarge(f.Type, d)
	}
	if uint(len(buf)) >= uint(total) {
		f.Body = buf[1+width : total : total]
	}
	return f, int(total), nil
}

// tooLarge names the limit that was announced to whoever sent the packet.
func tooLarge(t Type, d Dialect) error {
	section := "3.1.2.11.4"
	if d.From == FromClient {
		section = "3.2.2.3.6"
	}
	return malformed(t, PacketTooLarge, section, "packet is larger than the maximum packet size")
}

package codec

import "encoding/binary"

// properties reads a property block, one property at a time (§2.2.2). The first fault ends it and stays in err.
type properties struct {
	block *block
	from  Side
	all   []byte // the block behind its length
	pos   int    // in all, behind the property at hand
	seen  uint64 // the identifiers that came
	text  string // a copy of all, made when the first string is asked for: strings are cut from it
	err   error

	id          byte   // of the property at hand
	number      uint32 // its value, if that is a number
	start, end  int    // the bounds in all of its value, or of a pair's second half
	key, keyEnd int    // the bounds of a pair's first half
}

// openProperties reads the length of the block at the start of b, and returns the block and what follows it.
func openProperties(b []byte, in *block, from Side) (r properties, rest []byte) {
	r.block, r.from = in, from
	n, width := vbi(b, true)
	switch {
	case width < 0:
		r.fail(MalformedPacket, "1.5.5", "property length is wrongly encoded")
	case width == 0 || uint(len(b)-width) < uint(n):
		r.fail(MalformedPacket, in.section+".1", "properties run past the end of the packet")
	default:
		end := width + int(n)
		r.all, rest = b[width:end:end], b[end:]
	}
	return r, rest
}

func (r *properties) fail(code ReasonCode, section, reason string) {
	if r.err == nil {
		r.err = malformed(r.block.packet, code, section, reason)
	}
}

// failHere blames the property at hand.
func (r *properties) failHere(code ReasonCode, reason string) {
	r.fail(code, r.block.sectionOf(r.id), definitions[r.id].name+" "+reason)
}

// next moves to the next property, and reports whether there is one and it is lawful.
func (r *properties) next() bool {
	if r.err != nil || r.pos == len(r.all) {
		return false
	}
	b := r.all[r.pos:]
	r.id = b[0]
	if !r.allowed() {
		return false
	}
	size := propertySize(b)
	if size == 0 {
		r.failHere(MalformedPacket, "is cut short or wrongly encoded")
		return false
	}
	r.read(b[1:size])
	r.pos += size
	return r.err == nil
}

// allowed judges the identifier alone: known, at home in this block, from this side, and not here before.
func (r *properties) allowed() bool {
	if int(r.id) >= len(definitions) || r.block.allowed>>r.id&1 == 0 {
		r.fail(MalformedPacket, "2.2.2.2", "unknown or misplaced property "+inHex(r.id))
		return false
	}
	bit := uint64(1) << r.id
	if r.block.barred[r.from&1]&bit != 0 {
		r.failHere(ProtocolError, "comes from a "+r.from.String())
		return false
	}
	again := r.id == idUserProperty || r.id == idSubscriptionIdentifier && r.block == publishBlock
	if r.seen&bit != 0 && !again {
		r.failHere(ProtocolError, "is there twice")
		return false
	}
	r.seen |= bit
	return true
}

// read takes the value, whose size has been checked.
func (r *properties) read(value []byte) {
	switch at := r.pos + 1; definitions[r.id].kind {
	case kindByte:
		r.number = uint32(value[0])
	case kindUint16:
		r.number = uint32(binary.BigEndian.Uint16(value))
	case kindUint32:
		r.number = binary.BigEndian.Uint32(value)
	case kindVBI:
		r.number, _ = vbi(value, true)
	case kindPair:
		r.key = at + 2
		r.keyEnd = r.key + int(binary.BigEndian.Uint16(value))
		r.start, r.end = r.keyEnd+2, at+len(value)
		return
	default:
		r.start, r.end = at+2, at+len(value)
		return
	}
	if !inBounds(r.id, r.number) {
		r.failHere(boundsCode(r.id), "is "+decimal(r.number))
	}
}

// bytes is the value at hand, never nil.
func (r *properties) bytes() []byte { return r.all[r.start:r.end:r.end] }

// string is the value at hand, checked.
func (r *properties) string() string { return r.cut(r.start, r.end) }

// topic is the value at hand, which must be a Topic Name.
func (r *properties) topic() string {
	s := r.string()
	if code, fault := nameFault(s); fault != "" {
		r.failHere(code, fault)
	}
	return s
}

func (r *properties) cut(start, end int) string {
	if start == end {
		return ""
	}
	if r.text == "" {
		r.text = string(r.all)
	}
	s := r.text[start:end]
	if fault := textFault(s); fault != "" {
		r.failHere(MalformedPacket, fault)
	}
	return s
}

// userProperty adds the pair at hand to list. The first one counts the rest, so that the list takes no more than it needs.
func (r *properties) userProperty(list []UserProperty) []UserProperty {
	if list == nil {
		list = make([]UserProperty, 0, 1+r.countUserProperties())
	}
	return append(list, UserProperty{r.cut(r.key, r.keyEnd), r.cut(r.start, r.end)})
}

// countUserProperties counts those behind the property at hand.
func (r *properties) countUserProperties() (n int) {
	for b := r.all[r.pos:]; ; {
		size := propertySize(b)
		if size == 0 {
			return n
		}
		if b[0] == idUserProperty {
			n++
		}
		b = b[size:]
	}
}

// judgeAuthentication holds that data goes with a method only. An empty method counts as none.
func (r *properties) judgeAuthentication(method string, data []byte) {
	if method == "" && data != nil {
		r.fail(ProtocolError, r.block.sectionOf(idAuthenticationData), "authentication data without a method")
	}
}

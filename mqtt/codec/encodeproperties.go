package codec

import "encoding/binary"

// openBlock begins a property block, and returns where its length goes.
func (e *encoder) openBlock(b *block) (at int) {
	e.block = b
	e.b = append(e.b, 0)
	return len(e.b) - 1
}

// closeBlock writes the block's length, and reports whether there is something in the block.
func (e *encoder) closeBlock(at int) (some bool) {
	e.putLength(at)
	return len(e.b) > at+1
}

func (e *encoder) failProperty(id byte, code ReasonCode, reason string) {
	e.fail(code, e.block.sectionOf(id), definitions[id].name+" "+reason)
}

// number writes a property whose value is a number, whatever its width.
func (e *encoder) number(id byte, n uint32) {
	if !inBounds(id, n) {
		e.failProperty(id, boundsCode(id), "is "+decimal(n))
	}
	e.b = append(e.b, id)
	switch definitions[id].kind {
	case kindByte:
		e.b = append(e.b, byte(n))
	case kindUint16:
		e.b = binary.BigEndian.AppendUint16(e.b, uint16(n))
	case kindUint32:
		e.b = binary.BigEndian.AppendUint32(e.b, n)
	case kindVBI:
		e.b = appendVBI(e.b, n)
	}
}

// nonZero writes a number for which zero means absent.
func (e *encoder) nonZero(id byte, n uint32) {
	if n != 0 {
		e.number(id, n)
	}
}

func (e *encoder) optional(id byte, n *uint32) {
	if n != nil {
		e.number(id, *n)
	}
}

func (e *encoder) optionalBool(id byte, v *bool) {
	if v != nil {
		e.number(id, bit(*v))
	}
}

// string writes a string, for which empty means absent.
func (e *encoder) string(id byte, s string) {
	if s == "" {
		return
	}
	e.b = append(e.b, id)
	e.propertyText(id, s)
}

// propertyText writes a string without the identifier before it.
func (e *encoder) propertyText(id byte, s string) {
	if fault := textFault(s); fault != "" {
		e.failProperty(id, MalformedPacket, fault)
		return
	}
	e.uint16(uint16(len(s)))
	e.b = append(e.b, s...)
}

// topic writes a string that must be a Topic Name.
func (e *encoder) topic(id byte, s string) {
	if s == "" {
		return
	}
	if code, fault := nameFault(s); fault != "" {
		e.failProperty(id, code, fault)
	}
	e.string(id, s)
}

// bytes writes Binary Data, for which nil means absent.
func (e *encoder) bytes(id byte, v []byte) {
	if v == nil {
		return
	}
	if len(v) > maxText {
		e.failProperty(id, MalformedPacket, "is longer than 65,535 bytes")
		return
	}
	e.b = append(e.b, id)
	e.uint16(uint16(len(v)))
	e.b = append(e.b, v...)
}

// authentication writes a method and its data, which goes with a method only.
func (e *encoder) authentication(method string, data []byte) {
	if method == "" && data != nil {
		e.failProperty(idAuthenticationData, ProtocolError, "is there without a method")
	}
	e.string(idAuthenticationMethod, method)
	e.bytes(idAuthenticationData, data)
}

func (e *encoder) userProperties(list []UserProperty) {
	for i := range list {
		e.b = append(e.b, idUserProperty)
		e.propertyText(idUserProperty, list[i].Key)
		e.propertyText(idUserProperty, list[i].Value)
	}
}

func bit(v bool) uint32 {
	if v {
		return 1
	}
	return 0
}

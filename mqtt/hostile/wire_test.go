package hostile_test

import "slices"

// packet is a packet in parts, so that each can be made wrong on its own.
type packet struct {
	name   string
	first  byte // type and flags
	fields []field
	least  int // how many of the fields must be there
}

// field is a part of a packet's body.
type field struct {
	kind  kind
	bytes []byte
	props []property // of a block
}

// kind is what a field means, and so how it can be wrong.
type kind byte

const (
	ackFlags   kind = iota
	identifier      // Packet Identifier
	code            // Reason Code, or a return code of 3.x
	codes           // a list of them
	topic           // Topic Name
	block           // properties
	payload
)

// property is an identifier and its value, as they are on the wire.
type property struct {
	id    []byte
	value []byte
}

func prop(id byte, value ...byte) property { return property{[]byte{id}, value} }

// text is a string with its length before it.
func text(s string) []byte { return append([]byte{byte(len(s) >> 8), byte(len(s))}, s...) }

// textProp is a property that is a string, or binary data.
func textProp(id byte, s string) property { return prop(id, text(s)...) }

// pair is a User Property.
func pair(key, value string) property { return prop(0x26, append(text(key), text(value)...)...) }

// vbi is a Variable Byte Integer of at least width bytes.
func vbi(n, width int) (b []byte) {
	for {
		c := byte(n & 0x7F)
		n >>= 7
		if width--; n > 0 || width > 0 {
			c |= 0x80
		}
		b = append(b, c)
		if c < 0x80 {
			return b
		}
	}
}

// content is a block without its length.
func (f field) content() (b []byte) {
	for _, p := range f.props {
		b = append(append(b, p.id...), p.value...)
	}
	return b
}

// wire is the field's bytes.
func (f field) wire() []byte {
	if f.kind != block {
		return f.bytes
	}
	return f.sized(len(f.content()))
}

// sized is a block that says it has n bytes.
func (f field) sized(n int) []byte { return append(vbi(n, 1), f.content()...) }

func (p packet) body() (b []byte) {
	for _, f := range p.fields {
		b = append(b, f.wire()...)
	}
	return b
}

func (p packet) wire() []byte { return framed(p.first, p.body()) }

// framed puts the fixed header before a body.
func framed(first byte, body []byte) []byte {
	return append(append([]byte{first}, vbi(len(body), 1)...), body...)
}

// with is p with other bytes in one field.
func (p packet) with(i int, b []byte) []byte {
	var body []byte
	for k, f := range p.fields {
		if k == i {
			body = append(body, b...)
		} else {
			body = append(body, f.wire()...)
		}
	}
	return framed(p.first, body)
}

// withProps is p with other properties in one block.
func (p packet) withProps(i int, props ...property) []byte {
	return p.with(i, field{kind: block, props: props}.wire())
}

// adding is p with one property more.
func (p packet) adding(i int, more property) []byte {
	return p.withProps(i, append(slices.Clone(p.fields[i].props), more)...)
}

package hostile_test

import (
	"fmt"
	"slices"
)

// block makes the faults of a property block (§2.2.2).
func (m *maker) block(i int) {
	m.blockLength(i)
	f := m.p.fields[i]
	m.good("no properties", m.p.withProps(i))
	for id := range 256 {
		if id > 0x40 && id&0x3F != 0 && id != 0x7F && id != 0xFF {
			continue
		}
		if !slices.ContainsFunc(properties, func(p property) bool { return p.id[0] == byte(id) }) {
			m.bad(fmt.Sprintf("unknown property 0x%02X", id), m.p.adding(i, prop(byte(id), 0, 0, 0, 0)), 0x81)
		}
	}
	m.bad("an identifier in two bytes", m.p.adding(i, property{[]byte{0xA6, 0}, append(text("k"), text("v")...)}), 0x81)
	m.bad("an identifier without a value", m.p.adding(i, prop(0x26)), 0x81)
	m.bad("half of a pair", m.p.adding(i, textProp(0x26, "k")), 0x81)
	for _, p := range properties {
		m.stranger(i, p)
	}
	for _, p := range f.props {
		m.again(i, p)
	}
	for _, p := range illegal {
		if m.has(i, p.id[0]) {
			m.bad(fmt.Sprintf("property 0x%02X is %s (% X)", p.id[0], p.why, p.value), m.p.withProps(i, p.property), p.code)
		}
	}
	m.blockTexts(i)
}

func (m *maker) has(i int, id byte) bool {
	return slices.ContainsFunc(m.p.fields[i].props, func(p property) bool { return p.id[0] == id })
}

// blockLength makes the length of the block wrong.
func (m *maker) blockLength(i int) {
	f := m.p.fields[i]
	size := len(f.content())
	for _, more := range []int{1, 2, 1000, 268_435_455 - size} {
		m.bad(fmt.Sprintf("property length %d too large", more), m.p.with(i, f.sized(size+more)), 0x81)
	}
	m.bad("property length 1 too small", m.p.with(i, f.sized(size-1)), 0x81)
	m.bad("property length in a byte more than it needs", m.p.with(i, append(vbi(size, len(vbi(size, 1))+1), f.content()...)), 0x81)
	m.bad("property length in five bytes", m.p.with(i, append([]byte{0xFF, 0xFF, 0xFF, 0xFF, 1}, f.content()...)), 0x81)
}

// stranger puts a property where it may not be. One that only a client sends is in its place, and still wrong.
func (m *maker) stranger(i int, p property) {
	name := fmt.Sprintf("property 0x%02X, which has no business here", p.id[0])
	switch {
	case m.has(i, p.id[0]), m.is(tConnAck) && (p.id[0] == 0x15 || p.id[0] == 0x16): // those depend on what CONNECT said
	case m.is(tDisconnect) && p.id[0] == 0x11:
		m.bad(name, m.p.adding(i, p), 0x82)
	default:
		m.bad(name, m.p.adding(i, p), 0x81)
	}
}

// again has a property twice.
func (m *maker) again(i int, p property) {
	name := fmt.Sprintf("property 0x%02X twice", p.id[0])
	if p.id[0] == 0x26 || m.is(tPublish) && p.id[0] == 0x0B {
		m.good(name, m.p.adding(i, p))
	} else {
		m.bad(name, m.p.adding(i, p), 0x82)
	}
}

// blockTexts makes each string of the block wrong.
func (m *maker) blockTexts(i int) {
	for _, bad := range badTexts {
		for _, id := range texts {
			if m.has(i, id) {
				m.bad(fmt.Sprintf("property 0x%02X is %s", id, bad.why), m.p.withProps(i, textProp(id, bad.text)), 0x81)
			}
		}
		m.bad("a name is "+bad.why, m.p.withProps(i, pair(bad.text, "v")), 0x81)
		m.bad("a value is "+bad.why, m.p.withProps(i, pair("k", bad.text)), 0x81)
	}
	for _, p := range m.p.fields[i].props {
		for n := range len(p.value) {
			cut := property{p.id, p.value[:n]}
			m.bad(fmt.Sprintf("property 0x%02X cut to %d bytes", p.id[0], n), m.p.withProps(i, cut), 0x81)
		}
	}
}

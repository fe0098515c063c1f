package hostile_test

import (
	"fmt"
	"slices"

	"github.com/sluicemq/sluice/mqtt"
)

// trial is what a server sends, and what must come of it.
type trial struct {
	name  string
	bytes []byte
	end   end
	codes []byte // of the DISCONNECT on 5.0, one of them, when the end is a fault
}

// end is what a trial does to the connection.
type end byte

const (
	fault   end = iota // it ends with a *ProtocolError
	refused            // it ends with the server's own *ReasonError
	none               // it goes on
)

// trials are all the faults of one packet, and the packet itself.
func trials(v mqtt.Version, p packet) (all []trial) {
	m := &maker{v: v, p: p}
	m.good("as it should be", p.wire())
	m.flags()
	m.length()
	m.cuts()
	m.surplus()
	for i, f := range p.fields {
		switch f.kind {
		case ackFlags:
			m.ackFlags(i)
		case identifier:
			m.bad("identifier 0", p.with(i, []byte{0, 0}), 0x82)
		case topic:
			m.topic(i)
		case code:
			m.code(i, nil)
		case codes:
			m.code(i, f.bytes)
		case block:
			m.block(i)
		}
	}
	return m.all
}

// maker collects the trials of a packet.
type maker struct {
	v   mqtt.Version
	p   packet
	all []trial
}

func (m *maker) is(first byte) bool { return m.p.first&0xF0 == first }

func (m *maker) bad(name string, b []byte, codes ...byte) {
	if m.is(tAuth) {
		codes = []byte{0x81, 0x82} // it is wrong in any form where no method was named
	}
	m.all = append(m.all, trial{m.p.name + ": " + name, b, fault, codes})
}

func (m *maker) good(name string, b []byte) {
	end := none
	switch {
	case m.is(tAuth):
		m.bad(name, b, 0x82)
		return
	case m.is(tDisconnect):
		end = refused
	}
	m.all = append(m.all, trial{m.p.name + ": " + name, b, end, nil})
}

// flags are those of the fixed header (§2.1.3).
func (m *maker) flags() {
	for flags := range byte(16) {
		b := slices.Concat([]byte{m.p.first&0xF0 | flags}, m.p.wire()[1:])
		name := fmt.Sprintf("flags %04b", flags)
		qos := flags >> 1 & 3
		switch {
		case flags == m.p.first&0x0F:
		case m.is(tPublish) && qos != 3 && qos != m.p.first>>1&3: // another packet
		case m.is(tPublish) && (qos == 1 || qos == 2 || qos == 0 && flags < 8):
			m.good(name, b)
		case m.is(tPubRel) && m.v == mqtt.V31 && flags == 10: // DUP, which it may have there
			m.good(name, b)
		default:
			m.bad(name, b, 0x81)
		}
	}
}

// length is the Remaining Length (§2.1.4). Only 5.0 forbids more bytes than are needed (§1.5.5).
func (m *maker) length() {
	body := m.p.body()
	for width := len(vbi(len(body), 1)) + 1; width <= 4; width++ {
		b := slices.Concat([]byte{m.p.first}, vbi(len(body), width), body)
		name := fmt.Sprintf("a length in %d bytes", width)
		if m.v == mqtt.V5 {
			m.bad(name, b, 0x81)
		} else {
			m.good(name, b)
		}
	}
	m.bad("a length in five bytes", slices.Concat([]byte{m.p.first}, vbi(len(body), 5), body), 0x81)
}

// cuts end the body early, with a length that says so.
func (m *maker) cuts() {
	body := m.p.body()
	for n := range len(body) {
		name := fmt.Sprintf("cut to %d of %d bytes", n, len(body))
		b := framed(m.p.first, body[:n])
		switch field, within := m.at(n); {
		case !within && field >= m.p.least, within && m.p.fields[field].kind == payload:
			m.good(name, b)
		case field < len(m.p.fields) && m.p.fields[field].kind == codes:
			m.bad(name, b, 0x82)
		default:
			m.bad(name, b, 0x81)
		}
	}
}

// at is the field in which byte n of the body lies, and whether not as its first.
func (m *maker) at(n int) (field int, within bool) {
	for i, f := range m.p.fields {
		size := len(f.wire())
		if n < size {
			return i, n > 0
		}
		n -= size
	}
	return len(m.p.fields), n > 0
}

// surplus is more than the packet may have.
func (m *maker) surplus() {
	for _, n := range []int{1, 300} {
		b := framed(m.p.first, append(m.p.body(), make([]byte, n)...))
		name := fmt.Sprintf("bytes too many: %d", n)
		if k := len(m.p.fields); k > 0 && (m.p.fields[k-1].kind == payload || m.p.fields[k-1].kind == codes) {
			m.good(name, b)
		} else {
			m.bad(name, b, 0x81)
		}
	}
}

// ackFlags are those of CONNACK. On 3.1 they are reserved, without a rule for who reads them.
func (m *maker) ackFlags(i int) {
	for _, flags := range []int{2, 3, 4, 8, 16, 32, 64, 128, 129, 255} {
		b := m.p.with(i, []byte{byte(flags)})
		if m.v == mqtt.V31 {
			m.good(fmt.Sprintf("flags %08b", flags), b)
		} else {
			m.bad(fmt.Sprintf("flags %08b", flags), b, 0x81)
		}
	}
}

func (m *maker) topic(i int) {
	for _, bad := range badTexts {
		m.bad("topic is "+bad.why, m.p.with(i, text(bad.text)), 0x81)
	}
	for _, wild := range []string{"+", "#", "a/+/b", "a/#", "a+", "#b"} {
		m.bad("topic "+wild, m.p.with(i, text(wild)), 0x82)
	}
	m.bad("topic longer than the packet", m.p.with(i, append([]byte{0xFF, 0xFF}, "a/b"...)), 0x81)
	if m.v != mqtt.V5 {
		m.bad("no topic", m.p.with(i, text("")), 0x82)
		return
	}
	p := m.p
	p.fields = slices.Clone(p.fields)
	p.fields[i].bytes = text("")
	at := slices.IndexFunc(p.fields, func(f field) bool { return f.kind == block })
	m.bad("neither topic nor alias", p.withProps(at), 0x82)
	m.bad("an alias that was never given", p.withProps(at, prop(0x23, 0, 5)), 0x82)
}

// code puts Reason Codes behind those before: all that mean something somewhere, and their neighbours.
func (m *maker) code(i int, before []byte) {
	for c := range 256 {
		if c > 4 && c < 0x7F && c&0x0F > 1 && c != 0x18 && c != 0x19 || c > 0xA3 && c < 0xFF {
			continue
		}
		b := m.p.with(i, append(slices.Clone(before), byte(c)))
		name := fmt.Sprintf("code 0x%02X behind %X", c, before)
		switch {
		case m.v != mqtt.V5 && m.is(tConnAck), m.v == mqtt.V5 && slices.Contains(reasonCodes[m.p.first&0xF0], byte(c)),
			m.v != mqtt.V5 && m.is(tSubAck) && (c <= 2 || c == 0x80 && m.v == mqtt.V311):
			m.good(name, b)
			if m.is(tConnAck) && c != 0 {
				m.all[len(m.all)-1].end = refused
			}
		default:
			m.bad(name, b, 0x82)
		}
	}
}

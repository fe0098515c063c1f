package codec

import "encoding/binary"

// ReasonProperties are the properties of an acknowledgement (§3.4.2.2 and its likes). The zero value of a field means that it
// isn't sent.
type ReasonProperties struct {
	ReasonString   string // for people
	UserProperties []UserProperty
}

func (p *ReasonProperties) append(e *encoder) (some bool) {
	at := e.openBlock(reasonBlocks[e.packet])
	if p != nil {
		e.string(idReasonString, p.ReasonString)
		e.userProperties(p.UserProperties)
	}
	return e.closeBlock(at)
}

func decodeReasonProperties(r *decoder) *ReasonProperties {
	in, more := r.properties(reasonBlocks[r.packet])
	if !more {
		return nil
	}
	p := new(ReasonProperties)
	for in.next() {
		switch in.id {
		case idReasonString:
			p.ReasonString = in.string()
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		}
	}
	r.close(&in)
	return p
}

// ackSections are the sections of the Reason Codes.
var ackSections = [...]string{TypePubAck: "3.4.2.1", TypePubRec: "3.5.2.1", TypePubRel: "3.6.2.1", TypePubComp: "3.7.2.1"}

// ack is what PUBACK, PUBREC, PUBREL and PUBCOMP have in common, which is everything but the type.
type ack struct {
	PacketID   uint16
	Code       ReasonCode
	Properties *ReasonProperties
}

// AppendAck appends a PUBACK, PUBREC, PUBREL or PUBCOMP without properties to dst, in its shortest form. On 3.x there is no
// code. It checks nothing: id is 1 to 65,535, and code one that is AllowedIn t.
func AppendAck(dst []byte, v Version, t Type, id uint16, code ReasonCode) []byte {
	first := byte(t)<<4 | fixedFlags(t)
	if v != V5 || code == Success {
		return append(dst, first, 2, byte(id>>8), byte(id))
	}
	return append(dst, first, 3, byte(id>>8), byte(id), byte(code))
}

// append writes the shortest form: without properties and a code of 0 the packet may stop early.
func (a *ack) append(dst []byte, v Version, t Type) ([]byte, error) {
	e := begin(dst, t, fixedFlags(t))
	e.packetID(a.PacketID)
	if v == V5 {
		short := len(e.b)
		e.code(a.Code, ackSections[t])
		if !a.Properties.append(&e) {
			if a.Code != Success {
				short++
			}
			e.b = e.b[:short]
		}
	}
	return e.finish()
}

func (a *ack) decode(f Frame, d Dialect, t Type) error {
	if len(f.Body) != 2 || f.Type != t {
		return a.decodeLong(f, d, t)
	}
	id := binary.BigEndian.Uint16(f.Body)
	if id == 0 {
		return malformed(t, ProtocolError, "2.2.1", "packet identifier is 0")
	}
	*a = ack{PacketID: id}
	return nil
}

func (a *ack) decodeLong(f Frame, d Dialect, t Type) error {
	*a = ack{}
	r := open(f, d, t)
	a.PacketID = r.packetID()
	if d.Version == V5 && len(r.rest) > 0 {
		a.Code = r.code(ackSections[t])
		if len(r.rest) > 0 {
			a.Properties = decodeReasonProperties(&r)
		}
	}
	return r.end(ackSections[t])
}

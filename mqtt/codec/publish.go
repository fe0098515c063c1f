package codec

import "encoding/binary"

// Publish is PUBLISH, a message (§3.3).
type Publish struct {
	Dup    bool // it may have been sent before; never set at QoS 0
	QoS    QoS
	Retain bool

	// Topic is a Topic Name of 1 to 65,535 bytes. It is empty only on 5.0 with a Topic Alias. Decode leaves it alone when it
	// already equals the bytes on the wire, and then neither copies nor validates: who interns topics sets it first, to one
	// that an earlier Decode has let through (see [PublishTopic]).
	Topic string

	PacketID   uint16             // 0 at QoS 0
	Properties *PublishProperties // nil for none
	Payload    []byte
}

// Type is TypePublish.
func (p *Publish) Type() Type { return TypePublish }

// Append writes the packet for version v (see [Packet]). Whether a payload announced as UTF-8 is that isn't checked here, but
// in [Prepared.Set].
func (p *Publish) Append(dst []byte, v Version) ([]byte, error) {
	if len(p.Payload) > maxRemaining {
		return dst, malformed(TypePublish, PacketTooLarge, "2.1.4", "packet is larger than 268,435,460 bytes")
	}
	e := begin(dst, TypePublish, publishFlags(p.QoS, p.Retain, p.Dup))
	p.judge(&e, v)
	e.text(p.Topic, "3.3.2.1", "topic name")
	if p.QoS > AtMostOnce {
		e.packetID(p.PacketID)
	}
	if v == V5 {
		at := e.openBlock(publishBlock)
		p.Properties.appendFixed(&e)
		p.Properties.appendVarying(&e)
		e.closeBlock(at)
	}
	e.b = append(e.b, p.Payload...)
	return e.finish()
}

// judge finds what can't be sent.
func (p *Publish) judge(e *encoder, v Version) {
	if p.QoS > ExactlyOnce {
		e.fail(MalformedPacket, "3.3.1.2", "QoS is above 2")
	}
	if p.Dup && p.QoS == AtMostOnce {
		e.fail(MalformedPacket, "3.3.1.1", "DUP is set at QoS 0")
	}
	if p.Topic == "" && v == V5 && p.Properties != nil && p.Properties.TopicAlias != 0 {
		return
	}
	if _, fault := nameFault(p.Topic); fault != "" {
		e.fail(TopicNameInvalid, "3.3.2.1", "topic name "+fault)
	}
}

func publishFlags(q QoS, retain, dup bool) byte {
	flags := byte(q) & 3 << 1
	if retain {
		flags |= 1
	}
	if dup {
		flags |= 8
	}
	return flags
}

// PublishTopic is the topic at the start of a PUBLISH's body, unchecked, so that an interned string can be looked up before
// [Publish.Decode]. ok is false when the body ends inside it. The topic aliases body.
func PublishTopic(body []byte) (topic []byte, ok bool) {
	if end := fieldEnd(body, 0); end > 0 {
		return body[2:end:end], true
	}
	return nil, false
}

// Decode reads the packet (see [Packet]). Payload and CorrelationData alias the frame. Without properties, and with a Topic
// that needn't change, it takes no memory. Whether an alias is known, and whether a payload announced as UTF-8 is that, is
// the caller's to judge.
func (p *Publish) Decode(f Frame, d Dialect) error {
	body := f.Body
	end := fieldEnd(body, 0)
	if end == 0 || f.Type != TypePublish || f.Flags&6 == 6 {
		return unreadable(f)
	}
	if string(body[2:end]) != p.Topic {
		if err := p.decodeTopic(string(body[2:end])); err != nil {
			return err
		}
	}
	p.Dup, p.Retain = f.Flags&8 != 0, f.Flags&1 != 0
	p.QoS, p.PacketID, p.Properties = QoS(f.Flags>>1&3), 0, nil
	at := end
	if p.QoS != AtMostOnce {
		if len(body) < at+2 {
			return malformed(TypePublish, MalformedPacket, "3.3.2.2", "packet identifier is cut short")
		}
		p.PacketID = binary.BigEndian.Uint16(body[at:])
		if p.PacketID == 0 {
			return malformed(TypePublish, ProtocolError, "2.2.1", "packet identifier is 0")
		}
		at += 2
	}
	if d.Version == V5 {
		if at < len(body) && body[at] == 0 {
			at++
		} else if rest, err := p.decodeProperties(body[at:], d.From); err != nil {
			return err
		} else {
			at = len(body) - len(rest)
		}
	}
	p.Payload = body[at:len(body):len(body)]
	if end == 2 && (p.Properties == nil || p.Properties.TopicAlias == 0) {
		return malformed(TypePublish, ProtocolError, "3.3.2.1", "topic name is empty, without a topic alias")
	}
	return nil
}

// decodeTopic takes over a topic that isn't the one p had. An empty one is judged when the properties are known.
func (p *Publish) decodeTopic(topic string) error {
	if topic != "" {
		if code, fault := nameFault(topic); fault != "" {
			return malformed(TypePublish, code, "3.3.2.1", "topic name "+fault)
		}
	}
	p.Topic = topic
	return nil
}

// unreadable says why f can't be read as a PUBLISH.
func unreadable(f Frame) error {
	switch {
	case f.Type != TypePublish:
		return wrongType(f, TypePublish)
	case f.Flags&6 == 6:
		return malformed(TypePublish, MalformedPacket, "3.3.1.2", "QoS is 3")
	}
	return malformed(TypePublish, MalformedPacket, "3.3.2.1", "topic name is cut short")
}

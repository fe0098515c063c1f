package codec

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// keepBuffer is the largest buffer that Reset keeps, in bytes.
const keepBuffer = 64 << 10

// Prepared is a PUBLISH encoded but for what depends on the connection: version, packet identifier, DUP, topic alias and what
// remains of its expiry (see [Sending]). Its buffer is its own, so after Set the caller may change what it passed. Once the
// buffer has grown to a message's size, neither Set nor Append takes memory. The zero value is ready for Set.
type Prepared struct {
	buf     []byte // the topic with its length, the properties without theirs, the payload
	props   int    // where the properties start in buf
	payload int    // where the payload starts
	qos     QoS
	retain  bool
}

// Set validates m and encodes it: topic name (empty only with a Topic Alias), QoS, response topic, sizes, and a payload that is
// announced as UTF-8. Dup, PacketID and the properties TopicAlias, MessageExpiryInterval and SubscriptionIdentifiers are for
// [Sending] to say, or not for a client to send; they aren't encoded. The error is a [*MalformedError]; p is then empty.
func (p *Prepared) Set(m *Publish) error {
	if m.Properties == nil && m.QoS <= ExactlyOnce && len(m.Payload) < maxRemaining-maxSendingSize-2*maxText {
		if _, fault := nameFault(m.Topic); fault == "" {
			p.plain(m)
			return nil
		}
	}
	e := encoder{b: p.buf[:0], packet: TypePublish, block: publishBlock}
	p.judge(&e, m)
	if e.err == nil {
		e.uint16(uint16(len(m.Topic)))
		e.b = append(e.b, m.Topic...)
		p.props = len(e.b)
		m.Properties.appendFixed(&e)
		p.payload = len(e.b)
	}
	if e.err == nil && p.payload+len(m.Payload) > maxRemaining-maxSendingSize {
		e.fail(PacketTooLarge, "2.1.4", "packet is larger than 268,435,460 bytes")
	}
	if e.err != nil {
		p.clear(e.b, keepBuffer)
		return e.err
	}
	p.buf = append(e.b, m.Payload...)
	p.qos, p.retain = m.QoS, m.Retain
	return nil
}

// plain encodes a message that was found lawful and has no properties.
func (p *Prepared) plain(m *Publish) {
	n := 2 + len(m.Topic)
	buf := p.buf[:0]
	if size := n + len(m.Payload); cap(buf) < size {
		keepForOthers(buf)
		buf = newBuffer(size)
	}
	buf = append(buf, byte(len(m.Topic)>>8), byte(len(m.Topic)))
	buf = append(buf, m.Topic...)
	p.buf = append(buf, m.Payload...)
	p.props, p.payload, p.qos, p.retain = n, n, m.QoS, m.Retain
}

func (p *Prepared) judge(e *encoder, m *Publish) {
	if m.QoS > ExactlyOnce {
		e.fail(MalformedPacket, "3.3.1.2", "QoS is above 2")
	}
	aliased := m.Properties != nil && m.Properties.TopicAlias != 0
	if _, fault := nameFault(m.Topic); fault != "" && (m.Topic != "" || !aliased) {
		e.fail(TopicNameInvalid, "3.3.2.1", "topic name "+fault)
	}
	if m.Properties != nil && m.Properties.PayloadFormatIndicator == 1 && !utf8.Valid(m.Payload) {
		e.fail(PayloadFormatInvalid, "3.3.2.3.2", "payload is announced as UTF-8 and isn't")
	}
}

// SetTopic gives a topic to a message that was set without one. The topic is one that Set has taken for another message: it isn't
// checked again. The error is a [*MalformedError] for a packet that is too large; p is then as it was.
func (p *Prepared) SetTopic(topic string) error {
	n := len(topic)
	if len(p.buf)+n > maxRemaining-maxSendingSize {
		return malformed(TypePublish, PacketTooLarge, "2.1.4", "packet is larger than 268,435,460 bytes")
	}
	p.buf = slices.Grow(p.buf, n)[:len(p.buf)+n]
	copy(p.buf[2+n:], p.buf[2:])
	copy(p.buf[2:], topic)
	binary.BigEndian.PutUint16(p.buf, uint16(n))
	p.props, p.payload = p.props+n, p.payload+n
	return nil
}

// Reset empties p. It keeps the buffer for the next Set, unless that holds more than 64 KiB.
func (p *Prepared) Reset() { p.Release(keepBuffer) }

// Release empties p. It keeps the buffer for the next Set, unless that holds more than keep bytes; then another message may have
// it, so that nothing that Topic and Payload gave may be used any more.
func (p *Prepared) Release(keep int) { p.clear(p.buf, keep) }

func (p *Prepared) clear(buf []byte, keep int) {
	*p = Prepared{}
	if cap(buf) <= keep {
		p.buf = buf[:0]
	} else {
		keepForOthers(buf)
	}
}

// QoS is the message's.
func (p *Prepared) QoS() QoS { return p.qos }

// Retain is the message's.
func (p *Prepared) Retain() bool { return p.retain }

// HasProperties reports whether there are properties that were encoded by Set, which 3.x would leave out.
func (p *Prepared) HasProperties() bool { return p.payload > p.props }

// Len is how many bytes p holds: topic, properties and payload.
func (p *Prepared) Len() int { return len(p.buf) }

// Topic aliases p's own buffer; it is good until the next Set or Reset.
func (p *Prepared) Topic() []byte {
	if len(p.buf) == 0 {
		return nil
	}
	return p.buf[2:p.props:p.props]
}

// Payload aliases p's own buffer; it is good until the next Set or Reset.
func (p *Prepared) Payload() []byte { return p.buf[p.payload:len(p.buf):len(p.buf)] }

package codec

import (
	"encoding/binary"
	"slices"
)

// Sending is what a [Prepared] message doesn't know of itself: how it goes out on one connection.
type Sending struct {
	Version    Version
	PacketID   uint16 // not 0, but for QoS 0, where it is ignored
	Dup        bool   // ignored at QoS 0
	Expires    bool   // whether Expiry is sent
	Expiry     uint32 // what is left of the Message Expiry Interval, in seconds
	TopicAlias uint16 // 0 for none
	OmitTopic  bool   // send the TopicAlias in place of the topic; ignored without one
}

// maxSendingSize is the most that a Sending adds to a Remaining Length: packet identifier, property length, expiry and alias.
const maxSendingSize = 2 + 4 + 5 + 3

// measure gives the Remaining Length, the Property Length, and whether the topic is left out. On 3.x there are no properties.
func (p *Prepared) measure(s *Sending) (remaining, properties int, omit bool) {
	remaining = p.props + len(p.buf) - p.payload
	if p.qos != AtMostOnce {
		remaining += 2
	}
	if s.Version != V5 {
		return remaining, 0, false
	}
	properties = p.payload - p.props
	if s.Expires {
		properties += 5
	}
	if s.TopicAlias != 0 {
		properties += 3
		if s.OmitTopic {
			omit = true
			remaining -= p.props - 2
		}
	}
	return remaining + vbiSize(uint32(properties)) + properties, properties, omit
}

// Size is the size of the whole packet in bytes, which is what a Maximum Packet Size limits (§3.2.2.3.6). p has been set.
func (p *Prepared) Size(s *Sending) int {
	remaining, _, _ := p.measure(s)
	return 1 + vbiSize(uint32(remaining)) + remaining
}

// Append appends the packet to dst. On 3.x it has no properties. p has been set, and s is lawful: nothing is checked here.
func (p *Prepared) Append(dst []byte, s *Sending) []byte {
	remaining, _, _ := p.measure(s)
	return append(p.AppendHead(slices.Grow(dst, 5+remaining), s), p.buf[p.payload:]...)
}

// AppendHead appends the packet but for its payload, which is to follow: for who writes that from where it is.
func (p *Prepared) AppendHead(dst []byte, s *Sending) []byte {
	remaining, properties, omit := p.measure(s)
	dst = append(dst, byte(TypePublish)<<4|publishFlags(p.qos, p.retain, s.Dup && p.qos != AtMostOnce))
	dst = appendVBI(dst, uint32(remaining))
	if omit {
		dst = append(dst, 0, 0)
	} else {
		dst = append(dst, p.buf[:p.props]...)
	}
	if p.qos != AtMostOnce {
		dst = binary.BigEndian.AppendUint16(dst, s.PacketID)
	}
	if s.Version == V5 {
		dst = appendVBI(dst, uint32(properties))
		if s.Expires {
			dst = append(dst, idMessageExpiryInterval)
			dst = binary.BigEndian.AppendUint32(dst, s.Expiry)
		}
		if s.TopicAlias != 0 {
			dst = append(dst, idTopicAlias, byte(s.TopicAlias>>8), byte(s.TopicAlias))
		}
		dst = append(dst, p.buf[p.props:p.payload]...)
	}
	return dst
}

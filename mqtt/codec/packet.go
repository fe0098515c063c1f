package codec

// Packet is any of the fifteen control packets.
type Packet interface {
	// Type is the packet's type.
	Type() Type

	// Append appends the packet's wire form for version v to dst. It takes no memory but what dst needs to grow. What v has
	// no place for (properties on 3.x) is left out unless the packet's documentation says otherwise. The error is a
	// [*MalformedError] that says what can't be sent; dst is then returned as it was.
	Append(dst []byte, v Version) ([]byte, error)

	// Decode sets every field from f. Byte slices alias f.Body, and nothing else does: strings are copies. The error is a
	// [*MalformedError]; the fields that stand before the fault may then be set.
	Decode(f Frame, d Dialect) error
}

// Decode reads f into a new packet of f's type. The error is a [*MalformedError].
func Decode(f Frame, d Dialect) (Packet, error) {
	p := packetOf(f.Type)
	if p == nil {
		return nil, malformed(f.Type, MalformedPacket, "2.1.2", "this type is reserved")
	}
	if err := p.Decode(f, d); err != nil {
		return nil, err
	}
	return p, nil
}

func packetOf(t Type) Packet {
	switch t {
	case TypeConnect:
		return new(Connect)
	case TypeConnAck:
		return new(ConnAck)
	case TypePublish:
		return new(Publish)
	case TypePubAck:
		return new(PubAck)
	case TypePubRec:
		return new(PubRec)
	case TypePubRel:
		return new(PubRel)
	case TypePubComp:
		return new(PubComp)
	case TypeSubscribe:
		return new(Subscribe)
	case TypeSubAck:
		return new(SubAck)
	case TypeUnsubscribe:
		return new(Unsubscribe)
	case TypeUnsubAck:
		return new(UnsubAck)
	case TypePingReq:
		return new(PingReq)
	case TypePingResp:
		return new(PingResp)
	case TypeDisconnect:
		return new(Disconnect)
	case TypeAuth:
		return new(Auth)
	}
	return nil
}

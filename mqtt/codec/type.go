package codec

import "strconv"

// Type is the kind of a control packet (§2.1.2). Zero is no packet.
type Type byte

// The control packets.
const (
	TypeConnect Type = iota + 1
	TypeConnAck
	TypePublish
	TypePubAck
	TypePubRec
	TypePubRel
	TypePubComp
	TypeSubscribe
	TypeSubAck
	TypeUnsubscribe
	TypeUnsubAck
	TypePingReq
	TypePingResp
	TypeDisconnect
	TypeAuth
)

var typeNames = [...]string{
	TypeConnect: "CONNECT", TypeConnAck: "CONNACK", TypePublish: "PUBLISH", TypePubAck: "PUBACK", TypePubRec: "PUBREC",
	TypePubRel: "PUBREL", TypePubComp: "PUBCOMP", TypeSubscribe: "SUBSCRIBE", TypeSubAck: "SUBACK",
	TypeUnsubscribe: "UNSUBSCRIBE", TypeUnsubAck: "UNSUBACK", TypePingReq: "PINGREQ", TypePingResp: "PINGRESP",
	TypeDisconnect: "DISCONNECT", TypeAuth: "AUTH",
}

// String gives the specification's name, as in "CONNECT".
func (t Type) String() string {
	if t >= TypeConnect && t <= TypeAuth {
		return typeNames[t]
	}
	return "packet type " + strconv.Itoa(int(t))
}

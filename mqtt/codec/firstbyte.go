package codec

import "fmt"

// firstBytes has a bit for each dialect in which a packet may begin with that byte.
var firstBytes = everyFirstByte()

func dialectBit(d Dialect) uint { return uint(d.Version)<<1 | uint(d.From&1) }

// lawful reports whether a packet may begin with b: a type of that version, sent by that side, with the flags it must have.
func lawful(b byte, d Dialect) bool { return firstBytes[b]>>dialectBit(d)&1 != 0 }

func everyFirstByte() (table [256]uint16) {
	for b := range 256 {
		for v := V31; v <= V5; v++ {
			for from := FromClient; from <= FromServer; from++ {
				d := Dialect{v, from}
				if t := Type(b >> 4); sends(t, d) && flagsFit(t, byte(b&0x0F), v) {
					table[b] |= 1 << dialectBit(d)
				}
			}
		}
	}
	table[0x10] |= 1 << dialectBit(Dialect{0, FromClient})
	return table
}

// sends reports whether a side sends packets of type t at all (§2.1.2).
func sends(t Type, d Dialect) bool {
	switch t {
	case TypeConnect, TypeSubscribe, TypeUnsubscribe, TypePingReq:
		return d.From == FromClient
	case TypeConnAck, TypeSubAck, TypeUnsubAck, TypePingResp:
		return d.From == FromServer
	case TypeDisconnect:
		return d.From == FromClient || d.Version == V5
	case TypeAuth:
		return d.Version == V5
	}
	return t != 0
}

// flagsFit is the table of §2.1.3. In 3.1 PUBREL, SUBSCRIBE and UNSUBSCRIBE may be sent again, with DUP.
func flagsFit(t Type, flags byte, v Version) bool {
	switch t {
	case TypePublish:
		qos := flags >> 1 & 3
		return qos == 1 || qos == 2 || qos == 0 && flags&8 == 0
	case TypePubRel, TypeSubscribe, TypeUnsubscribe:
		return flags == 2 || v == V31 && flags == 10
	}
	return flags == 0
}

// fixedFlags are the flags that we send for every type but PUBLISH.
func fixedFlags(t Type) byte {
	if t == TypePubRel || t == TypeSubscribe || t == TypeUnsubscribe {
		return 2
	}
	return 0
}

// unlawful says why lawful is false.
func unlawful(b byte, d Dialect) error {
	t, flags := Type(b>>4), b&0x0F
	switch {
	case t == 0, t == TypeAuth && d.Version.known() && d.Version != V5:
		return malformed(t, MalformedPacket, "2.1.2", "this type is reserved")
	case d.Version == 0:
		return malformed(t, ProtocolError, "3.1", "the first packet isn't a lawful CONNECT")
	case !d.Version.known():
		return malformed(t, UnsupportedProtocolVersion, "3.1.2.2", "the connection has "+d.Version.String())
	case !sends(t, d):
		return malformed(t, ProtocolError, "2.1.2", "a "+d.From.String()+" doesn't send this packet")
	case t == TypePublish && flags&6 == 6:
		return malformed(t, MalformedPacket, "3.3.1.2", "QoS is 3")
	case t == TypePublish:
		return malformed(t, MalformedPacket, "3.3.1.1", "DUP is set at QoS 0")
	}
	return malformed(t, MalformedPacket, "2.1.3", fmt.Sprintf("the fixed header's flags are %04b", flags))
}

package codec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var refusedPackets = []refusal{
	{"CONNACK of 5.0 in two bytes with code 0", server5, "20 02 00 00", MalformedPacket},
	{"CONNACK: session present with a refusal (§3.2.2-6)", server5, "20 03 01 87 00", ProtocolError},
	{"CONNACK of 3.1.1: session present with a refusal", server311, "20 02 01 05", ProtocolError},
	{"CONNACK: session present in a refusal of 3.x", server5, "20 02 01 01", ProtocolError},
	{"CONNACK: reserved flag in a refusal of 3.x", server5, "20 02 02 01", MalformedPacket},
	{"CONNACK: code not in the table (§3.2.2-8)", server5, "20 03 00 01 00", ProtocolError},
	{"CONNACK of 3.1 in three bytes", server31, "20 03 00 00 00", MalformedPacket},
	{"PUBLISH: packet identifier 0 (§2.2.1)", server5, "32 06 00 01 61 00 00 00", ProtocolError},
	{"PUBLISH: no packet identifier", server5, "32 04 00 01 61 00", MalformedPacket},
	{"PUBLISH: no property length", server5, "30 03 00 01 61", MalformedPacket},
	{"PUBLISH: no topic", server5, "30 01 00", MalformedPacket},
	{"PUBLISH: NUL in the topic (§1.5.4)", server5, "30 06 00 03 61 00 62 00", MalformedPacket},
	{"PUBLISH: empty topic, properties without alias (§3.3.2.1)", server5, "30 05 00 00 02 01 00", ProtocolError},
	{"PUBLISH of 3.1: empty topic", server31, "30 02 00 00", ProtocolError},
	{"PUBLISH from a client with a subscription identifier (§3.3.4-6)", client5, "30 06 00 01 61 02 0B 01", ProtocolError},
	{"PUBREL of 3.1.1 with a code", server311, "62 03 00 01 92", MalformedPacket},
	{"PUBACK: packet identifier 0", server5, "40 02 00 00", ProtocolError},
	{"PUBREC: packet identifier 0, with a code", server5, "50 03 00 00 00", ProtocolError},
	{"PUBCOMP: bytes behind the properties", server5, "70 05 00 01 00 00 00", MalformedPacket},
	{"SUBSCRIBE without a filter (§3.8.3-2)", client5, "82 03 00 01 00", ProtocolError},
	{"SUBSCRIBE of 3.1.1 without a filter", client311, "82 02 00 01", ProtocolError},
	{"SUBSCRIBE: packet identifier 0", client5, "82 07 00 00 00 00 01 61 00", ProtocolError},
	{"SUBSCRIBE: QoS 3 (§3.8.3.1)", client5, "82 07 00 01 00 00 01 61 03", ProtocolError},
	{"SUBSCRIBE of 3.1.1: QoS 3", client311, "82 06 00 01 00 01 61 03", ProtocolError},
	{"SUBSCRIBE: retain handling 3 (§3.8.3.1)", client5, "82 07 00 01 00 00 01 61 30", ProtocolError},
	{"SUBSCRIBE: reserved option (§3.8.3-5)", client5, "82 07 00 01 00 00 01 61 40", MalformedPacket},
	{"SUBSCRIBE of 3.1.1: no local", client311, "82 06 00 01 00 01 61 04", MalformedPacket},
	{"SUBSCRIBE: no local with $share (§3.8.3-4)", client5, "82 10 00 0E 00 00 0A 24 73 68 61 72 65 2F 67 2F 61 05", ProtocolError},
	{"SUBSCRIBE: malformed $share (§4.8.2)", client5, "82 0E 00 0E 00 00 08 24 73 68 61 72 65 2F 67 00", TopicFilterInvalid},
	{"SUBSCRIBE: wildcard in the wrong place (§4.7.1)", client5, "82 08 00 01 00 00 02 61 23 00", TopicFilterInvalid},
	{"SUBSCRIBE: empty filter (§4.7.3-1)", client5, "82 06 00 01 00 00 00 00", TopicFilterInvalid},
	{"SUBSCRIBE: filter isn't UTF-8", client5, "82 07 00 01 00 00 01 FF 00", MalformedPacket},
	{"SUBSCRIBE: no options", client5, "82 06 00 01 00 00 01 61", MalformedPacket},
	{"SUBSCRIBE: bad properties before good filters", client5, "82 09 00 01 02 0B 00 00 01 61 00", ProtocolError},
	{"SUBACK without a code", server5, "90 03 00 01 00", ProtocolError},
	{"SUBACK of 3.1.1 without a code", server311, "90 02 00 01", ProtocolError},
	{"SUBACK of 3.1 with a failure", server31, "90 03 00 01 80", ProtocolError},
	{"SUBACK of 3.1.1 with another failure", server311, "90 03 00 01 87", ProtocolError},
	{"UNSUBSCRIBE without a filter (§3.10.3-2)", client5, "A2 03 00 01 00", ProtocolError},
	{"UNSUBSCRIBE: empty filter", client5, "A2 05 00 01 00 00 00", TopicFilterInvalid},
	{"UNSUBSCRIBE: bad properties before good filters", client5, "A2 08 00 01 02 0B 01 00 01 61", MalformedPacket},
	{"UNSUBACK without a code", server5, "B0 03 00 01 00", ProtocolError},
	{"UNSUBACK of 3.1.1 with a code", server311, "B0 03 00 01 00", MalformedPacket},
	{"PINGRESP with a body (§3.13.1)", server5, "D0 01 00", MalformedPacket},
	{"DISCONNECT of 3.1.1 with a code", client311, "E0 01 00", MalformedPacket},
	{"DISCONNECT: server reference from a client", client5, "E0 06 9C 04 1C 00 01 61", ProtocolError},
	{"DISCONNECT: bytes behind the properties", client5, "E0 03 00 00 00", MalformedPacket},
	{"AUTH without a method (§3.15.2.2.2)", server5, "F0 02 18 00", ProtocolError},
	{"AUTH: 0x19 from a server (§3.15.2-1)", server5, "F0 06 19 04 15 00 01 58", ProtocolError},
	{"AUTH: 0x00 from a client (§3.15.2-1)", client5, "F0 06 00 04 15 00 01 58", ProtocolError},
}

func TestPacketsRefused(t *testing.T) {
	for _, r := range refusedPackets {
		t.Run(r.name, func(t *testing.T) { requireRefused(t, r) })
	}
}

func TestPacketsAccepted(t *testing.T) {
	for _, c := range []vector{
		{name: "CONNACK in the words of 3.x: version", d: server5, bytes: "20 02 00 01", want: &ConnAck{Code: UnsupportedProtocolVersion, ReturnCode: 1}},
		{name: "CONNACK in the words of 3.x: not authorised", d: server5, bytes: "20 02 00 05", want: &ConnAck{Code: NotAuthorized, ReturnCode: 5}},
		{name: "CONNACK of 3.1.1: identifier", d: server311, bytes: "20 02 00 02", want: &ConnAck{Code: ClientIdentifierNotValid, ReturnCode: 2}},
		{name: "CONNACK of 3.1.1: unavailable", d: server311, bytes: "20 02 00 03", want: &ConnAck{Code: ServerUnavailable, ReturnCode: 3}},
		{name: "CONNACK of 3.1.1: password", d: server311, bytes: "20 02 00 04", want: &ConnAck{Code: BadUserNameOrPassword, ReturnCode: 4}},
		{name: "CONNACK of 3.1.1: reserved return code", d: server311, bytes: "20 02 00 06", want: &ConnAck{Code: UnspecifiedError, ReturnCode: 6}},
		{name: "CONNACK of 3.1: byte 1 is ignored", d: server31, bytes: "20 02 FF 00", want: &ConnAck{}},
		{name: "PUBACK with code 0 and no property", d: server5, bytes: "40 04 00 01 00 00", want: &PubAck{PacketID: 1}},
		{name: "PUBREL of 3.1 with DUP", d: server31, bytes: "6A 02 00 01", want: &PubRel{PacketID: 1}},
		{name: "SUBSCRIBE of 3.1 with DUP", d: client31, bytes: "8A 06 00 01 00 01 61 01", want: &Subscribe{PacketID: 1, Subscriptions: []Subscription{{Filter: "a", QoS: AtLeastOnce}}}},
		{name: "SUBSCRIBE of 3.1.1: $share has no meaning", d: client311, bytes: "82 0D 00 01 00 08 24 73 68 61 72 65 2F 67 00", want: &Subscribe{PacketID: 1, Subscriptions: []Subscription{{Filter: "$share/g"}}}},
		{name: "SUBACK of 3.1", d: server31, bytes: "90 05 00 01 00 01 02", want: &SubAck{PacketID: 1, Codes: []ReasonCode{0, 1, 2}}},
		{name: "DISCONNECT with no property", d: server5, bytes: "E0 02 8B 00", want: &Disconnect{Code: ServerShuttingDown}},
		{name: "control characters and a byte order mark in a topic (§1.5.4)", d: server311, bytes: "30 08 00 06 EF BB BF 01 C2 85", want: &Publish{Topic: "\ufeff\x01\u0085", Payload: []byte{}}},
		{name: "overlong Remaining Length on 3.1.1", d: server311, bytes: "D0 80 00", want: &PingResp{}},
		{name: "a payload that isn't the UTF-8 it claims to be is the caller's (§3.3.2.3.2)", d: server5, bytes: "30 07 00 01 61 02 01 01 FF", want: &Publish{Topic: "a", Payload: []byte{255}, Properties: &PublishProperties{PayloadFormatIndicator: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decodeBytes(unhex(c.bytes), c.d)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			requireRoundTrip(t, got, c.d)
		})
	}
}

// tooLong is one byte more than a string can have.
var tooLong = strings.Repeat("x", 65536)

var unwritable = []struct {
	name string
	v    Version
	p    Packet
	code ReasonCode
}{
	{"CONNACK: session present with a refusal", V5, &ConnAck{SessionPresent: true, Code: NotAuthorized}, ProtocolError},
	{"CONNACK: code not in the table", V5, &ConnAck{Code: GrantedQoS1}, ProtocolError},
	{"CONNACK of 3.1.1: no such return code", V311, &ConnAck{Code: Banned}, ProtocolError},
	{"CONNACK: maximum QoS 2", V5, &ConnAck{Properties: &ConnAckProperties{MaximumQoS: new(ExactlyOnce)}}, ProtocolError},
	{"CONNACK: data without a method", V5, &ConnAck{Properties: &ConnAckProperties{AuthenticationData: []byte{1}}}, ProtocolError},
	{"CONNACK: reason string too long", V5, &ConnAck{Properties: &ConnAckProperties{ReasonString: tooLong}}, MalformedPacket},
	{"PUBLISH: QoS 3", V5, &Publish{Topic: "a", QoS: 3, PacketID: 1}, MalformedPacket},
	{"PUBLISH: DUP at QoS 0", V5, &Publish{Topic: "a", Dup: true}, MalformedPacket},
	{"PUBLISH: packet identifier 0", V5, &Publish{Topic: "a", QoS: 1}, ProtocolError},
	{"PUBLISH: wildcard", V5, &Publish{Topic: "a/+"}, TopicNameInvalid},
	{"PUBLISH: empty topic", V5, &Publish{}, TopicNameInvalid},
	{"PUBLISH: topic too long", V5, &Publish{Topic: tooLong}, TopicNameInvalid},
	{"PUBLISH of 3.1.1: empty topic, alias", V311, &Publish{Properties: &PublishProperties{TopicAlias: 1}}, TopicNameInvalid},
	{"PUBLISH: subscription identifier 0", V5, &Publish{Topic: "a", Properties: &PublishProperties{SubscriptionIdentifiers: []uint32{0}}}, ProtocolError},
	{"PUBLISH: subscription identifier too large", V5, &Publish{Topic: "a", Properties: &PublishProperties{SubscriptionIdentifiers: []uint32{268435456}}}, ProtocolError},
	{"PUBACK: packet identifier 0", V311, &PubAck{}, ProtocolError},
	{"PUBREC: code not in the table", V5, &PubRec{PacketID: 1, Code: Banned}, ProtocolError},
	{"PUBREL: user property with NUL", V5, &PubRel{PacketID: 1, Properties: &ReasonProperties{UserProperties: []UserProperty{{"\x00", ""}}}}, MalformedPacket},
	{"SUBSCRIBE: no filter", V5, &Subscribe{PacketID: 1}, ProtocolError},
	{"SUBSCRIBE: packet identifier 0", V5, &Subscribe{Subscriptions: []Subscription{{Filter: "a"}}}, ProtocolError},
	{"SUBSCRIBE: bad filter", V311, &Subscribe{PacketID: 1, Subscriptions: []Subscription{{Filter: "a#"}}}, TopicFilterInvalid},
	{"SUBSCRIBE: QoS 3", V5, &Subscribe{PacketID: 1, Subscriptions: []Subscription{{Filter: "a", QoS: 3}}}, ProtocolError},
	{"SUBSCRIBE: retain handling 3", V5, &Subscribe{PacketID: 1, Subscriptions: []Subscription{{Filter: "a", RetainHandling: 3}}}, ProtocolError},
	{"SUBSCRIBE: no local with $share", V5, &Subscribe{PacketID: 1, Subscriptions: []Subscription{{Filter: "$share/g/a", NoLocal: true}}}, ProtocolError},
	{"SUBSCRIBE: subscription identifier too large", V5, &Subscribe{PacketID: 1, Properties: &SubscribeProperties{SubscriptionIdentifier: 268435456}, Subscriptions: []Subscription{{Filter: "a"}}}, ProtocolError},
	{"SUBACK: no code", V5, &SubAck{PacketID: 1}, ProtocolError},
	{"SUBACK: code not in the table", V5, &SubAck{PacketID: 1, Codes: []ReasonCode{3}}, ProtocolError},
	{"SUBACK of 3.1: failure", V31, &SubAck{PacketID: 1, Codes: []ReasonCode{NotAuthorized}}, ProtocolError},
	{"UNSUBSCRIBE: no filter", V311, &Unsubscribe{PacketID: 1}, ProtocolError},
	{"UNSUBSCRIBE: bad filter", V5, &Unsubscribe{PacketID: 1, Filters: []string{""}}, TopicFilterInvalid},
	{"UNSUBACK: no code", V5, &UnsubAck{PacketID: 1}, ProtocolError},
	{"UNSUBACK: code not in the table", V5, &UnsubAck{PacketID: 1, Codes: []ReasonCode{1}}, ProtocolError},
	{"DISCONNECT: code not in the table", V5, &Disconnect{Code: Banned}, ProtocolError},
	{"DISCONNECT of 3.1.1 with a code", V311, &Disconnect{Code: DisconnectWithWill}, ProtocolError},
	{"AUTH on 3.1.1", V311, &Auth{AuthenticationMethod: "X"}, ProtocolError},
	{"AUTH: no method", V5, &Auth{}, ProtocolError},
	{"AUTH: code not in the table", V5, &Auth{Code: NotAuthorized, AuthenticationMethod: "X"}, ProtocolError},
}

func TestPacketsWontWrite(t *testing.T) {
	for _, c := range unwritable {
		t.Run(c.name, func(t *testing.T) { requireWontWrite(t, c.p, c.v, c.code) })
	}
}

// What 3.x has no place for is left out.
func TestOlderVersionsLeaveOut(t *testing.T) {
	reason := &ReasonProperties{ReasonString: "why"}
	for _, c := range []struct {
		p    Packet
		want string
	}{
		{&ConnAck{Code: NotAuthorized, Properties: &ConnAckProperties{ReasonString: "why"}}, "20 02 00 05"},
		{&ConnAck{Code: UnspecifiedError, ReturnCode: 9}, "20 02 00 09"},
		{&Publish{Topic: "a", Properties: &PublishProperties{ContentType: "x", TopicAlias: 3}}, "30 03 00 01 61"},
		{&PubAck{PacketID: 1, Code: NotAuthorized, Properties: reason}, "40 02 00 01"},
		{&Subscribe{PacketID: 1, Properties: &SubscribeProperties{SubscriptionIdentifier: 7}, Subscriptions: []Subscription{
			{Filter: "a", QoS: 1, NoLocal: true, RetainAsPublished: true, RetainHandling: 2}}}, "82 06 00 01 00 01 61 01"},
		{&SubAck{PacketID: 1, Properties: reason, Codes: []ReasonCode{2, NotAuthorized}}, "90 04 00 01 02 80"},
		{&Unsubscribe{PacketID: 1, UserProperties: kv, Filters: []string{"a"}}, "A2 05 00 01 00 01 61"},
		{&UnsubAck{PacketID: 1, Properties: reason, Codes: []ReasonCode{NotAuthorized}}, "B0 02 00 01"},
		{&Disconnect{Properties: &DisconnectProperties{ReasonString: "why"}}, "E0 00"},
	} {
		b, err := c.p.Append(nil, V311)
		require.NoError(t, err)
		require.Equal(t, unhex(c.want), b)
	}
	b, err := (&ConnAck{SessionPresent: true}).Append(nil, V31)
	require.NoError(t, err)
	require.Equal(t, unhex("20 02 00 00"), b)
}

// After an unlawful code the packet still has it, for whoever wants to tell (§3.2.2-8, §3.14.2-1).
func TestUnlawfulCodesStay(t *testing.T) {
	var c ConnAck
	require.Error(t, c.Decode(Frame{TypeConnAck, 0, unhex("00 FF 00")}, server5))
	require.Equal(t, byte(0xFF), c.ReturnCode)
	var d Disconnect
	require.Error(t, d.Decode(Frame{TypeDisconnect, 0, unhex("01 00")}, server5))
	require.Equal(t, ReasonCode(1), d.Code)
}

// Lengths that take more than one byte are written behind what they count.
func TestLongLengths(t *testing.T) {
	for _, n := range []int{1, 60, 127, 128, 129, 16383, 16384, 65535} {
		p := &Publish{Topic: "a", Payload: []byte("x"), Properties: &PublishProperties{CorrelationData: make([]byte, n), ContentType: "y"}}
		requireRoundTrip(t, p, server5)
		p.Properties = nil
		p.Payload = make([]byte, n*33)
		requireRoundTrip(t, p, server311)
	}
}

func TestTooLargeToWrite(t *testing.T) { // §2.1.4
	requireWontWrite(t, &Publish{Topic: "a", Payload: make([]byte, 268435456)}, V5, PacketTooLarge)
	for _, extra := range []int{0, 1} {
		e := encoder{b: make([]byte, 2+268435455+extra), packet: TypePublish}
		e.putLength(len(e.b) - 1 - 127)
		require.NoError(t, e.err)
		if extra == 1 {
			_, err := e.finish()
			require.ErrorIs(t, err, PacketTooLarge)
		}
	}
}

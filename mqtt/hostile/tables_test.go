package hostile_test

import "github.com/sluicemq/sluice/mqtt"

// The types of packets, in the upper half of the first byte (§2.1.2).
const (
	tConnect     = 0x10
	tConnAck     = 0x20
	tPublish     = 0x30
	tPubAck      = 0x40
	tPubRec      = 0x50
	tPubRel      = 0x60
	tPubComp     = 0x70
	tSubscribe   = 0x80
	tSubAck      = 0x90
	tUnsubscribe = 0xA0
	tUnsubAck    = 0xB0
	tPingReq     = 0xC0
	tPingResp    = 0xD0
	tDisconnect  = 0xE0
	tAuth        = 0xF0
)

// lawful are the packets that a server sends, with all that can be in them (§3).
func lawful(v mqtt.Version) []packet {
	id := func(n byte) field { return field{kind: identifier, bytes: []byte{0x7F, n}} }
	name := field{kind: topic, bytes: text("a/b")}
	body := field{kind: payload, bytes: []byte("~hi")} // ~ is the identifier of no property
	pubRel := byte(tPubRel | 2)
	if v != mqtt.V5 {
		return []packet{
			{"CONNACK", tConnAck, []field{{kind: ackFlags, bytes: []byte{0}}, {kind: code, bytes: []byte{0}}}, 2},
			{"PUBLISH at QoS 0", tPublish, []field{name, body}, 1},
			{"PUBLISH at QoS 1", tPublish | 2, []field{name, id(1), body}, 2},
			{"PUBLISH at QoS 2", tPublish | 4, []field{name, id(2), body}, 2},
			{"PUBACK", tPubAck, []field{id(3)}, 1},
			{"PUBREC", tPubRec, []field{id(4)}, 1},
			{"PUBREL", pubRel, []field{id(2)}, 1},
			{"PUBCOMP", tPubComp, []field{id(5)}, 1},
			{"SUBACK", tSubAck, []field{id(6), {kind: codes, bytes: []byte{1}}}, 2},
			{"UNSUBACK", tUnsubAck, []field{id(7)}, 1},
			{"PINGRESP", tPingResp, nil, 0},
		}
	}
	reason := field{kind: block, props: []property{textProp(0x1F, "why"), pair("k", "v")}}
	published := field{kind: block, props: []property{
		prop(0x01, 1), prop(0x02, 0, 0, 0, 60), prop(0x23, 0, 1), textProp(0x08, "r/t"), textProp(0x09, "\x01\xFF"),
		pair("k", "v"), prop(0x0B, 0xAC, 2), textProp(0x03, "text/plain"),
	}}
	status := func(b byte) field { return field{kind: code, bytes: []byte{b}} }
	return []packet{
		{"CONNACK", tConnAck, []field{{kind: ackFlags, bytes: []byte{0}}, status(0), {kind: block, props: []property{
			prop(0x11, 0, 0, 0, 60), prop(0x21, 0, 5), prop(0x24, 1), prop(0x25, 0), prop(0x27, 0, 0, 1, 0), textProp(0x12, "theirs"),
			prop(0x22, 0, 3), textProp(0x1F, "why"), pair("k", "v"), prop(0x28, 0), prop(0x29, 0), prop(0x2A, 0), prop(0x13, 0, 10),
			textProp(0x1A, "r/"), textProp(0x1C, "h:1883"),
		}}}, 3},
		{"PUBLISH at QoS 0", tPublish, []field{name, published, body}, 2},
		{"PUBLISH at QoS 1", tPublish | 2, []field{name, id(1), published, body}, 3},
		{"PUBLISH at QoS 2", tPublish | 4, []field{name, id(2), published, body}, 3},
		{"PUBACK", tPubAck, []field{id(3), status(0x10), reason}, 1},
		{"PUBREC", tPubRec, []field{id(4), status(0), reason}, 1},
		{"PUBREL", pubRel, []field{id(2), status(0), reason}, 1},
		{"PUBCOMP", tPubComp, []field{id(5), status(0x92), reason}, 1},
		{"SUBACK", tSubAck, []field{id(6), reason, {kind: codes, bytes: []byte{1}}}, 3},
		{"UNSUBACK", tUnsubAck, []field{id(7), reason, {kind: codes, bytes: []byte{0x11}}}, 3},
		{"PINGRESP", tPingResp, nil, 0},
		{"DISCONNECT", tDisconnect, []field{status(0x9C), {kind: block, props: []property{
			textProp(0x1F, "why"), pair("k", "v"), textProp(0x1C, "h:1883"),
		}}}, 0},
		{"AUTH", tAuth, []field{status(0x18), {kind: block, props: []property{
			textProp(0x15, "X"), textProp(0x16, "\x01"), textProp(0x1F, "why"), pair("k", "v"),
		}}}, 2},
	}
}

// reasonCodes are those that a server may send (§3.2.2.2 to §3.15.2.1). In DISCONNECT 0x8C and 0x9B are among them: the
// specification has them in its overview (§2.4) and in §3.3.4.
var reasonCodes = map[byte][]byte{
	tConnAck:  {0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F},
	tPubAck:   {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
	tPubRec:   {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
	tPubRel:   {0, 0x92},
	tPubComp:  {0, 0x92},
	tSubAck:   {0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2},
	tUnsubAck: {0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91},
	tDisconnect: {0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A,
		0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2},
	tAuth: {0, 0x18},
}

// properties are all that there are, each with a lawful value (§2.2.2.2).
var properties = []property{
	prop(0x01, 1), prop(0x02, 0, 0, 0, 60), textProp(0x03, "t"), textProp(0x08, "r"), textProp(0x09, "d"), prop(0x0B, 1), prop(0x11, 0, 0, 0, 1),
	textProp(0x12, "i"), prop(0x13, 0, 9), textProp(0x15, "m"), textProp(0x16, "d"), prop(0x17, 1), prop(0x18, 0, 0, 0, 1), prop(0x19, 1),
	textProp(0x1A, "r"), textProp(0x1C, "h"), textProp(0x1F, "w"), prop(0x21, 0, 9), prop(0x22, 0, 9), prop(0x23, 0, 1), prop(0x24, 1), prop(0x25, 1),
	pair("k", "v"), prop(0x27, 0, 1, 0, 0), prop(0x28, 1), prop(0x29, 1), prop(0x2A, 1),
}

// illegal are values that a property may not have, and what a server is told that sends them.
var illegal = []struct {
	property
	why  string
	code byte
}{
	{prop(0x01, 2), "neither 0 nor 1", 0x82},
	{prop(0x01, 0xFF), "neither 0 nor 1", 0x82},
	{textProp(0x08, ""), "no topic", 0x82},
	{textProp(0x08, "r/+"), "a wildcard", 0x82},
	{textProp(0x08, "#"), "a wildcard", 0x82},
	{prop(0x0B, 0), "0", 0x82},
	{prop(0x0B, 0x81, 0), "more bytes than it needs", 0x81},
	{prop(0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 1), "more than four bytes", 0x81},
	{prop(0x21, 0, 0), "0", 0x82},
	{prop(0x23, 0, 0), "0", 0x94},
	{prop(0x23, 0, 6), "above the maximum", 0x94},
	{prop(0x23, 0xFF, 0xFF), "above the maximum", 0x94},
	{prop(0x24, 2), "above 1", 0x82},
	{prop(0x24, 0xFF), "above 1", 0x82},
	{prop(0x25, 2), "neither 0 nor 1", 0x82},
	{prop(0x27, 0, 0, 0, 0), "0", 0x82},
	{prop(0x28, 2), "neither 0 nor 1", 0x82},
	{prop(0x29, 3), "neither 0 nor 1", 0x82},
	{prop(0x2A, 0xFF), "neither 0 nor 1", 0x82},
}

// badTexts are no UTF-8 Encoded Strings (§1.5.4).
var badTexts = []struct{ why, text string }{
	{"a byte that UTF-8 never has", "a\xFF"},
	{"U+0000", "a\x00b"},
	{"U+0000 in two bytes", "\xC0\x80"},
	{"an overlong /", "\xC0\xAF"},
	{"a surrogate", "\xED\xA0\x80"},
	{"a pair of surrogates", "\xED\xA1\x8C\xED\xBE\xB4"},
	{"more than U+10FFFF", "\xF4\x90\x80\x80"},
	{"a character that is cut", "a\xE2\x82"},
	{"a continuation with nothing before", "\x80"},
}

// texts are the identifiers of the properties that are strings.
var texts = []byte{0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F}

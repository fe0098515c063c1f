package mqtt_test

// hostile is what a client must not accept: bytes, and the reason that a server of 5.0 is told; zero: any, or none. line is
// the behaviour that it is an example of.
type hostile struct {
	line, fault string
	bytes       string
	code        byte
}

// The vectors are fed after CONNACK, but for those of CONNACK itself. On 3.1.1 the result is a close without a word.
var (
	hostile311ConnAcks = []hostile{
		{"B313", "CONNACK flag bits not 0", "21 02 00 00", 0},
		{"B313", "CONNACK length 3", "20 03 00 00 00", 0},
		{"B313", "CONNACK reserved bit", "20 02 02 00", 0},
	}
	hostile311 = []hostile{
		{"B313", "five-byte Remaining Length", "30 80 80 80 80 01", 0},
		{"B145", "PUBLISH QoS 3", "36 05 00 01 61 00 01", 0},
		{"B145", "PUBLISH identifier 0", "32 05 00 01 61 00 00", 0},
		{"B313", "NUL in topic", "30 05 00 03 61 00 62", 0},
		{"B313", "surrogate in topic", "30 05 00 03 ED A0 80", 0},
		{"B313", "topic runs past the end", "30 02 00 05", 0},
		{"B313", "empty topic", "30 02 00 00", 0},
		{"B313", "wildcard in topic", "30 04 00 02 61 23", 0},
		{"B313", "PUBREL flags 0", "60 02 00 01", 0},
		{"B313", "PUBACK length 3", "40 03 00 01 00", 0},
		{"B313", "SUBACK code 3", "90 03 00 01 03", 0},
		{"B319", "PINGREQ to a client", "C0 00", 0},
		{"B313", "DISCONNECT to a client of 3.1.1", "E0 00", 0},
		{"B313", "type 15", "F0 00", 0},
		{"B313", "type 0", "00 00", 0},

		{"B145", "PUBLISH QoS 2 identifier 0", "34 05 00 01 61 00 00", 0},
		{"B313", "DUP at QoS 0", "38 03 00 01 61", 0},
		{"B313", "trailing bytes of PUBREC", "50 03 00 01 00", 0},
		{"B313", "trailing bytes of PINGRESP", "D0 01 00", 0},
		{"B313", "PUBACK without identifier", "40 00", 0},
		{"B313", "PUBACK identifier 0", "40 02 00 00", 0},
		{"B315", "a second CONNACK", "20 02 00 00", 0},
		{"B319", "CONNECT", "10 0E 00 04 4D 51 54 54 04 02 00 3C 00 02 63 31", 0},
		{"B319", "SUBSCRIBE", "82 06 00 01 00 01 61 00", 0},
		{"B319", "UNSUBSCRIBE", "A2 05 00 01 00 01 61", 0},
	}

	hostile5ConnAcks = []hostile{
		{"B313", "CONNACK reserved bit", "20 03 02 00 00", 0x81},
		{"B313", "Receive Maximum 0", "20 06 00 00 03 21 00 00", 0x82},
		{"B313", "Receive Maximum twice", "20 09 00 00 06 21 00 0A 21 00 0A", 0x82},
		{"B313", "Maximum QoS 2", "20 05 00 00 02 24 02", 0x82},
		{"B313", "Maximum Packet Size 0", "20 08 00 00 05 27 00 00 00 00", 0x82},
		{"B313", "Retain Available 2", "20 05 00 00 02 25 02", 0x82},
		{"B313", "unknown property", "20 05 00 00 02 7F 00", 0x81},
		{"B313", "property block longer than packet", "20 04 00 00 02 25", 0x81},
		{"B313", "property block ends inside a property", "20 05 00 00 01 25 01", 0x81},
	}
	hostile5 = []hostile{
		{"B313", "empty topic, no alias", "30 03 00 00 00", 0x82},
		{"B313", "alias 0", "30 06 00 00 03 23 00 00", 0x94},
		{"B313", "an alias, where none was offered", "30 06 00 00 03 23 00 01", 0x94},
		{"B313", "Subscription Identifier 0", "30 06 00 01 61 02 0B 00", 0x82},
		{"B313", "Session Expiry in PUBLISH", "30 09 00 01 61 05 11 00 00 00 01", 0x81},
		{"B313", "wildcard in topic", "30 05 00 02 61 23 00", 0x82},
		{"B313", "overlong property length", "30 05 00 01 61 80 00", 0x81},
		{"B145", "QoS 3", "36 06 00 01 61 00 01 00", 0x81},
		{"B313", "PUBACK reason not in table", "40 03 00 01 01", 0x82},
		{"B313", "PUBREL flags 0", "60 02 00 01", 0x81},
		{"B313", "SUBACK reason 3", "90 04 00 01 00 03", 0x82},
		{"B313", "Session Expiry from the server", "E0 07 00 05 11 00 00 00 0A", 0x82},
		{"B313", "DISCONNECT flags", "E1 00", 0x81},
		{"B313", "AUTH without method", "F0 00", 0},
		{"B313", "AUTH flags", "F1 06 18 04 15 00 01 58", 0x81},
		{"B313", "type 0", "00 00", 0x81},

		{"B145", "PUBLISH identifier 0 at QoS 1", "32 06 00 01 61 00 00 00", 0x82},
		{"B145", "PUBLISH identifier 0 at QoS 2", "34 06 00 01 61 00 00 00", 0x82},
		{"B313", "DUP at QoS 0", "38 04 00 01 61 00", 0x81},
		{"B313", "NUL in topic", "30 06 00 03 61 00 62 00", 0x81},
		{"B313", "surrogate in topic", "30 06 00 03 ED A0 80 00", 0x81},
		{"B313", "five-byte Remaining Length", "30 80 80 80 80 01", 0x81},
		{"B313", "overlong Remaining Length", "D0 80 00", 0x81},
		{"B313", "trailing bytes of PINGRESP", "D0 01 00", 0x81},
		{"B313", "PUBACK identifier 0", "40 02 00 00", 0x82},
		{"B315", "a second CONNACK", "20 03 00 00 00", 0x82},
		{"B319", "CONNECT", "10 0F 00 04 4D 51 54 54 05 02 00 3C 00 00 02 63 31", 0x82},
		{"B319", "SUBSCRIBE", "82 07 00 01 00 00 01 61 00", 0x82},
		{"B319", "UNSUBSCRIBE", "A2 06 00 01 00 00 01 61", 0x82},
		{"B319", "PINGREQ", "C0 00", 0x82},
		{"B285", "AUTH that nobody asked for", "F0 06 18 04 15 00 01 58", 0x82},
		{"B314", "a length above the client's Maximum Packet Size", "30 FF FF FF 7F", 0x95},
	}

	// hostile5Words is for a client that has forbidden words in answers (§3.1.2.11.7).
	hostile5Words = []hostile{
		{"B313", "reason string in PUBACK", "40 09 00 01 00 05 1F 00 02 68 69", 0x82},
		{"B313", "reason string in PUBREC", "50 09 00 01 00 05 1F 00 02 68 69", 0x82},
		{"B313", "user property in PUBREL", "62 0B 00 01 00 07 26 00 01 61 00 01 31", 0x82},
		{"B313", "user property in SUBACK", "90 0B 00 01 07 26 00 01 61 00 01 31 00", 0x82},
	}

	// hostile5Aliases is for a client that offers aliases.
	hostile5Aliases = []hostile{
		{"B313", "unknown alias", "30 06 00 00 03 23 00 01", 0x82},
		{"B313", "alias above the maximum", "30 07 00 01 61 03 23 00 09", 0x94},
		{"B313", "alias 0", "30 07 00 01 61 03 23 00 00", 0x94},
	}
)

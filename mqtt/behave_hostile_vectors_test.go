package mqtt_test

// hostile is what a client must not accept: bytes, and the reason that a server of 5.0 is told; zero: any, or none.
type hostile struct {
	fault string
	bytes string
	code  byte
}

// The vectors are fed after CONNACK, but for those of CONNACK itself. On 3.1.1 the result is a close without a word.
var (
	hostile311ConnAcks = []hostile{
		{fault: "CONNACK flag bits not 0", bytes: "21 02 00 00"},
		{fault: "CONNACK length 3", bytes: "20 03 00 00 00"},
		{fault: "CONNACK reserved bit", bytes: "20 02 02 00"},
	}
	hostile311 = []hostile{
		{fault: "five-byte Remaining Length", bytes: "30 80 80 80 80 01"},
		{fault: "PUBLISH QoS 3", bytes: "36 05 00 01 61 00 01"},
		{fault: "PUBLISH identifier 0", bytes: "32 05 00 01 61 00 00"},
		{fault: "NUL in topic", bytes: "30 05 00 03 61 00 62"},
		{fault: "surrogate in topic", bytes: "30 05 00 03 ED A0 80"},
		{fault: "topic runs past the end", bytes: "30 02 00 05"},
		{fault: "empty topic", bytes: "30 02 00 00"},
		{fault: "wildcard in topic", bytes: "30 04 00 02 61 23"},
		{fault: "PUBREL flags 0", bytes: "60 02 00 01"},
		{fault: "PUBACK length 3", bytes: "40 03 00 01 00"},
		{fault: "SUBACK code 3", bytes: "90 03 00 01 03"},
		{fault: "PINGREQ to a client", bytes: "C0 00"},
		{fault: "DISCONNECT to a client of 3.1.1", bytes: "E0 00"},
		{fault: "type 15", bytes: "F0 00"},
		{fault: "type 0", bytes: "00 00"},

		{fault: "PUBLISH QoS 2 identifier 0", bytes: "34 05 00 01 61 00 00"},
		{fault: "DUP at QoS 0", bytes: "38 03 00 01 61"},
		{fault: "trailing bytes of PUBREC", bytes: "50 03 00 01 00"},
		{fault: "trailing bytes of PINGRESP", bytes: "D0 01 00"},
		{fault: "PUBACK without identifier", bytes: "40 00"},
		{fault: "PUBACK identifier 0", bytes: "40 02 00 00"},
		{fault: "a second CONNACK", bytes: "20 02 00 00"},
		{fault: "CONNECT", bytes: "10 0E 00 04 4D 51 54 54 04 02 00 3C 00 02 63 31"},
		{fault: "SUBSCRIBE", bytes: "82 06 00 01 00 01 61 00"},
		{fault: "UNSUBSCRIBE", bytes: "A2 05 00 01 00 01 61"},
	}

	hostile5ConnAcks = []hostile{
		{"CONNACK reserved bit", "20 03 02 00 00", 0x81},
		{"Receive Maximum 0", "20 06 00 00 03 21 00 00", 0x82},
		{"Receive Maximum twice", "20 09 00 00 06 21 00 0A 21 00 0A", 0x82},
		{"Maximum QoS 2", "20 05 00 00 02 24 02", 0x82},
		{"Maximum Packet Size 0", "20 08 00 00 05 27 00 00 00 00", 0x82},
		{"Retain Available 2", "20 05 00 00 02 25 02", 0x82},
		{"unknown property", "20 05 00 00 02 7F 00", 0x81},
		{"property block longer than packet", "20 04 00 00 02 25", 0x81},
		{"property block ends inside a property", "20 05 00 00 01 25 01", 0x81},
	}
	hostile5 = []hostile{
		{"empty topic, no alias", "30 03 00 00 00", 0x82},
		{"alias 0", "30 06 00 00 03 23 00 00", 0x94},
		{"an alias, where none was offered", "30 06 00 00 03 23 00 01", 0x94},
		{"Subscription Identifier 0", "30 06 00 01 61 02 0B 00", 0x82},
		{"Session Expiry in PUBLISH", "30 09 00 01 61 05 11 00 00 00 01", 0x81},
		{"wildcard in topic", "30 05 00 02 61 23 00", 0x82},
		{"overlong property length", "30 05 00 01 61 80 00", 0x81},
		{"QoS 3", "36 06 00 01 61 00 01 00", 0x81},
		{"PUBACK reason not in table", "40 03 00 01 01", 0x82},
		{"PUBREL flags 0", "60 02 00 01", 0x81},
		{"SUBACK reason 3", "90 04 00 01 00 03", 0x82},
		{"Session Expiry from the server", "E0 07 00 05 11 00 00 00 0A", 0x82},
		{"DISCONNECT flags", "E1 00", 0x81},
		{"AUTH without method", "F0 00", 0},
		{"AUTH flags", "F1 06 18 04 15 00 01 58", 0x81},
		{"type 0", "00 00", 0x81},

		{"PUBLISH identifier 0 at QoS 1", "32 06 00 01 61 00 00 00", 0x82},
		{"PUBLISH identifier 0 at QoS 2", "34 06 00 01 61 00 00 00", 0x82},
		{"DUP at QoS 0", "38 04 00 01 61 00", 0x81},
		{"NUL in topic", "30 06 00 03 61 00 62 00", 0x81},
		{"surrogate in topic", "30 06 00 03 ED A0 80 00", 0x81},
		{"five-byte Remaining Length", "30 80 80 80 80 01", 0x81},
		{"overlong Remaining Length", "D0 80 00", 0x81},
		{"trailing bytes of PINGRESP", "D0 01 00", 0x81},
		{"PUBACK identifier 0", "40 02 00 00", 0x82},
		{"a second CONNACK", "20 03 00 00 00", 0x82},
		{"CONNECT", "10 0F 00 04 4D 51 54 54 05 02 00 3C 00 00 02 63 31", 0x82},
		{"SUBSCRIBE", "82 07 00 01 00 00 01 61 00", 0x82},
		{"UNSUBSCRIBE", "A2 06 00 01 00 00 01 61", 0x82},
		{"PINGREQ", "C0 00", 0x82},
		{"AUTH that nobody asked for", "F0 06 18 04 15 00 01 58", 0x82},
		{"a length above the client's Maximum Packet Size", "30 FF FF FF 7F", 0x95},
	}

	// hostile5Aliases is for a client that offers aliases.
	hostile5Aliases = []hostile{
		{"unknown alias", "30 06 00 00 03 23 00 01", 0x82},
		{"alias above the maximum", "30 07 00 01 61 03 23 00 09", 0x94},
		{"alias 0", "30 07 00 01 61 03 23 00 00", 0x94},
	}
)

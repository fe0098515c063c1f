package codec

// MalformedError says which rule a packet breaks, on decoding as on encoding. It unwraps to its Code.
type MalformedError struct {
	Packet  Type       // the packet, or zero where a topic alone was judged
	Code    ReasonCode // what the peer should be told (§4.13)
	Section string     // of MQTT 5.0, as in "3.3.2.3.4"
	Reason  string     // what is wrong, as in "topic alias is 0"
}

// Error gives "PUBLISH: topic alias is 0 (§3.3.2.3.4)".
func (e *MalformedError) Error() string {
	text := e.Reason + " (§" + e.Section + ")"
	if e.Packet == 0 {
		return text
	}
	return e.Packet.String() + ": " + text
}

// Unwrap gives Code.
func (e *MalformedError) Unwrap() error { return e.Code }

//go:noinline
func malformed(t Type, code ReasonCode, section, reason string) error {
	return &MalformedError{Packet: t, Code: code, Section: section, Reason: reason}
}

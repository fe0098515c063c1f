package mqtt

import (
	"fmt"
	"strings"
)

// ReasonError says that the server refused, or ended the connection. It unwraps to its Code, so that
// errors.Is(err, codec.NotAuthorized) holds.
type ReasonError struct {
	Packet          string         // that said so: CONNACK, PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK or DISCONNECT
	Code            ReasonCode     // why; a CONNACK of 3.x reads 1 as 0x84, 2 as 0x85, 3 as 0x88, 4 as 0x86, 5 as 0x87
	Raw             byte           // the code as it was on the wire
	ReasonString    string         // v5: for people; empty for none
	ServerReference string         // v5: another server to use, from CONNACK and DISCONNECT; empty for none (§4.11, Config.Redirect)
	UserProperties  []UserProperty // v5
}

// Error gives `PUBACK: quota exceeded (0x97): "come back tomorrow"`.
func (e *ReasonError) Error() string {
	text := fmt.Sprintf("%s: %s (0x%02X)", e.Packet, e.Code, byte(e.Code))
	if e.ReasonString != "" {
		text += fmt.Sprintf(": %.200q", e.ReasonString)
	}
	return text
}

// Unwrap gives Code.
func (e *ReasonError) Unwrap() error { return e.Code }

// SubscribeError says that the server refused some of a call's filters. What it granted is in force. It unwraps to the
// codes of those that were refused.
type SubscribeError struct {
	Grants []Grant // one for each filter of the call, in its order; refused are those with a Code from 0x80 up
}

// shownRefusals is how many filters Error names; a call may have thousands.
const shownRefusals = 3

// Error names the refused filters, at most three of them.
func (e *SubscribeError) Error() string {
	refused := e.refused()
	var names []string
	for _, g := range refused[:min(shownRefusals, len(refused))] {
		names = append(names, fmt.Sprintf("%q: %s (0x%02X)", g.Filter, g.Code, byte(g.Code)))
	}
	return fmt.Sprintf("server refused %d of %d filters: %s", len(refused), len(e.Grants), strings.Join(names, ", "))
}

// Unwrap gives the codes of the refused filters.
func (e *SubscribeError) Unwrap() []error {
	var codes []error
	for _, g := range e.refused() {
		codes = append(codes, g.Code)
	}
	return codes
}

func (e *SubscribeError) refused() []Grant {
	var refused []Grant
	for _, g := range e.Grants {
		if g.Code.Failed() {
			refused = append(refused, g)
		}
	}
	return refused
}

// LimitError says that the server has said on this connection that it doesn't allow what was asked for (ConnAck). Nothing
// of it left, and no Packet Identifier was used. It unwraps to Code and to ErrNotSent.
type LimitError struct {
	Code   ReasonCode // what the server would have answered, as in codec.QoSNotSupported
	Reason string     // what the limit is
}

// Error gives "the server doesn't allow it: its Maximum QoS is 1".
func (e *LimitError) Error() string { return "the server doesn't allow it: " + e.Reason }

// Unwrap gives Code and ErrNotSent.
func (e *LimitError) Unwrap() []error { return []error{e.Code, ErrNotSent} }

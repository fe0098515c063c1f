package mqtt

import "github.com/sluicemq/sluice/mqtt/codec"

// checkDisconnect says what is wrong with d for a client with these settings; its error is an *ArgumentError.
func (s *settings) checkDisconnect(d *Disconnect) error {
	if s.Session == SessionConnection && d.SessionExpiry != nil && *d.SessionExpiry != 0 {
		return faulty("Disconnect.SessionExpiry",
			"is set, and with SessionConnection the session can't outlive the connection: leave it out (§3.14.2.2.2)").argument()
	}
	return checkDisconnect(d)
}

// checkDisconnect says what is wrong with d whatever the client; its error is an *ArgumentError.
func checkDisconnect(d *Disconnect) error { return d.fault().in("Disconnect").argument() }

func (d *Disconnect) fault() *fault {
	if !d.Code.AllowedIn(codec.TypeDisconnect, codec.FromClient) {
		return faulty("Code", "is 0x%02X (%s), which no client may send in DISCONNECT (§3.14.2.1)", byte(d.Code), d.Code)
	}
	if d.SessionExpiry != nil {
		if f := secondsFault("SessionExpiry", *d.SessionExpiry, 0, SessionExpiryNever); f != nil {
			return f
		}
	}
	if f := textFault("ReasonString", d.ReasonString); f != nil {
		return f
	}
	return userPropertiesFault(d.UserProperties)
}

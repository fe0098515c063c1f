package mqtt

import "github.com/sluicemq/sluice/mqtt/codec"

// checkDisconnect says what is wrong with d for a client with that kind of session; its error is an *ArgumentError.
func checkDisconnect(d *Disconnect, session Session) error {
	return d.fault(session).in("Disconnect").argument()
}

func (d *Disconnect) fault(session Session) *fault {
	if !d.Code.AllowedIn(codec.TypeDisconnect, codec.FromClient) {
		return faulty("Code", "is 0x%02X (%s), which no client may send in DISCONNECT (§3.14.2.1)", byte(d.Code), d.Code)
	}
	if d.SessionExpiry != nil {
		if f := secondsFault("SessionExpiry", *d.SessionExpiry, 0, SessionExpiryNever); f != nil {
			return f
		}
		if session == SessionConnection && *d.SessionExpiry != 0 {
			return faulty("SessionExpiry", "is set, and SessionConnection has told the server that there is none: leave it out (§3.14.2.2.2)")
		}
	}
	if f := textFault("ReasonString", d.ReasonString); f != nil {
		return f
	}
	return userPropertiesFault(d.UserProperties)
}

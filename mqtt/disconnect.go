package mqtt

import "time"

// Disconnect is what CloseWith tells the server (§3.14). The zero value is a normal end, as with Close. It is for MQTT 5.0:
// on 3.x DISCONNECT is one bare packet, which takes back the will. There the words are left out, and with a Code that has
// the will sent, the connection ends without DISCONNECT.
type Disconnect struct {
	// Code is codec.NormalDisconnection (0x00, the default), codec.DisconnectWithWill (0x04), or another that DISCONNECT
	// may carry from a client (§3.14.2.1). With all but 0x00 the server publishes the will.
	Code ReasonCode

	// SessionExpiry replaces what CONNECT said of how long the session outlives this connection: whole seconds, zero for
	// "ends now", SessionExpiryNever for ever; nil: as Config.Session says. With SessionConnection only zero and nil are
	// allowed (§3.14.2.2.2).
	SessionExpiry *time.Duration

	// ReasonString is for people: at most 65,535 bytes of UTF-8; empty: none (§3.14.2.2.3).
	ReasonString string

	// UserProperties go with the packet; nil: none (§3.14.2.2.4).
	UserProperties []UserProperty
}

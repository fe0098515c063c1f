package mqtt

import (
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestDisconnectsAreChecked(t *testing.T) {
	for _, c := range []struct {
		title   string
		name    string
		d       Disconnect
		session Session
	}{
		{"normal", "", Disconnect{}, SessionClient},
		{"with will (3.14.2.1)", "", Disconnect{Code: codec.DisconnectWithWill, ReasonString: "bye"}, SessionClient},
		{"a server's code (3.14.2.1)", "Code", Disconnect{Code: codec.SessionTakenOver}, SessionClient},
		{"no code of DISCONNECT", "Code", Disconnect{Code: codec.GrantedQoS1}, SessionClient},
		{"session ends now", "", Disconnect{SessionExpiry: new(time.Duration(0))}, SessionConnection},
		{"session goes on (3.14.2.2.2)", "SessionExpiry", Disconnect{SessionExpiry: new(time.Second)}, SessionConnection},
		{"for ever", "", Disconnect{SessionExpiry: new(SessionExpiryNever)}, SessionDurable},
		{"a part of a second", "SessionExpiry", Disconnect{SessionExpiry: new(time.Millisecond)}, SessionClient},
		{"more than four bytes", "SessionExpiry", Disconnect{SessionExpiry: new(SessionExpiryNever + time.Second)}, SessionClient},
		{"reason string", "ReasonString", Disconnect{ReasonString: "\x00"}, SessionClient},
		{"user property", "UserProperties[0].Key", Disconnect{UserProperties: []UserProperty{{"\xff", ""}}}, SessionClient},
	} {
		t.Run(c.title, func(t *testing.T) {
			name := c.name
			if name != "" {
				name = "Disconnect." + name
			}
			requireArgument(t, name, (&settings{Config: Config{Session: c.session}}).checkDisconnect(&c.d))
		})
	}
}

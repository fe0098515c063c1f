package mqtt

import (
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
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
			requireArgument(t, name, checkDisconnect(&c.d, c.session))
		})
	}
}

func TestB258DisconnectsThatNeedV5(t *testing.T) {
	require.False(t, (&Disconnect{}).needsV5())
	for name, d := range map[string]Disconnect{
		"code": {Code: codec.DisconnectWithWill}, "expiry": {SessionExpiry: new(time.Duration(0))}, "reason": {ReasonString: "r"},
		"user": {UserProperties: []UserProperty{{}}},
	} {
		require.True(t, d.needsV5(), name)
	}
}

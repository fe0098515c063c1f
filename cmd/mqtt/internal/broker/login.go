package broker

import (
	"crypto/subtle"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// login is the hook that asks who comes in. Who is in may do everything.
type login struct {
	mochi.HookBase
	username string // empty: nobody is asked
	password []byte
}

// ID names the hook.
func (*login) ID() string { return "login" }

// Provides says what is of interest.
func (*login) Provides(b byte) bool { return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck }

// OnConnectAuthenticate is called for each CONNECT.
func (l *login) OnConnectAuthenticate(_ *mochi.Client, p packets.Packet) bool {
	if l.username == "" {
		return true
	}
	name := subtle.ConstantTimeCompare(p.Connect.Username, []byte(l.username))
	return name&subtle.ConstantTimeCompare(p.Connect.Password, l.password) == 1
}

// OnACLCheck is called for each topic and filter.
func (*login) OnACLCheck(*mochi.Client, string, bool) bool { return true }

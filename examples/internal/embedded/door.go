package embedded

import (
	"net"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// StartGuarded starts a server over plain TCP that asks admit about each CONNECT, on the goroutine that reads from the client.
// Whoever starts it calls Stop.
func StartGuarded(admit func(username string, password []byte) bool) (*Server, error) {
	return start(nil, &door{admit: admit})
}

// door is where each CONNECT passes.
type door struct {
	mochi.HookBase
	admit func(username string, password []byte) bool
}

// ID names the hook.
func (d *door) ID() string { return "door" }

// Provides says what is of interest.
func (d *door) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

// OnConnectAuthenticate is called for each CONNECT.
func (d *door) OnConnectAuthenticate(_ *mochi.Client, p packets.Packet) bool {
	return d.admit(string(p.Connect.Username), p.Connect.Password)
}

// OnACLCheck lets who is in do everything.
func (d *door) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// Expel ends all connections, for having lasted long enough (0xA0). The sessions stay.
func (s *Server) Expel() {
	for _, c := range s.broker.Clients.GetAll() {
		s.broker.DisconnectClient(c, packets.ErrMaxConnectTime)
	}
}

// Serve is for a connection that came another way than through the server's own port. It returns when that has ended.
func (s *Server) Serve(conn net.Conn) error { return s.entrance.Let(s.broker, conn) }

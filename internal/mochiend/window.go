package mochiend

import (
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// NoWindow is a hook that has mochi send messages of QoS 1 and 2 without a window. What mochi makes of a client's Receive Maximum
// loses and mixes up the messages that wait for it, and can lock the server up: it takes a read lock twice.
type NoWindow struct {
	mochi.HookBase
	From int // the least Receive Maximum of a client that is sent to so; zero: whatever it says. Who says nothing takes all there are (§3.1.2.11.3)
}

// ID names the hook.
func (*NoWindow) ID() string { return "no window" }

// Provides names what the hook wants to hear of.
func (*NoWindow) Provides(b byte) bool { return b == mochi.OnConnect }

// OnConnect is called before the session is taken up.
func (w *NoWindow) OnConnect(client *mochi.Client, p packets.Packet) error {
	if most := int(p.Properties.ReceiveMaximum); most == 0 || most >= w.From {
		client.Properties.Props.ReceiveMaximum = 0
		client.State.Inflight.ResetSendQuota(0)
	}
	return nil
}

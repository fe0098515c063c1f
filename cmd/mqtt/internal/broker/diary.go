package broker

import (
	"fmt"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// diary is the hook that tells what happens, a line each, and counts what was dropped. mochi calls it from many goroutines.
type diary struct {
	mochi.HookBase
	a                *app.App
	verbose, packets bool
	dropped          atomic.Int64
}

// ID names the hook.
func (*diary) ID() string { return "diary" }

// Provides says what is of interest.
func (d *diary) Provides(b byte) bool {
	switch b {
	case mochi.OnPublishDropped:
		return true
	case mochi.OnSessionEstablished, mochi.OnDisconnect, mochi.OnSubscribed, mochi.OnUnsubscribed, mochi.OnPublished, mochi.OnWillSent:
		return d.verbose
	case mochi.OnPacketRead, mochi.OnPacketSent:
		return d.packets
	}
	return false
}

func (d *diary) tell(what string, c *mochi.Client, format string, args ...any) {
	d.a.Say("%s %-12s %q %s", time.Now().Format("15:04:05.000"), what, c.ID, fmt.Sprintf(format, args...))
}

// OnSessionEstablished is called behind the CONNACK.
func (d *diary) OnSessionEstablished(c *mochi.Client, _ packets.Packet) {
	user := ""
	if name := c.Properties.Username; len(name) > 0 {
		user = fmt.Sprintf(", user %q", name)
	}
	d.tell("connected", c, "from %s, MQTT %s%s", c.Net.Remote, codec.Version(c.Properties.ProtocolVersion), user)
}

// OnDisconnect is called when a connection has ended.
func (d *diary) OnDisconnect(c *mochi.Client, err error, _ bool) {
	why := "with DISCONNECT"
	if err != nil {
		why = err.Error()
	}
	d.tell("disconnected", c, "%s", why)
}

// OnSubscribed is called right before the SUBACK leaves.
func (d *diary) OnSubscribed(c *mochi.Client, p packets.Packet, codes []byte) {
	for i, f := range p.Filters {
		answer := codec.ReasonCode(codes[min(i, len(codes)-1)])
		if answer.Failed() {
			d.tell("refused", c, "%q: %v", f.Filter, answer)
		} else {
			d.tell("subscribed", c, "%q QoS %d", f.Filter, answer)
		}
	}
}

// OnUnsubscribed is called behind the UNSUBACK.
func (d *diary) OnUnsubscribed(c *mochi.Client, p packets.Packet) {
	for _, f := range p.Filters {
		d.tell("unsubscribed", c, "%q", f.Filter)
	}
}

// OnPublished is called for each message that was taken.
func (d *diary) OnPublished(c *mochi.Client, p packets.Packet) { d.message("published", c, p) }

// OnWillSent is called for each will.
func (d *diary) OnWillSent(c *mochi.Client, p packets.Packet) { d.message("will", c, p) }

func (d *diary) message(what string, c *mochi.Client, p packets.Packet) {
	retain := ""
	if p.FixedHeader.Retain {
		retain = ", retained"
	}
	d.tell(what, c, "%q QoS %d, %d bytes%s", p.TopicName, p.FixedHeader.Qos, len(p.Payload), retain)
}

// OnPublishDropped is called for each message that a slow subscriber doesn't get.
func (d *diary) OnPublishDropped(c *mochi.Client, p packets.Packet) {
	d.dropped.Add(1)
	if d.verbose {
		d.message("dropped", c, p)
	}
}

// OnPacketRead is called for each packet behind CONNECT.
func (d *diary) OnPacketRead(c *mochi.Client, p packets.Packet) (packets.Packet, error) {
	d.tell("->", c, "%s, %d bytes behind the fixed header", codec.Type(p.FixedHeader.Type), p.FixedHeader.Remaining)
	return p, nil
}

// OnPacketSent is called for each packet.
func (d *diary) OnPacketSent(c *mochi.Client, p packets.Packet, b []byte) {
	d.tell("<-", c, "%s, %d bytes", codec.Type(p.FixedHeader.Type), len(b))
}

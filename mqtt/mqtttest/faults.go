package mqtttest

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Action is what a hook makes of a packet; see [Broker.OnPacket].
type Action byte

// The actions.
const (
	ActionPass      Action = iota // as if there were no hook
	ActionDrop                    // the packet is lost, and the connection goes on
	ActionCutBefore               // the connection ends as with CutBefore
	ActionCutAfter                // the connection ends as with CutAfter
)

// faults is what a Broker was told to do wrong.
type faults struct {
	onPacket func(clientID string, from codec.Side, p codec.Packet) Action
	cuts     []cut
	refusal  codec.ReasonCode
	silent   bool
	stalled  bool
	delay    time.Duration
}

// cut ends the connection that the n-th packet of a kind comes on.
type cut struct {
	from   codec.Side
	kind   codec.Type // zero: every kind
	n      int
	action Action
}

// judge says what is to become of a packet. A cut that was met is used up.
func (f *faults) judge(clientID string, from codec.Side, p codec.Packet) Action {
	if f.onPacket != nil {
		if a := f.onPacket(clientID, from, p); a != ActionPass {
			return a
		}
	}
	if len(f.cuts) == 0 {
		return ActionPass
	}
	met := ActionPass
	for i := range f.cuts {
		c := &f.cuts[i]
		if c.from == from && (c.kind == 0 || c.kind == p.Type()) {
			if c.n--; c.n <= 0 && met == ActionPass {
				met = c.action
			}
		}
	}
	f.cuts = slices.DeleteFunc(f.cuts, func(c cut) bool { return c.n <= 0 })
	return met
}

// OnPacket has f see each packet of each connection, as it comes from the client and before anything is made of it, or before
// it is sent, and say what becomes of it. f may change the packet. It runs within the Broker, one call at a time: it must
// not call the Broker, and not keep p or what p refers to. clientID is empty before CONNECT was accepted. nil: no more.
func (b *Broker) OnPacket(f func(clientID string, from codec.Side, p codec.Packet) Action) {
	b.turn(func(c *core) { c.faults.onPacket = f })
}

// CutAfter ends the connection right after the n-th packet of that kind from that side, counted over all connections from
// now on; n below 1 is 1, and zero for kind is any. A packet of the client is then handled, but nothing more is sent: the
// answer is lost. One of the Broker is the last that is sent. The client reads what was sent, and then EOF. A will is
// published; the session lives as long as it may. It happens once; more cuts may stand at the same time.
func (b *Broker) CutAfter(from codec.Side, kind codec.Type, n int) {
	b.turn(func(c *core) { c.faults.cuts = append(c.faults.cuts, cut{from, kind, n, ActionCutAfter}) })
}

// CutBefore is CutAfter for right before the packet: one of the client is not handled, one of the Broker not sent.
func (b *Broker) CutBefore(from codec.Side, kind codec.Type, n int) {
	b.turn(func(c *core) { c.faults.cuts = append(c.faults.cuts, cut{from, kind, n, ActionCutBefore}) })
}

// Refuse has each CONNECT from now on refused with code; on 3.x, what it has no return code for is ServerUnavailable.
// codec.Success: no more.
func (b *Broker) Refuse(code codec.ReasonCode) {
	b.turn(func(c *core) { c.faults.refusal = code })
}

// Silent has the Broker read what clients send from now on, do nothing with it, and send nothing, like a server that hangs.
// With false it goes on; connections that lived through it have gaps, which Drop can end. A Broker that takes messages and
// whose answers are lost is made with OnPacket, by ActionDrop for what comes from the server.
func (b *Broker) Silent(on bool) {
	b.turn(func(c *core) { c.faults.silent = on })
}

// Stall has the Broker read nothing from now on, so that what clients write fills the buffers and then waits. With false it
// goes on.
func (b *Broker) Stall(on bool) {
	b.turn(func(c *core) {
		c.faults.stalled = on
		for l := range c.links {
			if on {
				l.pipe.In().Stall()
			} else {
				l.pipe.In().Resume()
			}
		}
	})
}

// Delay has what the Broker sends from now on leave that much later, in its order. Zero: at once.
func (b *Broker) Delay(d time.Duration) {
	b.turn(func(c *core) { c.faults.delay = d })
}

// Drop ends the connections of these clients, or without one all connections, and says how many. What wasn't written yet is
// lost, wills are published, sessions live as long as they may.
func (b *Broker) Drop(clientIDs ...string) (n int) {
	b.turn(func(c *core) {
		for _, l := range c.linksOf(clientIDs) {
			c.end(l, false)
			n++
		}
	})
	return n
}

// Disconnect is Drop with a DISCONNECT before it, on 5.0.
func (b *Broker) Disconnect(d codec.Disconnect, clientIDs ...string) (n int) {
	b.turn(func(c *core) {
		for _, l := range c.linksOf(clientIDs) {
			c.dismiss(l, &d)
			n++
		}
	})
	return n
}

func (c *core) linksOf(clientIDs []string) (found []*link) {
	if len(clientIDs) == 0 {
		for l := range c.links {
			if !l.ended {
				found = append(found, l)
			}
		}
	}
	for _, id := range clientIDs {
		if s := c.sessionOf(id); s != nil && s.link != nil {
			found = append(found, s.link)
		}
	}
	return found
}

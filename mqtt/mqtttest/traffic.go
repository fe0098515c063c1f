package mqtttest

import (
	"errors"
	"os"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// fate is what became of a packet that was to be sent.
type fate byte

const (
	sent     fate = iota // the writer has it, or will
	lost                 // by a fault, or because the connection has ended
	tooLarge             // for this client
)

// send sends p, unless a fault has it otherwise.
func (c *core) send(l *link, p codec.Packet) fate { return c.answer(l, p, 0) }

// answer is send for a packet with which so many QoS 1 or 2 messages of the client are finished.
func (c *core) answer(l *link, p codec.Packet, messages int) fate {
	if l.ended || l.mute || c.faults.silent {
		return lost
	}
	action := c.faults.judge(l.clientID(), codec.FromServer, p)
	switch action {
	case ActionDrop:
		return lost
	case ActionCutBefore:
		c.end(l, true)
		return lost
	}
	f, err := l.append(p, c.faults.delay, messages)
	if err != nil {
		c.violation(l, err)
		c.end(l, true)
	}
	if action == ActionCutAfter {
		c.end(l, true)
	}
	return f
}

// receive handles a packet of the client, unless a fault has it otherwise.
func (c *core) receive(l *link, p codec.Packet) {
	if l.ended || c.faults.silent {
		return
	}
	action := c.faults.judge(l.clientID(), codec.FromClient, p)
	switch action {
	case ActionDrop:
		return
	case ActionCutBefore:
		c.end(l, true)
		return
	}
	l.mute = action == ActionCutAfter
	c.handle(l, p)
	if l.mute {
		c.end(l, true)
	}
}

func (c *core) handle(l *link, p codec.Packet) {
	if connect, ok := p.(*codec.Connect); ok {
		c.connect(l, connect)
		return
	}
	if l.auth.connect != nil {
		c.beforeConnAck(l, p)
		return
	}
	if l.session == nil { // the CONNECT was dropped
		c.end(l, false)
		return
	}
	switch p := p.(type) {
	case *codec.Publish:
		c.received(l, p)
	case *codec.PubAck:
		c.pubAck(l, p)
	case *codec.PubRec:
		c.pubRec(l, p)
	case *codec.PubRel:
		c.pubRel(l, p)
	case *codec.PubComp:
		c.pubComp(l, p)
	case *codec.Subscribe:
		c.subscribe(l, p)
	case *codec.Unsubscribe:
		c.unsubscribe(l, p)
	case *codec.PingReq:
		c.send(l, &codec.PingResp{})
	case *codec.Disconnect:
		c.disconnect(l, p)
	case *codec.Auth:
		c.authenticate(l, p)
	}
}

// reject ends the connection of a client that broke a rule.
func (c *core) reject(l *link, t codec.Type, code codec.ReasonCode, section, reason string) {
	c.lost(l, &codec.MalformedError{Packet: t, Code: code, Section: section, Reason: reason}, nil)
}

// lost is the end of a connection that can't go on. The client is told why, where the version has a packet for that (§4.13).
func (c *core) lost(l *link, err error, refused *codec.Connect) {
	if l.ended {
		return
	}
	fault, broken := errors.AsType[*codec.MalformedError](err)
	switch {
	case broken && refused != nil:
		c.violation(l, err)
		l.version = refused.Version
		c.refuse(l, fault.Code)
	case broken:
		c.violation(l, err)
		c.dismiss(l, &codec.Disconnect{Code: fault.Code})
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.violates(l, 0, codec.KeepAliveTimeout, "3.1.2.10", "silent for one and a half times the keep alive")
		c.dismiss(l, &codec.Disconnect{Code: codec.KeepAliveTimeout})
	default:
		c.end(l, false)
	}
}

// dismiss ends a connection with DISCONNECT, on 5.0 and after CONNECT was accepted; else without.
func (c *core) dismiss(l *link, d *codec.Disconnect) {
	if l.version == codec.V5 && l.session != nil {
		if !d.Code.AllowedIn(codec.TypeDisconnect, codec.FromServer) {
			d.Code = codec.ProtocolError
		}
		c.send(l, d)
	}
	c.end(l, true)
}

// end is the end of a connection: at once, or with flush when all that was sent is written.
func (c *core) end(l *link, flush bool) {
	if l.ended {
		return
	}
	l.ended = true
	signal(l.wake)
	if !flush {
		c.shut(l)
	}
	if s := l.session; s != nil && s.link == l {
		s.link = nil
		for _, d := range s.flight {
			d.open = false
		}
		c.away(s, l.goodbye)
	}
}

// shut closes the connection.
func (c *core) shut(l *link) {
	if l.shut {
		return
	}
	l.ended, l.shut = true, true
	delete(c.links, l)
	close(l.gone)
	l.conn.Close()
}

package hostile_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// serve is one step of the server's.
func (c *talk) serve() {
	p := c.peer
	if p.conn == nil {
		c.welcome()
		return
	}
	if !p.greeted {
		c.greet()
		return
	}
	switch c.n(16) {
	case 0, 1, 2, 3:
		c.reply(0)
	case 4:
		c.reply(c.n(8))
	case 5:
		c.failure()
	case 6, 7, 8:
		c.deliver()
	case 9:
		c.again()
	case 10:
		c.release()
	case 11:
		c.unasked()
	case 12:
		c.garble()
	case 13:
		c.network()
	case 14:
		c.leave()
	case 15:
		if c.yes(4) {
			c.raw()
		} else {
			c.reply(c.n(8))
		}
	}
}

// welcome takes the next connection, if one comes within a while.
func (c *talk) welcome() {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	conn, err := c.server.Accept(ctx)
	if err != nil {
		return
	}
	packet, err := conn.Read(ctx)
	if err != nil {
		conn.Close()
		return
	}
	connect, ok := packet.(*codec.Connect)
	if !ok {
		c.Fatalf("%v before CONNECT", packet.Type())
	}
	c.peer.begin(conn, connect)
	c.peer.listen(conn, false)
	c.greet()
}

// send writes packets, without waiting for a client that doesn't read.
func (c *talk) send(packets ...codec.Packet) {
	var b []byte
	for _, packet := range packets {
		var err error
		if b, err = packet.Append(b, c.peer.version); err != nil {
			return // this version has no words for it
		}
	}
	c.peer.last = b
	c.write(b)
}

func (c *talk) write(b []byte) {
	c.note("-> % X", b)
	if conn := c.peer.conn; conn != nil && conn.Pipe().Out().Buffered()+len(b) < mqtttest.DefaultPipeSize {
		conn.SendBytes(b) // an error is an end, which is heard
	}
}

// lawless notes that the server breaks a rule.
func (c *talk) lawless() {
	c.wild, c.peer.unsure = true, true
	for _, one := range c.peer.parcels {
		one.forgotten = true
	}
}

// greet answers CONNECT.
func (c *talk) greet() {
	p := c.peer
	ack := codec.ConnAck{SessionPresent: p.present()}
	switch c.n(16) {
	case 10, 11:
		p.limits = codec.ConnAckProperties{ReceiveMaximum: uint16(c.n(4)), TopicAliasMaximum: uint16(c.n(4)), MaximumPacketSize: []uint32{0, 100, 40}[c.n(3)]}
		if b := c.byte(); b&1 != 0 && p.version == codec.V5 {
			p.limits.MaximumQoS, p.limits.RetainAvailable = new(codec.QoS(b>>1&1)), new(b&4 != 0)
			p.limits.WildcardSubscriptionAvailable, p.limits.ServerKeepAlive = new(b&8 != 0), new(uint16(b>>4))
		}
		ack.Properties = &p.limits
	case 12:
		c.wild = c.wild || !ack.SessionPresent && (p.clean || p.version == codec.V31)
		ack.SessionPresent = !ack.SessionPresent
	case 13:
		ack.SessionPresent = false
		ack.Code = []codec.ReasonCode{codec.ServerUnavailable, codec.UnsupportedProtocolVersion, codec.NotAuthorized, codec.ServerUnavailable}[c.n(4)]
	case 14:
		c.lawless()
		b, _ := ack.Append(nil, p.version)
		b[c.n(len(b))] ^= 1 << c.n(8)
		p.greeted = true // who knows
		c.write(b)
		return
	case 15:
		switch c.n(3) {
		case 0:
			p.drop()
		case 1:
			c.lawless()
			c.write([]byte{tPingResp, 0})
		}
		return // or nothing is said yet
	}
	if p.version != codec.V5 {
		ack.Properties, p.limits = nil, codec.ConnAckProperties{}
	}
	if p.version == codec.V31 {
		ack.SessionPresent = false
	}
	if !ack.Code.Failed() {
		p.accepts(ack.SessionPresent)
	}
	c.send(&ack)
	if ack.Code.Failed() {
		p.drop()
	}
}

// reply answers one of the packets that wait for it.
func (c *talk) reply(k int) {
	p := c.peer
	if len(p.asked) == 0 {
		return
	}
	k %= len(p.asked)
	packet := p.asked[k]
	p.asked = slices.Delete(p.asked, k, k+1)
	if m, ok := packet.(*codec.Publish); ok && m.QoS == codec.AtLeastOnce {
		delete(p.flight, m.PacketID)
	}
	if m, ok := packet.(*codec.PubRel); ok {
		delete(p.flight, m.PacketID)
	}
	c.send(answer(packet))
}

// failure refuses one.
func (c *talk) failure() {
	p := c.peer
	if len(p.asked) == 0 {
		return
	}
	k := c.n(len(p.asked))
	var no codec.Packet
	switch m := p.asked[k].(type) {
	case *codec.Publish:
		if p.version != codec.V5 {
			return
		}
		if no = codec.Packet(&codec.PubAck{PacketID: m.PacketID, Code: codec.QuotaExceeded}); m.QoS == codec.ExactlyOnce {
			no = &codec.PubRec{PacketID: m.PacketID, Code: codec.QuotaExceeded}
		}
		delete(p.flight, m.PacketID)
	case *codec.Subscribe:
		if p.version == codec.V31 {
			return
		}
		ack := &codec.SubAck{PacketID: m.PacketID}
		for range m.Subscriptions {
			ack.Codes = append(ack.Codes, []codec.ReasonCode{0, codec.UnspecifiedError}[c.n(2)])
		}
		no = ack
	default:
		return
	}
	p.asked = slices.Delete(p.asked, k, k+1)
	c.send(no)
}

// deliver publishes something new.
func (c *talk) deliver() {
	p := c.peer
	p.serial++
	m := &codec.Publish{Topic: fmt.Sprintf("s/%d", c.n(3)), QoS: codec.QoS(c.n(3)), Payload: []byte(label(p.serial))}
	if m.QoS > 0 {
		if len(p.open) >= p.allowed {
			if !c.yes(16) {
				return
			}
			c.lawless() // more than it may
		}
		for m.PacketID = 1; p.brought[m.PacketID] || p.used(m.PacketID); m.PacketID++ {
		}
		p.brought[m.PacketID], p.open[m.PacketID] = true, true
		p.parcels[string(m.Payload)] = &parcel{payload: string(m.Payload), topic: m.Topic, id: m.PacketID, qos: m.QoS}
	}
	c.send(m)
}

// label is the payload of the n-th message of the server's. Garbling one doesn't make another.
func label(n int) string { return fmt.Sprintf("s%d.%08x", n, uint32(n)*2_654_435_761) }

// used says whether an identifier stands for a message that isn't done.
func (p *peer) used(id uint16) bool {
	for _, one := range p.parcels {
		if one.id == id && !one.answered && !one.forgotten {
			return true
		}
	}
	return false
}

// again sends a message again that was not answered, as after a lost connection, or what was sent last.
func (c *talk) again() {
	p := c.peer
	if c.yes(4) {
		c.lawless()
		c.write(p.last)
		return
	}
	var all []*parcel
	for n := 1; n <= p.serial; n++ {
		if one := p.parcels[label(n)]; one != nil && !one.answered && !one.forgotten && !p.brought[one.id] {
			all = append(all, one)
		}
	}
	if len(all) == 0 || len(p.open) >= p.allowed {
		return
	}
	one := all[c.n(len(all))]
	p.brought[one.id], p.open[one.id] = true, true
	c.send(&codec.Publish{Dup: true, Topic: one.topic, QoS: one.qos, PacketID: one.id, Payload: []byte(one.payload)})
}

// release sends PUBREL, for one of our messages in whatever state. At QoS 1 there is none.
func (c *talk) release() {
	p := c.peer
	id := uint16(1 + c.n(6))
	for _, one := range p.parcels {
		if one.id == id {
			one.forgotten = true
			c.wild = c.wild || one.qos == codec.AtLeastOnce
		}
	}
	p.brought[id] = true
	c.send(&codec.PubRel{PacketID: id})
}

// unasked sends what nobody waits for, or what somebody else does.
func (c *talk) unasked() {
	id := uint16(1 + c.n(10))
	c.lawless()
	c.send([]codec.Packet{
		&codec.PubAck{PacketID: id}, &codec.PubRec{PacketID: id}, &codec.PubComp{PacketID: id}, &codec.PingResp{},
		&codec.SubAck{PacketID: id, Codes: make([]codec.ReasonCode, 1+c.n(2))}, &codec.UnsubAck{PacketID: id, Codes: make([]codec.ReasonCode, 1+c.n(2))},
		&codec.PubRec{PacketID: id, Code: codec.QuotaExceeded}, &codec.PubAck{PacketID: id, Code: codec.QuotaExceeded},
	}[c.n(8)])
}

// garble changes some bits of what was sent last, or leaves off its end.
func (c *talk) garble() {
	c.lawless()
	b := slices.Clone(c.peer.last)
	if len(b) == 0 {
		return
	}
	if c.yes(3) {
		c.write(b[:c.n(len(b))])
		return
	}
	for range 1 + c.n(3) {
		b[c.n(len(b))] ^= 1 << c.n(8)
	}
	c.write(b)
}

// raw sends bytes of the script's as they are.
func (c *talk) raw() {
	c.lawless()
	n := min(len(c.rest), 1+c.n(16))
	n = min(n, len(c.rest))
	c.write(c.rest[:n])
	c.script.rest = c.rest[n:]
}

// network does what a network does.
func (c *talk) network() {
	p := c.peer
	switch c.n(6) {
	case 0:
		p.drop()
	case 1:
		p.conn.Reset()
		p.conn = nil
	case 2:
		p.conn.Stall()
	case 3:
		p.conn.Resume()
	case 4:
		p.conn.Pipe().Out().Chunk(1)
	case 5:
		p.conn.Pipe().Out().CutAfter(1 + c.n(20))
	}
}

// leave ends the connection as a server may on 5.0, or half of it.
func (c *talk) leave() {
	p := c.peer
	if p.version == codec.V5 && c.n(2) == 0 {
		code := []codec.ReasonCode{codec.ServerShuttingDown, codec.SessionTakenOver, codec.KeepAliveTimeout, codec.UseAnotherServer}[c.n(4)]
		c.send(&codec.Disconnect{Code: code})
	}
	p.conn.Pipe().CloseWrite()
}

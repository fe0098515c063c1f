package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// peer is the server's side of a conversation, and what it knows.
type peer struct {
	conn      *mqtttest.Conn // nil: there is none
	heard     chan heard
	greeted   bool // CONNACK has accepted
	mute      atomic.Bool
	version   codec.Version
	clean     bool
	allowed   int // what the client lets us send unanswered
	limits    codec.ConnAckProperties
	session   atomic.Bool
	good      bool               // it answers everything at once
	asked     []codec.Packet     // waits for our answer
	flight    map[uint16]string  // payloads of the client's messages that we have not answered
	aliases   map[uint16]string  // that the client has given on this connection
	seen      map[string]bool    // what came on this connection
	brought   map[uint16]bool    // identifiers that we have used on this connection
	open      map[uint16]bool    // of those, what the client has not answered
	parcels   map[string]*parcel // all that we ever published at QoS 1 and 2, by payload
	arrived   map[string]int     // how often each message came
	published int
	last      []byte
	serial    int
	unsure    bool // bytes left on this connection of which nobody knows what they mean
}

// parcel is a message that the server published.
type parcel struct {
	payload   string
	topic     string
	id        uint16
	qos       codec.QoS
	answered  bool
	forgotten bool // sending it again would be a mistake of ours
}

// heard is what came on a connection.
type heard struct {
	conn   *mqtttest.Conn
	packet codec.Packet
	size   int
	err    error
}

// listen reads a connection. answers says that each packet is answered at once, as it should be.
func (p *peer) listen(conn *mqtttest.Conn, answers bool) {
	to := p.heard
	go func() {
		for {
			packet, err := conn.Read(context.Background())
			size := 0
			if err == nil {
				b, e := packet.Append(nil, conn.Version())
				size, err = len(b), e
			}
			if answers && err == nil && !p.mute.Load() {
				if a := answer(packet); a != nil {
					conn.Send(a)
				}
			}
			to <- heard{conn, packet, size, err}
			if err != nil {
				return
			}
		}
	}()
}

// drop ends the connection.
func (p *peer) drop() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
}

// begin takes a connection whose CONNECT is there.
func (p *peer) begin(conn *mqtttest.Conn, connect *codec.Connect) {
	p.conn, p.greeted, p.unsure = conn, false, false
	p.version, p.clean = connect.Version, connect.CleanStart
	p.allowed = 1 << 16
	if q := connect.Properties; q != nil && q.ReceiveMaximum > 0 {
		p.allowed = int(q.ReceiveMaximum)
	}
	p.limits = codec.ConnAckProperties{}
	p.asked, p.flight, p.seen = nil, map[uint16]string{}, map[string]bool{}
	p.aliases = map[uint16]string{}
	p.brought, p.open = map[uint16]bool{}, map[uint16]bool{}
}

// accepts notes what an accepting CONNACK means for the session.
func (p *peer) accepts(present bool) {
	p.greeted = true
	if !present && p.version != codec.V31 || p.clean {
		p.forget()
	}
	p.session.Store(true)
}

// shows is for a PINGREQ, by which a client learns what we have when it isn't sure whose session that is: what hasn't been sent
// again when it is answered, isn't ours to send.
func (p *peer) shows() {
	for _, one := range p.parcels {
		one.forgotten = one.forgotten || !p.brought[one.id]
	}
}

// forget is for a session that is gone.
func (p *peer) forget() {
	for _, one := range p.parcels {
		one.forgotten = true
	}
}

// present is what a truthful CONNACK says.
func (p *peer) present() bool { return p.session.Load() && !p.clean && p.version != codec.V31 }

// hear takes what has come, and judges it: whatever the server does, the client keeps to the rules.
func (p *peer) hear(c *talk) {
	for {
		select {
		case h := <-p.heard:
			c.note("<- %.150s (%v)", fmt.Sprintf("%T %+v", h.packet, h.packet), h.err)
			switch {
			case h.err != nil:
				p.gone(c, h)
			case h.packet.Type() == codec.TypeConnect:
				p.begin(h.conn, h.packet.(*codec.Connect))
				p.greeted = true
			case h.conn == p.conn:
				p.got(c, h)
			default:
				p.late(h)
			}
			continue
		default:
		}
		return
	}
}

// gone takes the end of a connection.
func (p *peer) gone(c *talk, h heard) {
	if bad, ok := errors.AsType[*codec.MalformedError](h.err); ok {
		c.Fatalf("the client has sent what is no MQTT: %v", bad)
	}
	if h.conn == p.conn && (h.err == io.EOF || h.err == io.ErrUnexpectedEOF) {
		p.drop()
	}
}

// late is what came on a connection that we have left: it has arrived all the same.
func (p *peer) late(h heard) {
	if m, ok := h.packet.(*codec.Publish); ok {
		p.arrived[string(m.Payload)]++
	}
}

func (p *peer) got(c *talk, h heard) {
	if int(p.limits.MaximumPacketSize) > 0 && h.size > int(p.limits.MaximumPacketSize) {
		c.Fatalf("%v of %d bytes, the server takes %d", h.packet.Type(), h.size, p.limits.MaximumPacketSize)
	}
	switch m := h.packet.(type) {
	case *codec.Publish:
		p.gotPublish(c, m)
	case *codec.PubRel, *codec.Subscribe, *codec.Unsubscribe:
		p.asked = append(p.asked, m)
	case *codec.PingReq:
		p.asked = append(p.asked, m)
		p.shows()
	case *codec.PubAck:
		p.answered(c, m.Type(), m.PacketID, true)
	case *codec.PubRec:
		p.answered(c, m.Type(), m.PacketID, m.Code.Failed())
	case *codec.PubComp:
		p.answered(c, m.Type(), m.PacketID, true)
	case *codec.Disconnect:
	default:
		c.Fatalf("%v in the middle of a connection", m.Type())
	}
}

func (p *peer) gotPublish(c *talk, m *codec.Publish) {
	payload := string(m.Payload)
	if m.Properties != nil && m.Topic != "" {
		p.aliases[m.Properties.TopicAlias] = m.Topic
	} else if m.Topic == "" && p.aliases[m.Properties.TopicAlias] == "" && !p.unsure {
		c.Fatalf("topic alias %d has no topic", m.Properties.TopicAlias)
	}
	p.arrived[payload]++
	p.published++
	switch {
	case p.unsure || !p.greeted:
	case m.QoS > 0 && p.flight[m.PacketID] != "":
		c.Fatalf("packet identifier %d is in use", m.PacketID)
	case payload != "" && p.seen[payload]:
		c.Fatalf("%q came twice on one connection", payload)
	case p.limits.MaximumQoS != nil && m.QoS > *p.limits.MaximumQoS, p.limits.RetainAvailable != nil && !*p.limits.RetainAvailable && m.Retain:
		c.Fatalf("the server doesn't allow %+v", m)
	case m.Properties != nil && m.Properties.TopicAlias > p.limits.TopicAliasMaximum:
		c.Fatalf("topic alias %d, the server allows %d", m.Properties.TopicAlias, p.limits.TopicAliasMaximum)
	}
	p.seen[payload] = true
	if m.QoS == 0 || p.good {
		return
	}
	p.asked = append(p.asked, m)
	p.flight[m.PacketID] = payload + " "
	window := c.cfg.MaxInFlight
	if n := int(p.limits.ReceiveMaximum); n > 0 && p.version == codec.V5 {
		window = min(window, n)
	}
	if len(p.flight) > window && !p.unsure {
		c.Fatalf("%d messages in flight, the window is %d", len(p.flight), window)
	}
}

// answered takes an acknowledgement of ours. It counts on the connection that brought the message.
func (p *peer) answered(c *talk, t codec.Type, id uint16, over bool) {
	if !p.brought[id] && !p.unsure {
		c.Fatalf("%v for packet identifier %d, which has not been used on this connection", t, id)
	}
	if over {
		delete(p.open, id)
	}
	for _, one := range p.parcels {
		if one.id == id && t != codec.TypePubRec {
			one.answered = true
		}
	}
}

// behave has the server be a good one from now on.
func (p *peer) behave(ctx context.Context, c *talk) {
	p.drop()
	p.good = true
	server, to := c.server, p.heard
	go func() {
		for {
			conn, err := server.Accept(ctx)
			if err != nil {
				return
			}
			packet, err := conn.Read(ctx)
			connect, ok := packet.(*codec.Connect)
			if err != nil || !ok {
				conn.Close()
				continue
			}
			to <- heard{conn: conn, packet: packet}
			present := p.session.Load() && !connect.CleanStart && connect.Version != codec.V31
			p.session.Store(true)
			if conn.Send(&codec.ConnAck{SessionPresent: present}) == nil {
				p.listen(conn, true)
			}
		}
	}()
}

func newPeer() *peer {
	return &peer{heard: make(chan heard, 512), parcels: map[string]*parcel{}, arrived: map[string]int{}}
}

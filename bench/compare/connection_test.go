package compare

import (
	"bufio"
	"context"
	"io"
	"math"
	"net"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// outgoing is how many writes may wait for a client that doesn't read: more than a scenario's messages and answers, so
// that the server goes on reading.
const outgoing = 4096

// burstTopic is that of the messages behind a SUBACK.
const burstTopic = "burst"

// connection is one client's, at the server.
type connection struct {
	server *server
	conn   net.Conn
	number int
	out    chan []byte // to write: the reader may wait when a client is sent more than it reads, see outgoing

	// owned by run
	dialect codec.Dialect
	window  int // messages at QoS 1 that the client takes unacknowledged
	sent    int // of the burst
}

// run reads and answers; a second process writes.
func (c *connection) run() {
	defer context.AfterFunc(c.server.ctx, func() { c.conn.Close() })()
	c.server.work.Go(c.write)
	err := c.read()
	c.conn.Close()
	close(c.out)
	c.tell(arrival{c.number, nil, err})
}

func (c *connection) write() {
	var err error
	for b := range c.out {
		if err == nil {
			_, err = c.conn.Write(b)
		}
		if c.server.hangUp || err != nil {
			c.conn.Close() // the reader's end is the connection's
		}
	}
}

func (c *connection) tell(a arrival) {
	select {
	case c.server.arrivals <- a:
	case <-c.server.ctx.Done():
	}
}

func (c *connection) read() error {
	in := bufio.NewReaderSize(c.conn, 64<<10)
	for {
		p, err := readPacket(in, c.dialect)
		if err != nil {
			return err
		}
		c.tell(arrival{c.number, p, nil})
		if !c.answer(p) {
			return io.EOF
		}
	}
}

// readPacket takes the next packet, in memory of its own.
func readPacket(in *bufio.Reader, d codec.Dialect) (codec.Packet, error) {
	for n := 2; ; n++ {
		head, err := in.Peek(n)
		if err != nil {
			return nil, err
		}
		_, size, err := codec.Next(head, d, 0)
		if err != nil {
			return nil, err
		}
		if size == 0 {
			continue
		}
		wire := make([]byte, size)
		if _, err := io.ReadFull(in, wire); err != nil {
			return nil, err
		}
		f, _, err := codec.Next(wire, d, 0)
		if err != nil {
			return nil, err
		}
		return codec.Decode(f, d)
	}
}

// answer does what the script says about a packet, and says whether to go on reading.
func (c *connection) answer(p codec.Packet) bool {
	switch p := p.(type) {
	case *codec.Connect:
		return c.accept(p)
	case *codec.Subscribe:
		c.send(&codec.SubAck{PacketID: p.PacketID, Codes: slices.Repeat([]codec.ReasonCode{codec.GrantedQoS1}, len(p.Subscriptions))})
		c.flood()
	case *codec.Unsubscribe:
		c.send(&codec.UnsubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Filters))})
	case *codec.Publish:
		if p.QoS == codec.AtLeastOnce {
			c.send(&codec.PubAck{PacketID: p.PacketID})
		}
	case *codec.PubAck:
		c.next()
	case *codec.PingReq:
		c.send(&codec.PingResp{})
	case *codec.Disconnect:
		return false
	}
	return true
}

func (c *connection) accept(p *codec.Connect) (more bool) {
	c.dialect.Version = p.Version
	c.window = math.MaxUint16
	if p.Properties != nil && p.Properties.ReceiveMaximum > 0 {
		c.window = int(p.Properties.ReceiveMaximum)
	}
	c.send(&codec.ConnAck{})
	if !c.server.deaf {
		return true
	}
	<-c.server.ctx.Done()
	return false
}

func (c *connection) send(p codec.Packet) {
	b, err := p.Append(nil, c.dialect.Version)
	if err != nil {
		panic(err) // a packet of our own that can't be written
	}
	c.out <- b
}

// flood sends of the burst what the client takes at once.
func (c *connection) flood() {
	var b []byte
	at := c.server.burst
	if c.server.qos == codec.AtLeastOnce {
		at = min(at, c.window)
	}
	for c.sent < at {
		b = c.message(b)
	}
	if len(b) > 0 {
		c.out <- b
	}
}

// next goes on with the burst when a message was acknowledged.
func (c *connection) next() {
	if c.sent < c.server.burst {
		c.out <- c.message(nil)
	}
}

func (c *connection) message(to []byte) []byte {
	c.sent++
	m := codec.Publish{Topic: burstTopic, QoS: c.server.qos, Payload: []byte{byte(c.sent)}}
	if m.QoS > codec.AtMostOnce {
		m.PacketID = uint16(c.sent)
	}
	to, err := m.Append(to, c.dialect.Version)
	if err != nil {
		panic(err)
	}
	return to
}

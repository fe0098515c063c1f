package hostile_test

import (
	"context"
	"sync/atomic"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// line is one connection at the server's end: all that the client sends is read, and answered as it should be.
type line struct {
	conn *mqtttest.Conn
	mute atomic.Bool  // nothing is answered any more
	n    atomic.Int64 // of said
	over chan struct{}
	said []codec.Packet // complete when over is closed
	end  error
}

func newLine(conn *mqtttest.Conn) *line {
	l := &line{conn: conn, over: make(chan struct{})}
	go func() {
		defer close(l.over)
		for {
			p, err := conn.Read(context.Background())
			if err != nil {
				l.end = err
				return
			}
			l.said = append(l.said, p)
			l.n.Add(1)
			if a := answer(p); a != nil && !l.mute.Load() {
				conn.Send(a) // one that comes too late is for nobody
			}
		}
	}()
	return l
}

// sent says how many packets have come from the client.
func (l *line) sent() int { return int(l.n.Load()) }

// answer is what a good server says to a packet.
func answer(packet codec.Packet) codec.Packet {
	switch p := packet.(type) {
	case *codec.Subscribe:
		return &codec.SubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Subscriptions))}
	case *codec.Unsubscribe:
		return &codec.UnsubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Filters))}
	case *codec.Publish:
		switch p.QoS {
		case codec.AtLeastOnce:
			return &codec.PubAck{PacketID: p.PacketID}
		case codec.ExactlyOnce:
			return &codec.PubRec{PacketID: p.PacketID}
		}
	case *codec.PubRel:
		return &codec.PubComp{PacketID: p.PacketID}
	case *codec.PubRec:
		if !p.Code.Failed() {
			return &codec.PubRel{PacketID: p.PacketID}
		}
	case *codec.PingReq:
		return &codec.PingResp{}
	}
	return nil
}

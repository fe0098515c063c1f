package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// limit is the socket without a client: packets that are encoded once go out in large writes, and what comes in is only counted.
// No more is in flight than the order says.
type limit struct{}

func (l limit) do(ctx context.Context, o order) (result, error) {
	switch o.Work {
	case "publish":
		return l.publish(o)
	case "receive", "streams":
		return l.receive(o)
	case "trip":
		return l.trip(o)
	case "idle":
		return l.idle(o)
	case "reconnect":
		return l.reconnect(o)
	case "clients":
		return l.clients(o)
	}
	return result{Cannot: "it doesn't know " + o.Work}, nil
}

// connect gives a connection on which CONNACK has come.
func (limit) connect(address, client string, version int, clean bool) (conn net.Conn, err error) {
	hello := &codec.Connect{Version: codec.Version(version), ClientID: client, CleanStart: clean}
	if version == 5 {
		hello.Properties = &codec.ConnectProperties{ReceiveMaximum: 65535}
	}
	b, err := hello.Append(nil, codec.Version(version))
	if err != nil {
		return nil, err
	}
	if conn, err = net.Dial("tcp", address); err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	if _, err = conn.Write(b); err == nil {
		_, err = readPacket(conn)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// readPacket reads one small packet and nothing behind it.
func readPacket(conn net.Conn) ([]byte, error) {
	p := make([]byte, 2, 130)
	if _, err := io.ReadFull(conn, p); err != nil {
		return nil, err
	}
	if p[1] > 127 {
		return nil, fmt.Errorf("a packet of type %d that is too large", p[0]>>4)
	}
	p = p[:2+p[1]]
	_, err := io.ReadFull(conn, p[2:])
	return p, err
}

// send writes a packet.
func (limit) send(conn net.Conn, version int, p codec.Packet) error {
	b, err := p.Append(nil, codec.Version(version))
	if err != nil {
		return err
	}
	_, err = conn.Write(b)
	return err
}

// subscribe sends a SUBSCRIBE and waits for its answer.
func (l limit) subscribe(conn net.Conn, version, qos int, filters ...string) error {
	p := &codec.Subscribe{PacketID: 1}
	for _, f := range filters {
		p.Subscriptions = append(p.Subscriptions, codec.Subscription{Filter: f, QoS: codec.QoS(qos)})
	}
	if err := l.send(conn, version, p); err != nil {
		return err
	}
	_, err := readPacket(conn)
	return err
}

// arrived asks the server by a topic what was published.
func (l limit) arrived(address, topic string) (r record, err error) {
	conn, err := l.connect(address, "asks", 4, true)
	if err != nil {
		return r, err
	}
	defer conn.Close()
	if err := l.subscribe(conn, 4, 0, topic); err != nil {
		return r, err
	}
	answer, err := readPacket(conn)
	if err != nil {
		return r, err
	}
	_, err = fmt.Sscan(string(answer[min(len(answer), 4+len(topic)):]), &r.arrived, &r.faults, &r.damaged)
	return r, err
}

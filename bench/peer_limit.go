package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// limit is the socket without a client: pre-encoded packets go out in large writes, and what comes in is only counted by
// its length.
type limit struct{}

func (limit) name() string { return "socket limit" }

func (limit) connect(address string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	hello, err := (&codec.Connect{ClientID: "limit", CleanStart: true}).Append(nil, codec.V311)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(conn, make([]byte, 4))
	return conn, err
}

func (l limit) publish(ctx context.Context, address string, qos, n, size int) (time.Duration, error) {
	conn, err := l.connect(address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	m := codec.Publish{Topic: "bench/topic", QoS: codec.QoS(qos), Payload: make([]byte, size)}
	answers := 0
	if qos == 1 {
		answers = 4 * n
	}
	if qos == 2 {
		answers = 8 * n
	}
	done := make(chan error, 1)
	go func() { done <- l.count(conn, answers+4) }()
	start := time.Now()
	buf := make([]byte, 0, 256<<10)
	for i := range n {
		if qos > 0 {
			m.PacketID = uint16(i%65535 + 1)
		}
		buf, _ = m.Append(buf, codec.V311)
		if qos == 2 {
			buf = codec.AppendAck(buf, codec.V311, codec.TypePubRel, m.PacketID, codec.Success)
		}
		if len(buf) > 64<<10 {
			if _, err := conn.Write(buf); err != nil {
				return 0, err
			}
			buf = buf[:0]
		}
	}
	last := codec.Publish{Topic: "count", QoS: codec.AtLeastOnce, PacketID: 1}
	buf, _ = last.Append(buf, codec.V311)
	if _, err := conn.Write(buf); err != nil {
		return 0, err
	}
	err = <-done
	return time.Since(start), err
}

// count reads n bytes.
func (limit) count(conn net.Conn, n int) error {
	buf := make([]byte, 256<<10)
	for n > 0 {
		m, err := conn.Read(buf)
		n -= m
		if err != nil && n > 0 {
			return err
		}
	}
	return nil
}

func (l limit) receive(ctx context.Context, address string, qos, n, size int) (time.Duration, error) {
	conn, err := l.connect(address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	s := codec.Subscribe{PacketID: 1, Subscriptions: []codec.Subscription{{Filter: fmt.Sprintf("flood/%d/%d/%d", qos, size, n), QoS: codec.QoS(qos)}}}
	hello, err := s.Append(nil, codec.V311)
	if err != nil {
		return 0, err
	}
	one, err := (&codec.Publish{Topic: "bench/topic", Payload: make([]byte, size)}).Append(nil, codec.V311)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := conn.Write(hello); err != nil {
		return 0, err
	}
	err = l.count(conn, 5+n*len(one))
	return time.Since(start), err
}

// arrived asks the server how many messages a client has published, when its connection has ended.
func (l limit) arrived(address, client string) (n int, err error) {
	conn, err := l.connect(address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	topic := "arrived/" + client
	s := codec.Subscribe{PacketID: 1, Subscriptions: []codec.Subscription{{Filter: topic}}}
	hello, err := s.Append(nil, codec.V311)
	if err != nil {
		return 0, err
	}
	if _, err := conn.Write(hello); err != nil {
		return 0, err
	}
	answer := make([]byte, 5+2+2+len(topic)) // SUBACK, and the message up to its payload
	if _, err := io.ReadFull(conn, answer); err != nil {
		return 0, err
	}
	text := make([]byte, int(answer[6])-2-len(topic))
	if _, err := io.ReadFull(conn, text); err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func (limit) do(ctx context.Context, o order) (result, error) {
	return result{Cannot: "being written"}, nil
}

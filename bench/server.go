package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// serve is the server process: it only acknowledges what comes, counts it, and floods who subscribes. What is measured
// beside it is the client.
//
// A SUBSCRIBE for "flood/QOS/SIZE/COUNT" is answered with COUNT messages, one for "mixed/LOOSE/SURE/WINDOW" with the flood that
// mixed is, and one for "arrived/CLIENT" with how many messages that client has published to "bench/topic". A PUBLISH to "count"
// at QoS 1 is acknowledged when it comes, which is how a client learns that all before it has arrived. On 5.0 it takes topic
// aliases, and doesn't mind what they mean.
func serve() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin) // the end of the parent's process
		os.Exit(0)
	}()
	return accept(ln)
}

// accept serves each connection, until the listener is closed.
func accept(ln net.Listener) error {
	b := newBook()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			s := &session{conn: conn, book: b, in: make([]byte, 256<<10), out: make([]byte, 0, 256<<10)}
			if err := s.run(); err != io.EOF { // it never returns nil
				fmt.Fprintln(os.Stderr, "server:", err)
			}
		}()
	}
}

// session is one client's connection.
type session struct {
	conn    net.Conn
	book    *book
	version codec.Version
	client  string
	most    int // Receive Maximum
	in, out []byte
	got     uint64
	mixed   *mixed // the flood that its PUBACKs are for; nil: none, and nobody minds them
}

func (s *session) run() error {
	defer func() {
		s.book.note(s.client, 0, s.got)
		if s.mixed != nil {
			close(s.mixed.acks)
		}
	}()
	from, to := 0, 0
	for {
		n, err := s.conn.Read(s.in[to:])
		if err != nil {
			return err
		}
		to += n
		for from < to {
			f, size, err := codec.Next(s.in[from:to], codec.Dialect{Version: s.version, From: codec.FromClient}, 0)
			if err != nil {
				return err
			}
			if size == 0 || size > to-from {
				if size > len(s.in) {
					s.in = append(s.in, make([]byte, size)...)
				}
				break
			}
			from += size
			if err := s.take(f); err != nil {
				return err
			}
		}
		if from > 0 {
			to = copy(s.in, s.in[from:to])
			from = 0
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
}

func (s *session) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err
}

func (s *session) take(f codec.Frame) error {
	switch f.Type {
	case codec.TypeConnect:
		var c codec.Connect
		if err := c.Decode(f, codec.Dialect{From: codec.FromClient}); err != nil {
			return err
		}
		s.version, s.client, s.most = c.Version, c.ClientID, 65535
		if p := c.Properties; p != nil && p.ReceiveMaximum > 0 {
			s.most = int(p.ReceiveMaximum)
		}
		s.book.note(s.client, 1, 0)
		return s.append(&codec.ConnAck{Properties: &codec.ConnAckProperties{TopicAliasMaximum: aliasTopics}})
	case codec.TypePublish:
		qos := f.Flags >> 1 & 3
		topic := int(binary.BigEndian.Uint16(f.Body))
		if topic == len(measured) {
			s.got++
		}
		if qos == 0 {
			return nil
		}
		id := binary.BigEndian.Uint16(f.Body[2+topic:])
		kind := codec.TypePubAck
		if qos == 2 {
			kind = codec.TypePubRec
		}
		s.out = codec.AppendAck(s.out, s.version, kind, id, codec.Success)
	case codec.TypePubRel:
		s.out = codec.AppendAck(s.out, s.version, codec.TypePubComp, binary.BigEndian.Uint16(f.Body), codec.Success)
	case codec.TypePubRec:
		s.out = codec.AppendAck(s.out, s.version, codec.TypePubRel, binary.BigEndian.Uint16(f.Body), codec.Success)
	case codec.TypePubAck:

		if s.mixed != nil {
			s.mixed.acks <- binary.BigEndian.Uint16(f.Body)
		}
	case codec.TypeSubscribe:
		return s.subscribed(f)
	case codec.TypeUnsubscribe:
		return s.append(&codec.UnsubAck{PacketID: binary.BigEndian.Uint16(f.Body), Codes: []codec.ReasonCode{0}})
	case codec.TypePingReq:
		return s.append(&codec.PingResp{})
	case codec.TypeDisconnect:
		return io.EOF
	}
	return nil
}

func (s *session) append(p codec.Packet) (err error) {
	s.out, err = p.Append(s.out, s.version)
	return err
}

func (s *session) subscribed(f codec.Frame) error {
	var p codec.Subscribe
	if err := p.Decode(f, codec.Dialect{Version: s.version, From: codec.FromClient}); err != nil {
		return err
	}
	if err := s.append(&codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.ReasonCode(p.Subscriptions[0].QoS)}}); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	filter := p.Subscriptions[0].Filter
	var qos, size, count, window int
	if _, err := fmt.Sscanf(filter, "flood/%d/%d/%d", &qos, &size, &count); err == nil {
		go s.flood(qos, size, count)
	}
	var loose, sure int
	if _, err := fmt.Sscanf(filter, "mixed/%d/%d/%d", &loose, &sure, &window); err == nil {
		s.flow(loose, sure, min(window, s.most))
	}
	if client, asked := strings.CutPrefix(filter, "arrived/"); asked {
		_, arrived := s.book.of(client)
		return s.append(&codec.Publish{Topic: filter, Payload: strconv.AppendUint(nil, arrived, 10)})
	}
	return nil
}

// flood writes messages as fast as the client reads. At QoS 1 and 2 it minds no window: the clients announce one that is
// large enough for the packet identifiers to be free again when they come round.
func (s *session) flood(qos, size, count int) {
	m := codec.Publish{Topic: measured, QoS: codec.QoS(qos), Payload: make([]byte, size)}
	buf := make([]byte, 0, 300<<10)
	id := uint16(0)
	for range count {
		if id++; id == 0 {
			id = 1
		}
		if qos > 0 {
			m.PacketID = id
		}
		buf, _ = m.Append(buf, s.version)
		if len(buf) > 256<<10 {
			if _, err := s.conn.Write(buf); err != nil {
				return
			}
			buf = buf[:0]
		}
	}
	s.conn.Write(buf)
}

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// session is one client's connection. What one read brings is answered by one write.
type session struct {
	conn     net.Conn
	book     *book
	version  codec.Version
	client   string
	most     int // Receive Maximum
	in, out  []byte
	sequence sequence
	news     record // what the book doesn't know yet
	hold     int    // so many PUBLISH more, then the connection is cut; 0: they are answered
	flooding *flooding
	mixed    *mixed // the flood that its PUBACKs are for; nil: none
}

// The buffer for reading begins small, as there may be thousands of connections, and grows when a read fills it.
const firstRead, largestRead = 4 << 10, 256 << 10

func (s *session) run() error {
	defer func() {
		if s.mixed != nil {
			close(s.mixed.acks)
		}
	}()
	to := 0
	for {
		n, err := s.conn.Read(s.in[to:])
		if err != nil {
			return err
		}
		to += n
		taken, err := s.takeAll(s.in[:to])
		s.book.note(s.client, s.news) // before what says that it has arrived
		s.news = record{}
		if err != nil {
			return err
		}
		if err := s.answer(); err != nil {
			return err
		}
		full := to == len(s.in)
		to = copy(s.in, s.in[taken:to])
		if full && (len(s.in) < largestRead || to == len(s.in)) {
			s.in = append(s.in, make([]byte, len(s.in))...)
		}
	}
}

// answer writes what the last burst has led to.
func (s *session) answer() error {
	if s.flooding == nil {
		return s.flush()
	}
	return s.flooding.run(s)
}

func (s *session) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err
}

// takeAll goes through the whole packets in b and says how many bytes these are.
func (s *session) takeAll(b []byte) (taken int, err error) {
	for {
		head, size := extent(b[taken:])
		if size == 0 || size > len(b)-taken {
			return taken, nil
		}
		p := b[taken : taken+size]
		taken += size
		if err := s.take(p[0], p[head:], p); err != nil {
			return taken, err
		}
	}
}

// extent is the size of the fixed header and of the whole packet that b begins with; 0: that isn't here yet.
func extent(b []byte) (head, size int) {
	for i, shift := 1, 0; i < len(b) && i < 5; i, shift = i+1, shift+7 {
		size |= int(b[i]&0x7f) << shift
		if b[i] < 0x80 {
			return i + 1, i + 1 + size
		}
	}
	return 0, 0
}

// take does the packets that come in millions by itself, and has codec read the others.
func (s *session) take(first byte, body, whole []byte) error {
	switch codec.Type(first >> 4) {
	case codec.TypePublish:
		return s.published(first>>1&3, body)
	case codec.TypePubRel:
		s.acknowledge(codec.TypePubComp, body)
	case codec.TypePubRec:
		s.acknowledge(codec.TypePubRel, body)
	case codec.TypePubAck, codec.TypePubComp:
		if s.mixed != nil {
			s.mixed.acks <- binary.BigEndian.Uint16(body)
		}
		if s.flooding != nil {
			s.flooding.credit++
		}
	default:
		f, _, err := codec.Next(whole, codec.Dialect{Version: s.version, From: codec.FromClient}, 0)
		if err != nil {
			return err
		}
		return s.rare(f)
	}
	return nil
}

// acknowledge answers with a packet that has the identifier that body begins with.
func (s *session) acknowledge(kind codec.Type, body []byte) {
	first := byte(kind) << 4
	if kind == codec.TypePubRel {
		first |= 2 // its reserved flags (§3.6.1)
	}
	s.out = append(s.out, first, 2, body[0], body[1])
}

func (s *session) rare(f codec.Frame) error {
	switch f.Type {
	case codec.TypeConnect:
		return s.connected(f)
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

func (s *session) connected(f codec.Frame) error {
	var c codec.Connect
	if err := c.Decode(f, codec.Dialect{From: codec.FromClient}); err != nil {
		return err
	}
	s.version, s.client, s.most = c.Version, c.ClientID, 65535
	if p := c.Properties; p != nil && p.ReceiveMaximum > 0 {
		s.most = int(p.ReceiveMaximum)
	}
	known := s.book.of(s.client).connections > 0
	s.news.connections = 1
	return s.append(&codec.ConnAck{
		SessionPresent: known && !c.CleanStart, Properties: &codec.ConnAckProperties{TopicAliasMaximum: aliasTopics},
	})
}

func (s *session) subscribed(f codec.Frame) error {
	var p codec.Subscribe
	if err := p.Decode(f, codec.Dialect{Version: s.version, From: codec.FromClient}); err != nil {
		return err
	}
	codes := make([]codec.ReasonCode, len(p.Subscriptions))
	for i, sub := range p.Subscriptions {
		codes[i] = codec.ReasonCode(sub.QoS)
	}
	if err := s.append(&codec.SubAck{PacketID: p.PacketID, Codes: codes}); err != nil {
		return err
	}
	return s.asked(p.Subscriptions[0].Filter)
}

// asked does what a filter stands for.
func (s *session) asked(filter string) error {
	what, rest, _ := strings.Cut(filter, "/")
	switch what {
	case "flood":
		return s.flood(filter)
	case "mixed":
		var loose, sure, window int
		if _, err := fmt.Sscanf(rest, "%d/%d/%d", &loose, &sure, &window); err != nil {
			return err
		}
		if err := s.flush(); err != nil { // the flood writes by itself
			return err
		}
		s.flow(loose, sure, min(window, s.most))
	case "arrived", "together":
		r := s.book.of(rest)
		if what == "together" {
			r = s.book.together(rest)
		}
		return s.append(&codec.Publish{Topic: filter, Payload: fmt.Appendf(nil, "%d %d %d", r.arrived, r.faults, r.damaged)})
	case "hold":
		n, err := strconv.Atoi(rest)
		if s.book.of(s.client).held == 0 { // else it is one who subscribes again
			s.hold, s.news.held = n, 1
		}
		return err
	}
	return nil
}

package bench

import (
	"encoding/binary"
	"io"
	"net"
	"sync"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// server does as little as a server can: it acknowledges what comes, and hands it on to who has subscribed. It keeps no session, no
// retained message and no will.
type server struct {
	listener net.Listener
	flood    *flood // to who subscribes; nil: nobody floods
	guests   sync.WaitGroup

	mu    sync.Mutex
	over  bool
	conns map[*guest]struct{}
	subs  map[*guest][]codec.Subscription
}

// flood is what a subscriber gets when nobody publishes: numbered messages as fast as it takes them.
type flood struct {
	topic string
	qos   codec.QoS
}

// startServer starts one that listens at this machine's own address.
func startServer(a *app.App, flooding bool, topic string, qos int) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return serve(a, l, flooding, topic, qos), nil
}

func serve(a *app.App, l net.Listener, flooding bool, topic string, qos int) *server {
	s := &server{listener: a.Steady(l), conns: map[*guest]struct{}{}, subs: map[*guest][]codec.Subscription{}}
	if flooding {
		s.flood = &flood{topicWithin(topic), codec.QoS(qos)}
	}
	s.guests.Go(s.accept)
	return s
}

func (s *server) url() string { return "mqtt://" + s.listener.Addr().String() }

func (s *server) stop() {
	s.listener.Close()
	s.mu.Lock()
	s.over = true
	for g := range s.conns {
		g.conn.Close()
	}
	s.mu.Unlock()
	s.guests.Wait()
}

func (s *server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		g := &guest{server: s, conn: c, queue: newQueue()}
		s.mu.Lock()
		if s.over {
			c.Close()
		} else {
			s.conns[g] = struct{}{}
		}
		s.mu.Unlock()
		s.guests.Go(g.serve)
	}
}

// audience are those who have subscribed to a topic.
func (s *server) audience(topic string) (all []*guest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g, subs := range s.subs {
		for _, sub := range subs {
			if codec.Match(sub.Filter, topic) {
				all = append(all, g)
				break
			}
		}
	}
	return all
}

// guest is a client's connection.
type guest struct {
	server  *server
	conn    net.Conn
	version codec.Version
	most    int // Receive Maximum
	out     []byte
	queue   *queue // of what is published to it
}

// Bytes that are read at once.
const readAtOnce = 64 << 10

func (g *guest) serve() {
	defer g.leave()
	buf, to := make([]byte, readAtOnce), 0
	for {
		n, err := g.conn.Read(buf[to:])
		if err != nil {
			return
		}
		to += n
		taken, err := g.takeAll(buf[:to])
		if len(g.out) > 0 {
			if _, err := g.conn.Write(g.out); err != nil {
				return
			}
			g.out = g.out[:0]
		}
		if err != nil {
			return
		}
		to = copy(buf, buf[taken:to])
		if to == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

func (g *guest) leave() {
	g.conn.Close()
	g.queue.close()
	g.server.mu.Lock()
	delete(g.server.conns, g)
	delete(g.server.subs, g)
	g.server.mu.Unlock()
}

// takeAll goes through the whole packets in b and says how many bytes these are.
func (g *guest) takeAll(b []byte) (taken int, err error) {
	for {
		f, size, err := codec.Next(b[taken:], codec.Dialect{Version: g.version, From: codec.FromClient}, 0)
		if err != nil || size == 0 || size > len(b)-taken {
			return taken, err
		}
		taken += size
		if err := g.take(f); err != nil {
			return taken, err
		}
	}
}

func (g *guest) take(f codec.Frame) error {
	switch f.Type {
	case codec.TypePublish:
		return g.published(f)
	case codec.TypePubRel:
		g.answer(codec.TypePubComp, f.Body)
	case codec.TypePubRec:
		g.answer(codec.TypePubRel, f.Body)
	case codec.TypePubAck, codec.TypePubComp:
		g.queue.done()
	case codec.TypeConnect:
		return g.connected(f)
	case codec.TypeSubscribe:
		return g.subscribed(f)
	case codec.TypeUnsubscribe:
		return g.append(&codec.UnsubAck{PacketID: binary.BigEndian.Uint16(f.Body), Codes: []codec.ReasonCode{0}})
	case codec.TypePingReq:
		return g.append(&codec.PingResp{})
	case codec.TypeDisconnect:
		return io.EOF
	}
	return nil
}

// answer answers with a packet that has the identifier that body begins with.
func (g *guest) answer(kind codec.Type, body []byte) {
	first := byte(kind) << 4
	if kind == codec.TypePubRel {
		first |= 2 // its reserved flags (§3.6.1)
	}
	g.out = append(g.out, first, 2, body[0], body[1])
}

func (g *guest) append(p codec.Packet) (err error) {
	g.out, err = p.Append(g.out, g.version)
	return err
}

func (g *guest) connected(f codec.Frame) error {
	var c codec.Connect
	if err := c.Decode(f, codec.Dialect{From: codec.FromClient}); err != nil {
		return err
	}
	g.version, g.most = c.Version, 65535
	if p := c.Properties; p != nil && p.ReceiveMaximum > 0 {
		g.most = int(p.ReceiveMaximum)
	}
	return g.append(&codec.ConnAck{})
}

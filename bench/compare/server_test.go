package compare

import (
	"context"
	"net"
	"slices"
	"sync"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// script is what a server does beside answering what it is asked: CONNACK without a session, SUBACK, UNSUBACK, PUBACK and
// PINGRESP.
type script struct {
	deaf   bool      // it reads nothing behind a CONNECT
	hangUp bool      // it closes each connection behind its CONNACK
	burst  int       // messages that it sends behind each SUBACK, and before the answer to anything later
	qos    codec.QoS // of these; at QoS 1 no more are unacknowledged than the client said that it takes
}

// server listens on a socket. One process owns what it knows: the others send it what happened, and orders.
type server struct {
	script
	address  string
	accepted chan net.Conn
	arrivals chan arrival
	orders   chan func()
	ctx      context.Context // its end is the server's
	end      context.CancelFunc
	work     sync.WaitGroup

	// owned by run
	away    bool // connections are closed as soon as they are there
	conns   []net.Conn
	seen    []arrival
	watches []func() (over bool)
}

// arrival is a packet that came. Without a packet, the connection has ended; connection 0 is any that was turned away.
type arrival struct {
	connection int // from 1
	packet     codec.Packet
	err        error // what ended the connection
}

// start listens on a port of the loopback interface.
func start(s script) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	v := &server{
		script: s, address: listener.Addr().String(),
		accepted: make(chan net.Conn), arrivals: make(chan arrival), orders: make(chan func()),
	}
	v.ctx, v.end = context.WithCancel(context.Background())
	context.AfterFunc(v.ctx, func() { listener.Close() })
	v.work.Go(v.run)
	v.work.Go(func() { v.accept(listener) })
	return v, nil
}

// stop ends all connections, and waits for all that the server started.
func (v *server) stop() {
	v.end()
	v.work.Wait()
}

func (v *server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		select {
		case v.accepted <- conn:
		case <-v.ctx.Done():
			conn.Close()
		}
	}
}

func (v *server) run() {
	for {
		select {
		case <-v.ctx.Done():
			return
		case conn := <-v.accepted:
			v.admit(conn)
		case a := <-v.arrivals:
			v.note(a)
		case order := <-v.orders:
			order()
		}
	}
}

func (v *server) admit(conn net.Conn) {
	if v.away {
		conn.Close()
		v.note(arrival{})
		return
	}
	v.conns = append(v.conns, conn)
	c := &connection{server: v, conn: conn, number: len(v.conns), out: make(chan []byte, outgoing)}
	v.work.Go(c.run)
}

func (v *server) note(a arrival) {
	v.seen = append(v.seen, a)
	v.watches = slices.DeleteFunc(v.watches, func(look func() bool) bool { return look() })
}

// do has the owner carry out an order, and returns when it has, or at the server's end.
func (v *server) do(order func()) {
	done := make(chan struct{})
	select {
	case v.orders <- func() { order(); close(done) }:
		<-done
	case <-v.ctx.Done():
	}
}

// leave ends all connections and turns away new ones until comeBack.
func (v *server) leave() {
	v.do(func() {
		v.away = true
		v.closeAll()
	})
}

func (v *server) comeBack() { v.do(func() { v.away = false }) }

// restart ends all connections; what the clients had subscribed is forgotten.
func (v *server) restart() { v.do(v.closeAll) }

func (v *server) closeAll() {
	for _, conn := range v.conns {
		conn.Close()
	}
}

// await says whether enough comes true for what has arrived until ctx ends. It is called by the server's own process.
func (v *server) await(ctx context.Context, enough func(seen []arrival) bool) bool {
	found := make(chan struct{})
	look := func() bool {
		if enough(v.seen) {
			close(found)
			return true
		}
		return false
	}
	v.do(func() {
		if !look() {
			v.watches = append(v.watches, look)
		}
	})
	select {
	case <-found:
	case <-ctx.Done():
	}
	select {
	case <-found: // first of all, when both have come
		return true
	default:
		return false
	}
}

// count is how many arrivals are such.
func count(seen []arrival, such func(arrival) bool) (n int) {
	for _, a := range seen {
		if such(a) {
			n++
		}
	}
	return n
}

// atLeast is an enough for await.
func atLeast(n int, such func(arrival) bool) func([]arrival) bool {
	return func(seen []arrival) bool { return count(seen, such) >= n }
}

func isConnect(a arrival) bool   { return is[*codec.Connect](a) }
func isSubscribe(a arrival) bool { return is[*codec.Subscribe](a) }
func isPubAck(a arrival) bool    { return is[*codec.PubAck](a) }
func isRefusal(a arrival) bool   { return a == arrival{} }
func isEnd(a arrival) bool       { return a.connection > 0 && a.packet == nil }

// isPublish is true for a message on a topic.
func isPublish(topic string) func(arrival) bool {
	return func(a arrival) bool {
		p, ok := a.packet.(*codec.Publish)
		return ok && p.Topic == topic
	}
}

func is[P codec.Packet](a arrival) bool {
	_, ok := a.packet.(P)
	return ok
}

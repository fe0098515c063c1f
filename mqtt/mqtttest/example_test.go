package mqtttest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// t stands for the *testing.T that a test has.
var t testing.TB = exampleT{}

type exampleT struct{ testing.TB }

func (exampleT) Helper() {}

func (exampleT) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

// say stands for a client: it dials, and writes packets in 3.1.1.
func say(d interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}, packets ...codec.Packet) net.Conn {
	conn, err := d.DialContext(context.Background(), "tcp", "localhost:1883")
	if err != nil {
		log.Fatal(err)
	}
	tell(conn, packets...)
	return conn
}

func tell(conn net.Conn, packets ...codec.Packet) {
	for _, p := range packets {
		b, err := p.Append(nil, codec.V311)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := conn.Write(b); err != nil {
			log.Fatal(err)
		}
	}
}

// hear gives the bytes that come until the connection ends.
func hear(conn net.Conn) []byte {
	b, err := io.ReadAll(conn)
	if err != nil {
		log.Fatal(err)
	}
	return b
}

// A server whose every packet the test decides. It stands where a client takes its dialer.
func ExampleServer() {
	s := mqtttest.NewServer()
	defer s.Close()
	client := say(s, &codec.Connect{ClientID: "me", CleanStart: true})
	defer client.Close()

	ctx := context.Background()
	c, err := s.Accept(ctx)
	if err != nil {
		log.Fatal(err)
	}
	p, err := c.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Type(), p.(*codec.Connect).ClientID, "on", c.Version())
	if err := c.Send(&codec.ConnAck{Code: codec.NotAuthorized}); err != nil {
		log.Fatal(err)
	}
	c.Close()
	fmt.Printf("% X\n", hear(client))
	// Output:
	// CONNECT me on 3.1.1
	// 20 02 00 05
}

func ExampleServer_RefuseDials() {
	s := mqtttest.NewServer()
	defer s.Close()
	s.RefuseDials(fmt.Errorf("no route to host"))
	_, err := s.DialContext(context.Background(), "tcp", "localhost:1883")
	fmt.Println(err, s.Dials())
	// Output: no route to host 1
}

// In a test, the helpers save the handling of errors: they fail it.
func ExampleConn() {
	s := mqtttest.NewServer()
	defer s.Close()
	client := say(s,
		&codec.Connect{ClientID: "me", CleanStart: true},
		&codec.Publish{QoS: 1, PacketID: 7, Topic: "greeting", Payload: []byte("hello")})
	c, err := s.Accept(context.Background())
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	c.Handshake(t)
	p := mqtttest.Expect[*codec.Publish](t, c)
	fmt.Printf("%s: %s\n", p.Topic, p.Payload)

	client.Close() // before it got its PUBACK
	c.ExpectClosed(t)
	// Output: greeting: hello
}

// SendBytes sends what no server should: here a packet in two parts, and then one of a type that doesn't exist.
func ExampleConn_SendBytes() {
	s := mqtttest.NewServer()
	defer s.Close()
	client := say(s)
	c, err := s.Accept(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range [][]byte{{0x20}, {2, 0, 0}, {0, 0}} {
		if err := c.SendBytes(part); err != nil {
			log.Fatal(err)
		}
	}
	c.Close()
	fmt.Printf("% X\n", hear(client))
	// Output: 20 02 00 00 00 00
}

// A server that behaves, and tells what it got.
func ExampleBroker() {
	b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer b.Close()
	client := say(b,
		&codec.Connect{ClientID: "me", CleanStart: true},
		&codec.Publish{QoS: 1, PacketID: 7, Topic: "greeting", Payload: []byte("hello")},
		&codec.Disconnect{})
	defer client.Close()

	fmt.Printf("% X\n", hear(client)) // CONNACK, PUBACK
	for _, r := range b.Received() {
		fmt.Printf("%s published %s: %s\n", r.ClientID, r.Message.Topic, r.Message.Payload)
	}
	// Output:
	// 20 02 00 00 40 02 00 07
	// me published greeting: hello
}

// The connection ends when the message has arrived and before its PUBACK leaves: a client that sends it again at QoS 1
// delivers it twice.
func ExampleBroker_CutAfter() {
	b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer b.Close()
	b.CutAfter(codec.FromClient, codec.TypePublish, 1)
	session := &codec.Connect{ClientID: "me"}
	hello := &codec.Publish{QoS: 1, PacketID: 7, Topic: "greeting", Payload: []byte("hello")}

	fmt.Printf("% X\n", hear(say(b, session, hello)))
	hello.Dup = true
	fmt.Printf("% X\n", hear(say(b, session, hello, &codec.Disconnect{})))
	fmt.Println(len(b.Received()), "messages over", b.Connections(), "connections")
	// Output:
	// 20 02 00 00
	// 20 02 01 00 40 02 00 07
	// 2 messages over 2 connections
}

// A hook sees each packet, and may change it or have it lost.
func ExampleBroker_OnPacket() {
	b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer b.Close()
	b.OnPacket(func(clientID string, from codec.Side, p codec.Packet) mqtttest.Action {
		fmt.Println(from, p.Type())
		if p.Type() == codec.TypePingReq {
			return mqtttest.ActionDrop // no PINGRESP
		}
		return mqtttest.ActionPass
	})
	hear(say(b, &codec.Connect{ClientID: "me", CleanStart: true}, &codec.PingReq{}, &codec.Disconnect{}))
	// Output:
	// client CONNECT
	// server CONNACK
	// client PINGREQ
	// client DISCONNECT
}

// Await waits without sleeping: here until a session has a subscription's first message on its way.
func ExampleBroker_Await() {
	b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer b.Close()
	client := say(b,
		&codec.Connect{ClientID: "me", CleanStart: true},
		&codec.Subscribe{PacketID: 1, Subscriptions: []codec.Subscription{{Filter: "news/#", QoS: 1}}},
		&codec.Publish{Topic: "ready"})
	defer client.Close()
	arrived := func(st mqtttest.BrokerStats) bool { return st.Received == 1 }
	if err := b.Await(context.Background(), arrived); err != nil {
		log.Fatal(err)
	}
	if err := b.Publish(codec.Publish{QoS: 2, Topic: "news/today", Payload: []byte("rain")}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Subscriptions("me"), b.Stats().InFlight)
	// Output: [{news/# QoS 1 false false 0}] 1
}

// Two ends in memory, on a network that breaks after five bytes.
func ExamplePipe() {
	a, b := mqtttest.Pipe(100)
	defer a.Close()
	defer b.Close()
	a.Out().CutAfter(5)
	n, err := a.Write([]byte("hello, world"))
	fmt.Println(n, err)
	got, err := io.ReadAll(b)
	fmt.Println(string(got), err)
	// Output:
	// 5 write mem a->b: connection reset by peer
	// hello read mem b->a: connection reset by peer
}

// Bytes come in small pieces, as they may from any network.
func ExampleFlow_Chunk() {
	a, b := mqtttest.Pipe(100)
	defer b.Close()
	b.In().Chunk(4)
	if _, err := a.Write([]byte("hello, world")); err != nil {
		log.Fatal(err)
	}
	a.Close()
	buf := make([]byte, 100)
	for {
		n, err := b.Read(buf)
		if err != nil {
			break
		}
		fmt.Printf("%q ", buf[:n])
	}
	// Output: "hell" "o, w" "orld"
}

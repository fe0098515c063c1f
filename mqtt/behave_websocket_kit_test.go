package mqtt_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// web is a web server that agrees to WebSocket and has serve talk; it ends with the test. The URL is one of ws.
func web(t *testing.T, serve func(*webPeer)) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt", "mqttv3.1", "own"}})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(-1)
		serve(&webPeer{T: t, conn: conn, request: r, v: codec.V5})
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "http://", "ws://", 1)
}

// webPeer is the server's end of one WebSocket.
type webPeer struct {
	*testing.T
	conn    *websocket.Conn
	request *http.Request
	v       codec.Version
}

// message takes one message, and gives its packets; the last may be in pieces.
func (p *webPeer) message() (packets []codec.Packet, whole bool, err error) {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	_, b, err := p.conn.Read(ctx)
	d := codec.Dialect{Version: p.v, From: codec.FromClient}
	for len(b) > 0 {
		f, n, err := codec.Next(b, d, 0)
		if err != nil || n == 0 || n > len(b) {
			return packets, false, err
		}
		packet, err := codec.Decode(f, d)
		if err != nil {
			return packets, false, err
		}
		packets, b = append(packets, packet), b[n:]
	}
	return packets, true, err
}

// send sends packets as one message.
func (p *webPeer) send(packets ...codec.Packet) {
	var b []byte
	for _, packet := range packets {
		var err error
		b, err = packet.Append(b, p.v)
		if err != nil {
			p.Error(err)
		}
	}
	p.conn.Write(context.Background(), websocket.MessageBinary, b)
}

// accept takes CONNECT and answers it.
func (p *webPeer) accept() {
	if packets, _, err := p.message(); err != nil || len(packets) != 1 || packets[0].Type() != codec.TypeConnect {
		p.Errorf("not a CONNECT: %v, %v", packets, err)
	}
	p.send(&codec.ConnAck{})
}

// rest reads to the end.
func (p *webPeer) rest() (all []codec.Packet, err error) {
	for {
		packets, _, err := p.message()
		if all = append(all, packets...); err != nil {
			return all, err
		}
	}
}

// webBroker is a Broker behind WebSocket.
func webBroker(t *testing.T) (url string, b *mqtttest.Broker) {
	t.Helper()
	b = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	t.Cleanup(b.Close)
	return web(t, func(p *webPeer) {
		carry(websocket.NetConn(context.Background(), p.conn, websocket.MessageBinary), b)
	}), b
}

// unixBroker is a Broker behind the socket of a file.
func unixBroker(t *testing.T) (file string, b *mqtttest.Broker) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "broker.sock")
	l, err := net.Listen("unix", file)
	require.NoError(t, err)
	b = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { carry(conn, b) })
		}
	})
	t.Cleanup(func() {
		b.Close()
		l.Close()
		wg.Wait()
	})
	return file, b
}

// carry carries one connection to b until either side ends it.
func carry(conn net.Conn, b *mqtttest.Broker) {
	defer conn.Close()
	to, err := b.DialContext(context.Background(), "tcp", "broker")
	if err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(conn, to)
		conn.Close()
	}()
	io.Copy(to, conn)
	to.Close()
	<-done
}

// roundTrip has a client receive what it publishes at each QoS, small and large.
func roundTrip(t *testing.T, client *mqtt.Client) {
	t.Helper()
	ctx := closing(t, 20*time.Second)
	_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "a", QoS: mqtt.ExactlyOnce})
	require.NoError(t, err)
	for _, size := range []int{10, 20_000, 300_000} {
		for qos := mqtt.AtMostOnce; qos <= mqtt.ExactlyOnce; qos++ {
			payload := strings.Repeat("x", size)
			require.NoError(t, client.Publish(ctx, mqtt.Message{Topic: "a", QoS: qos, Payload: []byte(payload)}))
			select {
			case m := <-client.Messages():
				require.Equal(t, payload, string(m.Payload))
			case <-ctx.Done():
				t.Fatal("nothing came back")
			}
		}
	}
}

package mqtt_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// scene is a client and the scripted server that it dials, in a bubble of its own.
type scene struct {
	*testing.T
	server *mqtttest.Server
	client *mqtt.Client
	cfg    mqtt.Config
}

// bubble runs a subtest in a synctest bubble.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// both runs a subtest in a bubble for MQTT 5.0 and one for 3.1.1.
func both(t *testing.T, name string, f func(t *testing.T, v mqtt.Version)) {
	t.Helper()
	for _, v := range []mqtt.Version{mqtt.V5, mqtt.V311} {
		bubble(t, fmt.Sprintf("%s/v%s", name, v), func(t *testing.T) { f(t, v) })
	}
}

// idle makes a client that has not dialled. Cleanup aborts it, if the test did not end it.
func idle(t *testing.T, cfg mqtt.Config) *scene {
	t.Helper()
	server := mqtttest.NewServer()
	cfg.Dialer = server
	client, err := mqtt.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		client.Abort()
		server.Close()
	})
	return &scene{t, server, client, cfg}
}

// up makes a client that is connected, and the server's end of its connection.
func up(t *testing.T, cfg mqtt.Config, ack ...codec.ConnAck) (*scene, *mqtttest.Conn) {
	t.Helper()
	s := idle(t, cfg)
	return s, s.connect(ack...)
}

// connect brings the client up.
func (s *scene) connect(ack ...codec.ConnAck) *mqtttest.Conn {
	s.Helper()
	done := make(chan error, 1)
	go func() { done <- s.client.Connect(s.Context()) }()
	conn := s.accept(ack...)
	require.NoError(s, <-done)
	return conn
}

// accept takes the next connection and answers its CONNECT.
func (s *scene) accept(ack ...codec.ConnAck) *mqtttest.Conn {
	s.Helper()
	conn, err := s.server.Accept(s.Context())
	require.NoError(s, err)
	conn.Handshake(s, ack...)
	return conn
}

// resume takes the next connection, which goes on with the session.
func (s *scene) resume() *mqtttest.Conn {
	s.Helper()
	return s.accept(codec.ConnAck{SessionPresent: true})
}

// subscribe subscribes a filter on Messages, granted as asked.
func (s *scene) subscribe(conn *mqtttest.Conn, filter string, qos mqtt.QoS) {
	s.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: filter, QoS: qos})
		done <- err
	}()
	p := mqtttest.Expect[*codec.Subscribe](s, conn)
	require.NoError(s, conn.Send(&codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.ReasonCode(qos)}}))
	require.NoError(s, <-done)
}

// later runs a blocking call beside the test and gives its error when it comes.
func later(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// pending fails the test when the call has returned already.
func pending(t *testing.T, done <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		t.Fatalf("the call has returned: %v", err)
	default:
	}
}

// within gives what comes on a channel within d of the bubble's time.
func within[T any](t *testing.T, d time.Duration, c <-chan T) T {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case <-timer.C:
		t.Fatalf("nothing came within %v", d)
		panic("unreachable")
	}
}

// closing gives a context of d.
func closing(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// events collects what was told so far.
func events(c *mqtt.Client) (all []mqtt.Event) {
	for {
		select {
		case e, open := <-c.Events():
			if !open {
				return all
			}
			all = append(all, e)
		default:
			return all
		}
	}
}

// kinds names events.
func kinds(all []mqtt.Event) (names []string) {
	for _, e := range all {
		names = append(names, fmt.Sprintf("%T", e)[len("mqtt.Event"):])
	}
	return names
}

// message makes a message for a/b.
func message(qos mqtt.QoS, payload string) mqtt.Message {
	return mqtt.Message{Topic: "a/b", QoS: qos, Payload: []byte(payload)}
}

// incoming makes a PUBLISH from the server.
func incoming(qos codec.QoS, id uint16, payload string) *codec.Publish {
	return &codec.Publish{Topic: "a/b", QoS: qos, PacketID: id, Payload: []byte(payload)}
}

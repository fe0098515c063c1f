package mqtt_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// got is what a call returned.
type got[T any] struct {
	value T
	err   error
}

// begin runs a blocking call beside the test.
func begin[T any](f func() (T, error)) <-chan got[T] {
	c := make(chan got[T], 1)
	go func() {
		v, err := f()
		c <- got[T]{v, err}
	}()
	return c
}

// subscribing calls Subscribe beside the test.
func (s *scene) subscribing(subs ...mqtt.Subscription) <-chan got[[]mqtt.Grant] {
	return begin(func() ([]mqtt.Grant, error) { return s.client.Subscribe(soon(s.T), subs...) })
}

// grant takes the next SUBSCRIBE and answers each filter with what it asked for, or with codes.
func grant(t *testing.T, conn *mqtttest.Conn, codes ...codec.ReasonCode) *codec.Subscribe {
	t.Helper()
	p := mqtttest.Expect[*codec.Subscribe](t, conn)
	require.NoError(t, conn.Send(grantOf(p, codes...)))
	return p
}

// grantAll takes as many SUBSCRIBE packets as it needs to answer so many filters, and gives what they asked for.
func grantAll(t *testing.T, conn *mqtttest.Conn, codes ...codec.ReasonCode) (asked []codec.Subscription) {
	t.Helper()
	for len(codes) > 0 {
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		n := len(p.Subscriptions)
		require.LessOrEqual(t, n, len(codes))
		require.NoError(t, conn.Send(grantOf(p, codes[:n]...)))
		codes, asked = codes[n:], append(asked, p.Subscriptions...)
	}
	return asked
}

func grantOf(p *codec.Subscribe, codes ...codec.ReasonCode) *codec.SubAck {
	ack := &codec.SubAck{PacketID: p.PacketID, Codes: codes}
	if len(codes) == 0 {
		for _, s := range p.Subscriptions {
			ack.Codes = append(ack.Codes, codec.ReasonCode(s.QoS))
		}
	}
	return ack
}

// release takes the next UNSUBSCRIBE and answers it, with Success for each filter or with codes.
func release(t *testing.T, conn *mqtttest.Conn, codes ...codec.ReasonCode) *codec.Unsubscribe {
	t.Helper()
	p := mqtttest.Expect[*codec.Unsubscribe](t, conn)
	ack := &codec.UnsubAck{PacketID: p.PacketID, Codes: codes}
	if len(codes) == 0 {
		ack.Codes = make([]codec.ReasonCode, len(p.Filters))
	}
	require.NoError(t, conn.Send(ack))
	return p
}

// filtersOf lists what a SUBSCRIBE asks for.
func filtersOf(p *codec.Subscribe) (filters []string) {
	for _, s := range p.Subscriptions {
		filters = append(filters, s.Filter)
	}
	return filters
}

// take gives the next message.
func take(t *testing.T, c <-chan *mqtt.Received) *mqtt.Received {
	t.Helper()
	m := within(t, time.Second, c)
	require.NotNil(t, m, "the channel is closed")
	return m
}

// payloads gives those of the next n messages.
func payloads(t *testing.T, c <-chan *mqtt.Received, n int) (all []string) {
	t.Helper()
	for range n {
		all = append(all, string(take(t, c).Payload))
	}
	return all
}

// empty fails the test when a message is there, or the channel is closed.
func empty(t *testing.T, c <-chan *mqtt.Received) {
	t.Helper()
	synctest.Wait()
	select {
	case m := <-c:
		t.Fatalf("a message came: %+v", m)
	default:
	}
}

// ended fails the test when the channel isn't closed.
func ended(t *testing.T, c <-chan *mqtt.Received) {
	t.Helper()
	synctest.Wait()
	select {
	case m, open := <-c:
		require.False(t, open, "a message came: %+v", m)
	default:
		t.Fatal("the channel is open")
	}
}

// send has the server send packets.
func send(t *testing.T, conn *mqtttest.Conn, packets ...codec.Packet) {
	t.Helper()
	require.NoError(t, conn.Send(packets...))
}

// about makes a PUBLISH on a topic.
func about(topic string, qos codec.QoS, id uint16, payload string) *codec.Publish {
	return &codec.Publish{Topic: topic, QoS: qos, PacketID: id, Payload: []byte(payload)}
}

// bearing makes it bear Subscription Identifiers.
func bearing(p *codec.Publish, ids ...uint32) *codec.Publish {
	p.Properties = &codec.PublishProperties{SubscriptionIdentifiers: ids}
	return p
}

// declare declares a stream for filters at QoS 2.
func (s *scene) declare(filters ...string) *mqtt.Stream {
	s.Helper()
	return s.declareAs(mqtt.StreamConfig{}, filters...)
}

func (s *scene) declareAs(cfg mqtt.StreamConfig, filters ...string) *mqtt.Stream {
	s.Helper()
	var subs []mqtt.Subscription
	for _, f := range filters {
		subs = append(subs, mqtt.Subscription{Filter: f, QoS: mqtt.ExactlyOnce})
	}
	stream, err := s.client.Declare(cfg, subs...)
	require.NoError(s, err)
	return stream
}

// stream declares a stream whose filters are granted, and gives its SUBSCRIBE too.
func (s *scene) stream(conn *mqtttest.Conn, filters ...string) (*mqtt.Stream, *codec.Subscribe) {
	s.Helper()
	stream := s.declare(filters...)
	p := grant(s.T, conn)
	_, err := stream.Ready(closing(s.T, time.Minute))
	require.NoError(s, err)
	return stream, p
}

// hosted is a client at a whole server.
type hosted struct {
	*testing.T
	broker *mqtttest.Broker
	client *mqtt.Client
}

// host makes a client that is connected to a Broker. Its identifier is "c".
func host(t *testing.T, cfg mqtt.Config, at mqtttest.BrokerConfig) *hosted {
	t.Helper()
	broker := mqtttest.NewBroker(at)
	cfg.Dialer, cfg.ClientID = broker, "c"
	client, err := mqtt.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		client.Abort()
		broker.Close()
	})
	require.NoError(t, client.Connect(soon(t)))
	return &hosted{t, broker, client}
}

// publish has the server publish.
func (h *hosted) publish(topic string, qos codec.QoS, payload string) {
	h.Helper()
	require.NoError(h, h.broker.Publish(codec.Publish{Topic: topic, QoS: qos, Payload: []byte(payload)}))
}

// reconnect drops the client and waits until it is back.
func (h *hosted) reconnect() {
	h.Helper()
	h.broker.Drop()
	synctest.Wait()
	require.NoError(h, h.client.AwaitConnected(soon(h.T)))
}

// soon is a context that ends a test which would wait for ever.
func soon(t *testing.T) context.Context { return closing(t, time.Hour) }

// over is a context that has ended.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

package mqtt_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// question makes a request.
func question(qos mqtt.QoS, payload string) mqtt.Message {
	return mqtt.Message{Topic: "ask", QoS: qos, Payload: []byte(payload)}
}

// asking calls Request beside the test.
func (s *scene) asking(ctx context.Context, m mqtt.Message) <-chan got[*mqtt.Received] {
	return begin(func() (*mqtt.Received, error) { return s.client.Request(ctx, m) })
}

// asked takes the next request at the server, and acknowledges it.
func asked(t testing.TB, conn *mqtttest.Conn, payload string) *codec.Publish {
	t.Helper()
	p := mqtttest.Expect[*codec.Publish](t, conn)
	require.Equal(t, payload, string(p.Payload))
	switch p.QoS {
	case codec.AtLeastOnce:
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
	case codec.ExactlyOnce:
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
	}
	return p
}

// answering makes the answer to a request, at QoS 0.
func answering(p *codec.Publish, payload string) *codec.Publish {
	return &codec.Publish{
		Topic: p.Properties.ResponseTopic, Payload: []byte(payload),
		Properties: &codec.PublishProperties{CorrelationData: p.Properties.CorrelationData},
	}
}

// replied takes the answer of a Request.
func replied(t testing.TB, call <-chan got[*mqtt.Received], payload string) *mqtt.Received {
	t.Helper()
	g := <-call
	require.NoError(t, g.err)
	require.Equal(t, payload, string(g.value.Payload))
	return g.value
}

// unanswered fails the test when a Request has returned already.
func unanswered(t *testing.T, calls ...<-chan got[*mqtt.Received]) {
	t.Helper()
	settled()
	for _, call := range calls {
		select {
		case g := <-call:
			t.Fatalf("the request has returned: %v", g)
		default:
		}
	}
}

// acquainted makes the first request of a client, so that its response topic is subscribed, and gives that.
func (s *scene) acquainted(conn *mqtttest.Conn) (topic string) {
	s.Helper()
	call := s.asking(s.Context(), question(mqtt.AtLeastOnce, "first"))
	topic = grant(s.T, conn).Subscriptions[0].Filter
	p := asked(s, conn, "first")
	reply(s, conn, answering(p, "first"))
	replied(s, call, "first")
	return topic
}

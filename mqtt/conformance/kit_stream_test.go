package conformance

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// declared makes a stream of one filter, granted as asked. identifier 0: none of the test's.
func (s *scene) declared(conn *mqtttest.Conn, filter string, identifier uint32) *mqtt.Stream {
	s.Helper()
	stream, err := s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter, QoS: mqtt.ExactlyOnce, Identifier: identifier})
	require.NoError(s, err)
	p := mqtttest.Expect[*codec.Subscribe](s, conn)
	reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.GrantedQoS2}})
	_, err = stream.Ready(s.Context())
	require.NoError(s, err)
	return stream
}

// nextOf takes the next message of a stream.
func (s *scene) nextOf(stream *mqtt.Stream) *mqtt.Received {
	s.Helper()
	select {
	case m := <-stream.Messages():
		return m
	case <-time.After(time.Second):
		s.Fatal("no message has come")
		return nil
	}
}

// noneOf says that no message waits in a stream.
func (s *scene) noneOf(stream *mqtt.Stream) {
	s.Helper()
	select {
	case m := <-stream.Messages():
		s.Fatalf("a message has come: %s %q", m.Topic, m.Payload)
	case <-time.After(time.Second):
	}
}

// canceled is a context that is over.
func canceled(s *scene) context.Context {
	ctx, stop := context.WithCancel(s.Context())
	stop()
	return ctx
}

package mqtt_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// wanting is a request as its responder receives it.
func wanting(topic string, data []byte) *mqtt.Received {
	m := question(mqtt.AtLeastOnce, "x")
	m.Properties = &mqtt.PublishProperties{ResponseTopic: topic, CorrelationData: data}
	return &mqtt.Received{Message: m}
}

func TestReply(t *testing.T) {
	for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
		bubble(t, "it goes to the Response Topic with the Correlation Data, "+qos.String(), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			props := &mqtt.PublishProperties{ContentType: "text", ResponseTopic: "back/again"}
			done := later(func() error {
				return s.client.Reply(t.Context(), wanting("a/b", []byte{0, 1}), mqtt.Message{Payload: []byte("y"), QoS: qos, Properties: props})
			})
			p := asked(t, conn, "y")
			require.NoError(t, <-done)
			require.Equal(t, codec.QoS(qos), p.QoS)
			require.Equal(t, "a/b", p.Topic)
			require.Equal(t, &codec.PublishProperties{ContentType: "text", ResponseTopic: "back/again", CorrelationData: []byte{0, 1}}, p.Properties)
			require.Nil(t, props.CorrelationData, "what the caller gave stays as it is")
		})
	}
	bubble(t, "a request without Correlation Data gets an answer without", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		require.NoError(t, s.client.Reply(t.Context(), wanting("a/b", nil), mqtt.Message{}))
		require.Nil(t, mqtttest.Expect[*codec.Publish](t, conn).Properties)
	})
	for name, c := range map[string]struct {
		request *mqtt.Received
		answer  mqtt.Message
		field   string
	}{
		"no request":                {nil, mqtt.Message{}, "request"},
		"no properties":             {&mqtt.Received{Message: question(mqtt.AtLeastOnce, "x")}, mqtt.Message{}, "request"},
		"no Response Topic":         {wanting("", []byte("x")), mqtt.Message{}, "request"},
		"MQTT-3.3.2-14 a wildcard":  {wanting("a/#", nil), mqtt.Message{}, "request.Properties.ResponseTopic"},
		"a topic of one's own":      {wanting("a", nil), mqtt.Message{Topic: "b"}, "answer.Topic"},
		"Correlation Data likewise": {wanting("a", nil), mqtt.Message{Properties: &mqtt.PublishProperties{CorrelationData: []byte{1}}}, "answer.Properties.CorrelationData"},
		"a QoS that there isn't":    {wanting("a", nil), mqtt.Message{QoS: 3}, "Message.QoS"},
	} {
		bubble(t, name+" is an error, and nothing is sent", func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			err := s.client.Reply(t.Context(), c.request, c.answer)
			require.Equal(t, c.field, as[*mqtt.ArgumentError](t, err).Name)
			quiet(t, conn)
		})
	}
	bubble(t, "an answer that is more than the server takes", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumPacketSize: 100}))
		for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce} {
			err := s.client.Reply(t.Context(), wanting("a", nil), mqtt.Message{QoS: qos, Payload: []byte(strings.Repeat("y", 100))})
			require.Equal(t, codec.PacketTooLarge, as[*mqtt.LimitError](t, err).Code)
		}
	})
	bubble(t, "a context that is over", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		ctx, stop := context.WithCancel(t.Context())
		stop()
		err := s.client.Reply(ctx, wanting("a", nil), mqtt.Message{})
		require.ErrorIs(t, err, context.Canceled)
		requireOnly(t, err, mqtt.ErrNotSent)
	})
	bubble(t, "on 3.x there is nothing to answer, and no answer can leave", func(t *testing.T) {
		for _, cfg := range []mqtt.Config{{Version: mqtt.V311}, {Version: mqtt.V311, Lenient: true}, {Lenient: true}} {
			s := idle(t, cfg)
			connecting := s.connecting()
			conn := (*mqtttest.Conn)(nil)
			if cfg.Version == mqtt.VersionAuto {
				conn = s.connectOld(connecting)
			} else {
				conn = s.accept()
				require.NoError(t, <-connecting)
			}
			for _, request := range []*mqtt.Received{{Message: question(mqtt.AtLeastOnce, "x")}, wanting("a", []byte("x"))} {
				for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce} {
					err := s.client.Reply(t.Context(), request, mqtt.Message{QoS: qos})
					require.ErrorIs(t, err, mqtt.ErrVersion)
					requireOnly(t, err, mqtt.ErrNotSent)
				}
			}
			quiet(t, conn)
			s.client.Abort()
		}
	})
}

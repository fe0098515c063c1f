package mqtt_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// aliased makes a message that asks for an alias; zero: it asks for none.
func aliased(topic string, alias uint16, qos mqtt.QoS) mqtt.Message {
	m := mqtt.Message{Topic: topic, QoS: qos}
	if alias != 0 {
		m.Properties = &mqtt.PublishProperties{TopicAlias: alias}
	}
	return m
}

// by makes a PUBLISH from the server with an alias.
func by(alias uint16, topic, payload string) *codec.Publish {
	return &codec.Publish{Topic: topic, Payload: []byte(payload), Properties: &codec.PublishProperties{TopicAlias: alias}}
}

// offering is a CONNACK with a Topic Alias Maximum.
func offering(most uint16) codec.ConnAck {
	return announcing(codec.ConnAckProperties{TopicAliasMaximum: most})
}

// naming tells how a PUBLISH names its topic: "t" by the topic, "t 1" with an alias beside it, " 1" by the alias alone.
func naming(p *codec.Publish) string {
	if p.Properties == nil || p.Properties.TopicAlias == 0 {
		return p.Topic
	}
	return fmt.Sprintf("%s %d", p.Topic, p.Properties.TopicAlias)
}

// expectNames takes the next PUBLISHes, which must name their topics so.
func expectNames(t testing.TB, conn *mqtttest.Conn, want ...string) (got []*codec.Publish) {
	t.Helper()
	var names []string
	for range want {
		p := expectNow[*codec.Publish](t, conn)
		got, names = append(got, p), append(names, naming(p))
	}
	require.Equal(t, want, names)
	return got
}

// publishes admits messages at QoS 0 for these topics, in this order.
func (s *scene) publishes(topics ...string) {
	s.Helper()
	for _, topic := range topics {
		s.asyncMessage(aliased(topic, 0, mqtt.AtMostOnce))
	}
}

//go:build integration

package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// pairs are User Properties whose order and duplicates count.
var pairs = []mqtt.UserProperty{{Key: "b", Value: "2"}, {Key: "a", Value: "1"}, {Key: "a", Value: "grün"}, {Key: "", Value: ""}}

func TestPropertiesGoThrough(t *testing.T) { // §3.3.2.3
	matrix{versions: v5}.run(t, func(c *cell) {
		users := pairs
		if _, is := c.server.(*embeddedServer); is && c.qos == mqtt.AtLeastOnce {
			users = nil // mochi copies them into a PUBACK whose reason code isn't one
		}
		subscriber := c.connect(c.config())
		_, err := subscriber.Subscribe(c.ctx, mqtt.Subscription{Filter: c.topic("#"), QoS: c.qos, Identifier: 7})
		require.NoError(c, err)
		publisher := c.connect(c.config())
		m := c.message(c.topic("question"), "wieviel?")
		m.Properties = &mqtt.PublishProperties{
			PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Hour), ContentType: "text/plain; charset=utf-8",
			ResponseTopic: c.topic("answer"), CorrelationData: []byte{0, 1, 255}, UserProperties: users,
		}
		require.NoError(c, publisher.Publish(c.ctx, m))

		got := c.next(subscriber.Messages())
		require.Equal(c, []uint32{7}, got.SubscriptionIdentifiers)
		p := got.Properties
		require.NotNil(c, p)
		require.EqualValues(c, 1, p.PayloadFormatIndicator)
		require.NotNil(c, p.MessageExpiryInterval)
		require.InDelta(c, time.Hour, *p.MessageExpiryInterval, float64(patience))
		require.Equal(c, "text/plain; charset=utf-8", p.ContentType)
		require.Equal(c, c.topic("answer"), p.ResponseTopic)
		require.Equal(c, []byte{0, 1, 255}, p.CorrelationData)
		require.Equal(c, users, p.UserProperties)
	})
}

func TestAnswerGoesBackWhereTheQuestionSays(t *testing.T) { // §4.10
	matrix{versions: v5, qos: once}.run(t, func(c *cell) {
		answerer := c.connect(c.config())
		c.subscribe(answerer, c.topic("questions"))
		asker := c.connect(c.config())
		c.subscribe(asker, c.topic("answers"))

		question := c.message(c.topic("questions"), "6*7")
		question.Properties = &mqtt.PublishProperties{ResponseTopic: c.topic("answers"), CorrelationData: []byte{42}}
		require.NoError(c, asker.Publish(c.ctx, question))
		got := c.next(answerer.Messages())
		answer := c.message(got.Properties.ResponseTopic, "42")
		answer.Properties = &mqtt.PublishProperties{CorrelationData: got.Properties.CorrelationData}
		require.NoError(c, answerer.Publish(c.ctx, answer))
		got = c.next(asker.Messages())
		require.Equal(c, "42", string(got.Payload))
		require.Equal(c, []byte{42}, got.Properties.CorrelationData)
	})
}

func TestOlderVersionsRefuseProperties(t *testing.T) {
	matrix{versions: []mqtt.Version{mqtt.V311, mqtt.V31}, qos: once}.run(t, func(c *cell) {
		client := c.connect(c.config())
		m := c.message(c.topic("a"), "")
		m.Properties = &mqtt.PublishProperties{ContentType: "text/plain"}
		require.ErrorIs(c, client.Publish(c.ctx, m), mqtt.ErrVersion)

		cfg := c.config()
		cfg.Lenient = true
		lenient := c.connect(cfg)
		require.NoError(c, lenient.Publish(c.ctx, m))
	})
}

//go:build integration

package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// The clock of a server can't be asked. What is retained for a second more than the message that waits, and was published
// after it, tells by being gone that the other one is, too; servers count whole seconds.
func TestMessageExpiresAtTheServer(t *testing.T) { // §3.3.2.3.3
	matrix{versions: v5, qos: acknowledged, parallel: true}.run(t, func(c *cell) {
		cfg := c.durable("sleeper")
		sleeper := c.connect(cfg)
		c.subscribe(sleeper, c.topic("a"))
		require.NoError(c, sleeper.Close(c.ctx))

		publisher := c.connect(c.config())
		m := c.message(c.topic("a"), "short-lived")
		m.Properties = &mqtt.PublishProperties{MessageExpiryInterval: new(time.Second)}
		require.NoError(c, publisher.Publish(c.ctx, m))
		m.Payload, m.Properties.MessageExpiryInterval = []byte("long-lived"), new(time.Hour)
		require.NoError(c, publisher.Publish(c.ctx, m))
		c.untilExpired(publisher, c.topic("clock"))

		awake := c.connect(cfg)
		got := c.next(awake.Messages())
		require.Equal(c, "long-lived", string(got.Payload))
		require.Less(c, *got.Properties.MessageExpiryInterval, time.Hour, "what is left of it")
	})
}

// untilExpired retains a message for two seconds, and asks for it until there is none.
func (c *cell) untilExpired(client *mqtt.Client, topic string) {
	c.Helper()
	m := mqtt.Message{Topic: topic, Payload: []byte("tick"), QoS: mqtt.AtLeastOnce, Retain: true}
	m.Properties = &mqtt.PublishProperties{MessageExpiryInterval: new(2 * time.Second)}
	require.NoError(c, client.Publish(c.ctx, m))
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for retained := true; retained; {
		<-again.C
		require.NoError(c, c.ctx.Err(), "it doesn't expire")
		asker := c.connect(c.config())
		_, err := asker.Subscribe(c.ctx, mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce})
		require.NoError(c, err)
		fence := mqtt.Message{Topic: topic, Payload: []byte("fence"), QoS: mqtt.AtLeastOnce}
		require.NoError(c, asker.Publish(c.ctx, fence))
		retained = c.next(asker.Messages()).Retain
		asker.Close(c.ctx) // not all was taken
	}
}

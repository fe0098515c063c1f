//go:build integration

package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestDurableSessionKeepsMessagesForTheNextClient(t *testing.T) {
	matrix{qos: acknowledged}.run(t, func(c *cell) {
		const n = 50
		cfg := c.durable("durable")
		first := c.connect(cfg)
		ack, _ := first.ConnAck()
		require.False(c, ack.SessionPresent)
		c.subscribe(first, c.topic("numbers"))
		require.NoError(c, first.Close(c.ctx))

		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, n))
		c.settle(publisher)

		second := c.idle(cfg)
		stream, err := second.Declare(mqtt.StreamConfig{}, c.wants(c.topic("numbers"))...)
		require.NoError(c, err)
		require.NoError(c, second.Connect(c.ctx))
		ack, _ = second.ConnAck()
		require.True(c, ack.SessionPresent)
		c.requireAll(numbers(0, n), c.takeEach(stream.Messages(), numbers(0, n)))
	})
}

func TestSessionOfTheClientOutlivesItsConnection(t *testing.T) {
	matrix{qos: acknowledged}.run(t, func(c *cell) {
		const n = 50
		cfg := c.resumed("resumer")
		line := lay(&cfg)
		client := c.connect(cfg)
		c.subscribe(client, c.topic("numbers"))
		await[mqtt.EventConnected](c, client)

		line.cut()
		await[mqtt.EventDisconnected](c, client)
		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, n))
		c.settle(publisher)
		line.mend()

		require.True(c, await[mqtt.EventConnected](c, client).ConnAck.SessionPresent)
		c.requireAll(numbers(0, n), payloads(c.take(client.Messages(), n)))
	})
}

func TestSessionOfAConnectionEndsWithIt(t *testing.T) {
	matrix{qos: once}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.Session = mqtt.SessionConnection
		line := lay(&cfg)
		client := c.connect(cfg)
		c.subscribe(client, c.topic("a"))
		await[mqtt.EventConnected](c, client)

		line.cut()
		await[mqtt.EventDisconnected](c, client)
		publisher := c.connect(c.config())
		c.publish(publisher, c.topic("a"), "missed")
		c.settle(publisher)
		line.mend()

		require.False(c, await[mqtt.EventConnected](c, client).ConnAck.SessionPresent)
		c.subscribe(client, c.topic("b")) // leaves behind what is subscribed again
		c.publish(publisher, c.topic("a"), "heard")
		require.Equal(c, "heard", string(c.next(client.Messages()).Payload))
	})
}

func TestSessionExpiryIsChangedAtTheEnd(t *testing.T) { // §3.14.2.2.2
	for _, change := range []struct {
		name   string
		expiry time.Duration
		kept   bool
	}{{"none", 0, false}, {"an hour", time.Hour, true}} {
		t.Run(change.name, func(t *testing.T) {
			matrix{versions: v5, qos: once}.run(t, func(c *cell) {
				cfg := c.durable("changing")
				if change.kept {
					cfg.SessionExpiry = time.Second // by CONNECT it would be gone before the clock has run
				}
				first := c.connect(cfg)
				c.subscribe(first, c.topic("a"))
				require.NoError(c, first.CloseWith(c.ctx, mqtt.Disconnect{SessionExpiry: &change.expiry}))
				if change.kept {
					c.untilExpired(c.connect(c.config()), c.topic("clock"))
				}
				ack, _ := c.connect(cfg).ConnAck()
				require.Equal(c, change.kept, ack.SessionPresent)
			})
		})
	}
}

//go:build integration

package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestIdleConnectionIsKeptAlive(t *testing.T) {
	matrix{versions: allVersions, qos: once, parallel: true}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.KeepAlive = 2 * time.Second
		wire := tap(&cfg)
		client := c.connect(cfg)
		wire.untilReceived(c, "PINGRESP", 2)
		stats := client.Stats()
		require.EqualValues(c, 1, stats.Link.Connections)
		require.Positive(c, stats.Link.PingRoundTrip)
	})
}

// The consumer takes nothing for several times the Keep Alive. Pings go on, and then all is there, in order.
func TestSlowConsumerCostsNothing(t *testing.T) {
	matrix{parallel: true}.run(t, func(c *cell) {
		const n = 300
		cfg := c.config()
		cfg.KeepAlive, cfg.PingTimeout = time.Second, time.Second
		cfg.Inbox = mqtt.Bounds{Messages: 16}
		wire := tap(&cfg)
		client := c.connect(cfg)
		c.subscribe(client, c.topic("numbers"))
		publisher := c.connect(c.config())
		deliveries := c.pipeline(publisher, c.topic("numbers"), 0, n)
		c.done(deliveries)

		pings, _ := wire.count("PINGREQ")
		wire.untilSent(c, "PINGREQ", pings+4)
		require.Empty(c, difference(numbers(0, n), payloads(c.take(client.Messages(), n))))
		require.EqualValues(c, 1, client.Stats().Link.Connections)
	})
}

//go:build integration

package integration

import (
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestPipelineOfThousands(t *testing.T) {
	matrix{qos: acknowledged}.run(t, func(c *cell) {
		const n = 5000
		client := c.connect(c.config())
		c.done(c.pipeline(client, c.topic("numbers"), 0, n))
		require.NoError(c, client.Flush(c.ctx))
		c.requireAllDone(client, n)
	})
}

func TestOneInFlight(t *testing.T) {
	matrix{versions: allVersions, qos: acknowledged}.run(t, func(c *cell) {
		const n = 100
		cfg := c.config()
		cfg.MaxInFlight = 1
		wire := tap(&cfg)
		publisher, subscriber := c.connect(cfg), c.connect(c.config())
		c.subscribe(subscriber, c.topic("numbers"))
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, n))
		require.Equal(c, 1, wire.mostUnsettled())
		require.Empty(c, difference(numbers(0, n), payloads(c.take(subscriber.Messages(), n))))
	})
}

func TestServersReceiveMaximumIsKept(t *testing.T) { // §3.2.2.3.3: mosquitto's is 20
	matrix{places: mosquittos, versions: v5, qos: acknowledged}.run(t, func(c *cell) {
		cfg := c.config()
		wire := tap(&cfg)
		client := c.connect(cfg)
		ack, _ := client.ConnAck()
		require.EqualValues(c, 20, ack.ReceiveMaximum)
		c.done(c.pipeline(client, c.topic("numbers"), 0, 500))
		require.LessOrEqual(c, wire.mostUnsettled(), 20)
		require.Greater(c, wire.mostUnsettled(), 1)
	})
}

func TestServerThatEndsAnOverrun(t *testing.T) { // mochi closes the connection when its Receive Maximum is passed
	for _, qos := range acknowledged {
		t.Run(qos.String(), func(t *testing.T) {
			capabilities := mochi.NewDefaultServerCapabilities()
			capabilities.ReceiveMaximum = 5
			c := newCell(t, openMochiWith(t, capabilities), mqtt.V5, qos)
			cfg := c.config()
			wire := tap(&cfg)
			client := c.connect(cfg)
			c.done(c.pipeline(client, c.topic("numbers"), 0, 500))
			require.LessOrEqual(c, wire.mostUnsettled(), 5)
			require.EqualValues(c, 1, client.Stats().Link.Connections)
		})
	}
}

// mosquitto alone: mochiend.NoWindow says why.
func TestClientsReceiveMaximumIsKept(t *testing.T) {
	matrix{places: mosquittos, qos: acknowledged}.run(t, func(c *cell) {
		const room, n = 5, 50
		cfg := c.config()
		cfg.ReceiveMaximum, cfg.Ack = room, mqtt.AckManual
		wire := tap(&cfg)
		client := c.connect(cfg)
		c.subscribe(client, c.topic("numbers"))
		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, n))

		held := c.take(client.Messages(), room)
		c.subscribe(client, c.topic("else")) // what the server sent before its answer is here
		select {
		case m := <-client.Messages():
			require.Fail(c, "one more than there is room for", "%s", m.Payload)
		default:
		}
		if c.version == mqtt.V5 {
			_, came := wire.count("PUBLISH")
			require.Equal(c, room, came)
			return // mosquitto 2.0.11 sends all that waits when the first are acknowledged
		}
		got := payloads(held)
		for _, m := range held {
			require.NoError(c, m.Ack())
		}
		for len(got) < n {
			m := c.next(client.Messages())
			got = append(got, string(m.Payload))
			require.NoError(c, m.Ack())
		}
		require.Empty(c, difference(numbers(0, n), got))
	})
}

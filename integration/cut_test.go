//go:build integration

package integration

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// The connections of both ends are cut, time and again, while messages are on their way.
func TestCutsLoseNothing(t *testing.T) {
	matrix{places: mosquittos, qos: acknowledged}.run(t, func(c *cell) {
		subscribing, publishing := c.resumed("subscriber"), c.resumed("publisher")
		lines := []*line{lay(&subscribing), lay(&publishing)}
		publishing.Outbox = mqtt.Bounds{Messages: 100}
		subscriber, publisher := c.connect(subscribing), c.connect(publishing)
		clients := []*mqtt.Client{subscriber, publisher}
		c.subscribe(subscriber, c.topic("numbers"))
		sink := newSink(subscriber.Messages())
		for _, client := range clients {
			await[mqtt.EventConnected](c, client)
		}

		flow := c.flow(publisher, c.topic("numbers"), unpaced)
		for round := range 6 {
			sink.until(c, sink.count()+50)
			end := round % 2
			lines[end].cut()
			await[mqtt.EventDisconnected](c, clients[end])
			lines[end].mend()
			require.True(c, await[mqtt.EventConnected](c, clients[end]).ConnAck.SessionPresent)
		}
		deliveries := flow.end()
		c.done(deliveries)
		c.requireDelivered(sink, deliveries)
		require.EqualValues(c, 4, publisher.Stats().Link.Connections)
	})
}

// mochi loses what it has for a subscriber while that one comes back. So the publisher alone is cut here, and the server's
// own record shows what arrived.
func TestCutsOfAPublisher(t *testing.T) {
	matrix{places: []place{embedded}, qos: acknowledged}.run(t, func(c *cell) {
		const cuts = 4
		cfg := c.resumed("publisher")
		line := lay(&cfg)
		cfg.Outbox = mqtt.Bounds{Messages: 100}
		publisher := c.connect(cfg)
		await[mqtt.EventConnected](c, publisher)
		journal := c.server.(*embeddedServer).journal

		flow := c.flow(publisher, c.topic("numbers"), unpaced)
		for range cuts {
			journal.until(c, c.topic("numbers"), len(journal.accepted(c.topic("numbers")))+50)
			line.cut()
			await[mqtt.EventDisconnected](c, publisher)
			line.mend()
			require.True(c, await[mqtt.EventConnected](c, publisher).ConnAck.SessionPresent)
		}
		deliveries := flow.end()
		for i, d := range deliveries {
			err := d.Wait(c.ctx)
			if c.qos == mqtt.ExactlyOnce && errors.Is(err, codec.PacketIdentifierInUse) {
				continue // mochi's answer on 5.0 to a message that is sent again and that it has
			}
			require.NoError(c, err, "delivery %d", i)
		}
		c.settle(publisher)
		got := journal.accepted(c.topic("numbers"))
		if c.qos == mqtt.AtLeastOnce {
			require.Empty(c, difference(numbers(0, len(deliveries)), firsts(got)))
			return
		}
		require.Equal(c, firsts(got), got)
		require.GreaterOrEqual(c, len(got), len(deliveries)-cuts, "mochi drops a message whose PUBREC it couldn't write")
	})
}

// requireDelivered shows that numbers arrived: each, first in order, and at QoS 2 once.
func (c *cell) requireDelivered(s *sink, deliveries []*mqtt.Delivery) {
	c.Helper()
	want := numbers(0, len(deliveries))
	got := s.all(c, want)
	if c.qos != mqtt.ExactlyOnce {
		got = firsts(got)
	}
	c.requireAll(want, got)
}

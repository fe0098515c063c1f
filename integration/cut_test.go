//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
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

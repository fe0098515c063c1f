//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessagesArriveInOrder(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		const n = 1000
		subscriber := c.connect(c.config())
		c.subscribe(subscriber, c.topic("#"))
		publisher := c.connect(c.config())

		deliveries := c.pipeline(publisher, c.topic("numbers"), 0, n)
		got := c.take(subscriber.Messages(), n)
		c.done(deliveries)
		require.NoError(c, publisher.Flush(c.ctx))
		require.Empty(c, difference(numbers(0, n), payloads(got)))
		for _, m := range got {
			require.Equal(c, c.topic("numbers"), m.Topic)
			require.Equal(c, c.qos, m.QoS)
			require.False(c, m.Retain || m.Dup || m.Redelivered)
		}
		require.EqualValues(c, n, publisher.Stats().Out.Done)
	})
}

func TestPublishWaitsForTheServersAnswer(t *testing.T) {
	matrix{versions: allVersions, qos: acknowledged}.run(t, func(c *cell) {
		client := c.connect(c.config())
		c.publish(client, c.topic("a"), "blocking")
		d, err := client.PublishAsync(c.ctx, c.message(c.topic("a"), "pipelined"))
		require.NoError(c, err)
		c.ended(d.Done())
		result, ended := d.Result()
		require.True(c, ended)
		require.NotZero(c, result.PacketID)
		require.False(c, result.Code.Failed())
	})
}

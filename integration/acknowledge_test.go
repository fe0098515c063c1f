//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestUnacknowledgedComesAgain(t *testing.T) { // at QoS 1
	matrix{qos: []mqtt.QoS{mqtt.AtLeastOnce}}.run(t, func(c *cell) {
		cfg := c.resumed("worker")
		cfg.Ack = mqtt.AckManual
		wire := tap(&cfg)
		client := c.connect(cfg)
		c.subscribe(client, c.topic("numbers"))
		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, 3))

		first := c.take(client.Messages(), 3)
		require.NoError(c, first[0].Ack())
		wire.untilSent(c, "PUBACK", 1)
		require.NoError(c, client.Reconnect(c.ctx))

		again := c.take(client.Messages(), 2)
		c.requireAll(numbers(1, 3), payloads(again))
		for _, m := range again {
			require.True(c, m.Dup)
			require.NoError(c, m.Ack())
		}
		for _, m := range first[1:] {
			require.ErrorIs(c, m.Ack(), mqtt.ErrStale)
		}
		wire.untilSent(c, "PUBACK", 3)
		c.publish(publisher, c.topic("numbers"), "last")
		require.Equal(c, "last", string(c.next(client.Messages()).Payload))
	})
}

func TestUnacknowledgedAtQoS2IsHandedOutOnce(t *testing.T) {
	matrix{qos: []mqtt.QoS{mqtt.ExactlyOnce}}.run(t, func(c *cell) {
		cfg := c.resumed("worker")
		cfg.Ack = mqtt.AckManual
		wire := tap(&cfg)
		client := c.connect(cfg)
		c.subscribe(client, c.topic("numbers"))
		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, 3))

		got := c.take(client.Messages(), 3)
		require.NoError(c, client.Reconnect(c.ctx))
		wire.untilReceived(c, "PUBLISH", 6) // the server has sent them again
		for _, m := range got {
			require.NoError(c, m.Ack(), "the session lives, and so does its message")
		}
		wire.untilSent(c, "PUBCOMP", 3)
		c.publish(publisher, c.topic("numbers"), "last")
		require.Equal(c, "last", string(c.next(client.Messages()).Payload))
	})
}

func TestLoopThatIsLeftGivesItsMessageBack(t *testing.T) {
	matrix{}.run(t, func(c *cell) {
		client := c.connect(c.config())
		c.subscribe(client, c.topic("numbers"))
		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, 5))

		var seen []string
		for m := range client.All(c.ctx) {
			if seen = append(seen, string(m.Payload)); len(seen) == 3 {
				break
			}
		}
		for m := range client.All(c.ctx) {
			require.Equal(c, len(seen) == 3, m.Redelivered)
			if seen = append(seen, string(m.Payload)); len(seen) == 6 {
				break
			}
		}
		require.Equal(c, []string{"0", "1", "2", "2", "3", "4"}, seen)
	})
}

// The consumer's own acknowledgements come behind messages that only it can take.
func TestConsumerPublishesFromItsLoop(t *testing.T) {
	matrix{places: swift}.run(t, func(c *cell) {
		const n = 300
		cfg := c.config()
		cfg.Inbox = mqtt.Bounds{Messages: 2 * n}
		client := c.connect(cfg)
		c.subscribe(client, c.topic("questions"))
		listener := c.connect(c.config())
		c.subscribe(listener, c.topic("answers"))
		sink := newSink(listener.Messages())

		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("questions"), 0, n))
		answered := 0
		for m := range client.All(c.ctx) {
			answer := mqtt.Message{Topic: c.topic("answers"), Payload: m.Payload, QoS: mqtt.AtLeastOnce}
			require.NoError(c, client.Publish(c.ctx, answer))
			if answered++; answered == n {
				break
			}
		}
		require.Empty(c, difference(numbers(0, n), sink.all(c, numbers(0, n))))
	})
}

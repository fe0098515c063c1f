//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestRetainedMessageWaitsForSubscribers(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		publisher := c.connect(c.config())
		m := c.message(c.topic("state"), "on")
		m.Retain = true
		require.NoError(c, publisher.Publish(c.ctx, m))
		c.settle(publisher)

		subscriber := c.connect(c.config())
		c.subscribe(subscriber, c.topic("state"))
		got := c.next(subscriber.Messages())
		require.Equal(c, "on", string(got.Payload))
		require.True(c, got.Retain)
		require.Equal(c, c.qos, got.QoS)

		c.publish(publisher, c.topic("state"), "flickers")
		got = c.next(subscriber.Messages())
		require.Equal(c, "flickers", string(got.Payload))
		require.False(c, got.Retain, "a subscriber that is there gets the message as a new one")
	})
}

func TestEmptyRetainedMessageDeletes(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		publisher := c.connect(c.config())
		for _, payload := range []string{"on", ""} {
			m := c.message(c.topic("state"), payload)
			m.Retain = true
			require.NoError(c, publisher.Publish(c.ctx, m))
		}
		c.settle(publisher)

		subscriber := c.connect(c.config())
		c.subscribe(subscriber, c.topic("state"))
		c.publish(publisher, c.topic("state"), "new")
		require.Equal(c, "new", string(c.next(subscriber.Messages()).Payload))
	})
}

func TestSubscriberChoosesWhatIsRetained(t *testing.T) { // §3.8.3.1
	for _, choice := range []struct {
		name     string
		handling mqtt.RetainHandling
		retained [2]int // messages that come for the first and for the second subscribing
	}{
		{"each time", mqtt.RetainSend, [2]int{1, 1}},
		{"if new", mqtt.RetainSendIfNew, [2]int{1, 0}},
		{"never", mqtt.RetainDontSend, [2]int{0, 0}},
	} {
		t.Run(choice.name, func(t *testing.T) {
			matrix{versions: v5, qos: once}.run(t, func(c *cell) {
				publisher := c.connect(c.config())
				m := c.message(c.topic("state"), "old")
				m.Retain = true
				require.NoError(c, publisher.Publish(c.ctx, m))
				c.settle(publisher)

				subscriber := c.connect(c.config())
				var got []*mqtt.Received
				for _, n := range choice.retained {
					_, err := subscriber.Subscribe(c.ctx, mqtt.Subscription{
						Filter: m.Topic, QoS: c.qos, RetainHandling: choice.handling, RetainAsPublished: true,
					})
					require.NoError(c, err)
					got = append(got, c.take(subscriber.Messages(), n)...) // it may come after SUBACK
				}
				m.Payload = []byte("new")
				require.NoError(c, publisher.Publish(c.ctx, m))
				for i, m := range append(got, c.next(subscriber.Messages())) {
					want := "old"
					if i == len(got) {
						want = "new"
					}
					require.Equal(c, want, string(m.Payload))
					require.True(c, m.Retain)
				}
			})
		})
	}
}

//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestServerGrantsWhatIsAsked(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		client := c.connect(c.config())
		filters := []string{c.topic("a"), c.topic("+/b"), c.topic("c/#")}
		grants, err := client.Subscribe(c.ctx, c.wants(filters...)...)
		require.NoError(c, err)
		require.Len(c, grants, len(filters))
		for i, g := range grants {
			require.Equal(c, filters[i], g.Filter)
			require.Equal(c, c.qos, g.QoS)
			require.Equal(c, codec.ReasonCode(c.qos), g.Code)
		}
	})
}

func TestUnsubscribedIsSilent(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		client := c.connect(c.config())
		c.subscribe(client, c.topic("a"), c.topic("b"))
		publisher := c.connect(c.config())
		c.publish(publisher, c.topic("a"), "before")
		require.Equal(c, "before", string(c.next(client.Messages()).Payload))

		require.NoError(c, client.Unsubscribe(c.ctx, c.topic("a")))
		c.publish(publisher, c.topic("a"), "between")
		c.publish(publisher, c.topic("b"), "other")
		require.Equal(c, "other", string(c.next(client.Messages()).Payload))

		c.subscribe(client, c.topic("a"))
		c.publish(publisher, c.topic("a"), "after")
		require.Equal(c, "after", string(c.next(client.Messages()).Payload))
	})
}

func TestUnsubscribeSaysWhatTheServerSaid(t *testing.T) { // §3.11.3
	matrix{qos: once}.run(t, func(c *cell) {
		client := c.connect(c.config())
		c.subscribe(client, c.topic("held"))
		codes, err := client.UnsubscribeWith(c.ctx, mqtt.Unsubscription{Filters: []string{c.topic("held"), c.topic("never")}})
		require.NoError(c, err)
		want := []mqtt.ReasonCode{codec.Success, codec.NoSubscriptionExisted}
		if c.version != mqtt.V5 {
			want[1] = codec.Success
		}
		require.Equal(c, want, codes)
	})
}

func TestNoLocalKeepsOwnMessagesAway(t *testing.T) { // §3.8.3.1
	matrix{versions: v5, qos: once}.run(t, func(c *cell) {
		client := c.connect(c.config())
		_, err := client.Subscribe(c.ctx, mqtt.Subscription{Filter: c.topic("a"), QoS: c.qos, NoLocal: true})
		require.NoError(c, err)
		c.publish(client, c.topic("a"), "own")
		c.settle(client)
		c.publish(c.connect(c.config()), c.topic("a"), "other's")
		require.Equal(c, "other's", string(c.next(client.Messages()).Payload))
	})
}

func TestSharedSubscriptionSpreadsMessages(t *testing.T) { // §4.8.2
	matrix{places: mosquittos, versions: v5}.run(t, func(c *cell) {
		const n = 300
		all := make(chan *mqtt.Received)
		counts := make(chan int, 3)
		for range 3 {
			member := c.connect(c.config())
			c.subscribe(member, "$share/workers/"+c.topic("jobs"))
			go func() { // until the client's end
				took := 0
				for m := range member.Messages() {
					took++
					all <- m
				}
				counts <- took
			}()
			c.Cleanup(func() { member.Abort() })
		}
		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("jobs"), 0, n))
		require.ElementsMatch(c, numbers(0, n), payloads(c.take(all, n)))
		_ = counts
	})
}

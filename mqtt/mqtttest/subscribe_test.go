package mqtttest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// ask sends SUBSCRIBE with one subscription, and gives the code of the answer.
func (c *client) ask(sub codec.Subscription, identifier uint32) codec.ReasonCode {
	c.t.Helper()
	p := &codec.Subscribe{PacketID: 60000, Subscriptions: []codec.Subscription{sub}}
	if identifier > 0 {
		p.Properties = &codec.SubscribeProperties{SubscriptionIdentifier: identifier}
	}
	c.send(p)
	return expect[*codec.SubAck](c).Codes[0]
}

func TestRetained(t *testing.T) { // §3.3.1.3
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		for _, topic := range []string{"b", "a", "c"} {
			p := publish(1, 1, topic, "kept "+topic)
			p.Retain = true
			c.send(p)
			expect[*codec.PubAck](c)
		}
		clear := publish(0, 0, "c", "")
		clear.Retain = true
		c.send(clear)
		c.subscribe("+", 2)
		for _, topic := range []string{"a", "b"} {
			p := expect[*codec.Publish](c)
			require.Equal(t, topic, p.Topic, "in the order of the topics")
			require.Equal(t, "kept "+topic, string(p.Payload))
			require.True(t, p.Retain)
			require.Equal(t, codec.AtLeastOnce, p.QoS)
		}
		_, ok := b.Retained("c")
		require.False(t, ok)
		live := publish(0, 0, "a", "new")
		live.Retain = true
		c.send(live)
		require.False(t, expect[*codec.Publish](c).Retain, "it isn't old for this subscription")
		c.nothing()
	})
}

func TestRetainHandling(t *testing.T) { // §3.8.3.1
	for _, tc := range []struct {
		handling     byte
		first, again bool
	}{{0, true, true}, {1, true, false}, {2, false, false}} {
		synctest.Test(t, func(t *testing.T) {
			b := broker(t)
			require.NoError(t, b.Publish(codec.Publish{Topic: "a", Payload: []byte("x"), Retain: true}))
			c, _ := connect(t, b, codec.V5, "me")
			for _, want := range []bool{tc.first, tc.again} {
				require.Equal(t, codec.Success, c.ask(codec.Subscription{Filter: "#", RetainHandling: tc.handling}, 0))
				if want {
					expect[*codec.Publish](c)
				}
				c.nothing()
			}
		})
	}
}

func TestRetainAsPublished(t *testing.T) { // §3.8.3.1
	b := broker(t)
	c, _ := connect(t, b, codec.V5, "me")
	for _, as := range []bool{true, false} {
		require.Equal(t, codec.Success, c.ask(codec.Subscription{Filter: "a", RetainAsPublished: as, RetainHandling: 2}, 0))
		require.NoError(t, b.Publish(codec.Publish{Topic: "a", Payload: []byte("x"), Retain: true}))
		require.Equal(t, as, expect[*codec.Publish](c).Retain)
		require.NoError(t, b.Publish(codec.Publish{Topic: "a", Payload: []byte("x")}))
		require.False(t, expect[*codec.Publish](c).Retain)
	}
}

func TestNoLocal(t *testing.T) { // §3.8.3.1
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me")
		require.Equal(t, codec.Success, c.ask(codec.Subscription{Filter: "a", NoLocal: true}, 0))
		c.send(publish(0, 0, "a", "own"))
		c.nothing()
		require.NoError(t, b.Publish(codec.Publish{Topic: "a", Payload: []byte("foreign")}))
		require.Equal(t, "foreign", string(expect[*codec.Publish](c).Payload))
	})
}

func TestOverlappingSubscriptionsGetOneCopy(t *testing.T) { // §3.3.4
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me")
		c.ask(codec.Subscription{Filter: "a/#", QoS: 1}, 7)
		c.ask(codec.Subscription{Filter: "a/+", QoS: 2}, 300)
		c.ask(codec.Subscription{Filter: "a/b", QoS: 0}, 0)
		require.NoError(t, b.Publish(*publish(2, 0, "a/b", "x")))
		p := expect[*codec.Publish](c)
		require.Equal(t, codec.ExactlyOnce, p.QoS)
		require.Equal(t, []uint32{7, 300}, p.Properties.SubscriptionIdentifiers)
		c.nothing()
	})
}

func TestSubscriptionIsReplacedAndEnds(t *testing.T) { // §3.8.4, §3.10.4
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		c.subscribe("a", 0)
		c.subscribe("b", 1)
		c.subscribe("a", 2)
		require.Equal(t, []codec.Subscription{{Filter: "a", QoS: 2}, {Filter: "b", QoS: 1}}, b.Subscriptions("me"))
		c.send(&codec.Unsubscribe{PacketID: 3, Filters: []string{"a", "x"}})
		answer := expect[*codec.UnsubAck](c)
		require.EqualValues(t, 3, answer.PacketID)
		if v == codec.V5 {
			require.Equal(t, []codec.ReasonCode{codec.Success, codec.NoSubscriptionExisted}, answer.Codes)
		}
		require.NoError(t, b.Publish(*publish(2, 0, "a", "x")))
		c.nothing()
		require.Len(t, b.Subscriptions("me"), 1)
	})
}

func TestSubscriptionsThatAreRefused(t *testing.T) { // §3.9.3
	no := new(false)
	for _, tc := range []struct {
		name       string
		config     mqtttest.BrokerConfig
		filter     string
		identifier uint32
		want       codec.ReasonCode
	}{
		{"shared (§4.8.2)", mqtttest.BrokerConfig{}, "$share/g/a", 0, codec.SharedSubscriptionsNotSupported},
		{"wildcard (§3.2.2.3.11)", mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{WildcardSubscriptionAvailable: no}},
			"a/+", 0, codec.WildcardSubscriptionsNotSupported},
		{"identifier (§3.2.2.3.12)", mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{SubscriptionIdentifiersAvailable: no}},
			"a", 1, codec.SubscriptionIdentifiersNotSupported},
		{"not authorised", mqtttest.BrokerConfig{Authorize: func(id, topic string, publish bool) codec.ReasonCode {
			if id == "me" && topic == "secret" && !publish {
				return codec.NotAuthorized
			}
			return codec.Success
		}}, "secret", 0, codec.NotAuthorized},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := broker(t, tc.config)
			c, _ := connect(t, b, codec.V5, "me")
			require.Equal(t, codec.Success, c.ask(codec.Subscription{Filter: "fine"}, 0))
			require.Equal(t, tc.want, c.ask(codec.Subscription{Filter: tc.filter}, tc.identifier))
			require.Len(t, b.Subscriptions("me"), 1)
		})
	}
}

func TestRefusedSubscriptionOn3(t *testing.T) { // §3.9.3
	for v, want := range map[codec.Version]codec.ReasonCode{codec.V31: codec.GrantedQoS1, codec.V311: codec.UnspecifiedError} {
		b := broker(t, mqtttest.BrokerConfig{Authorize: func(string, string, bool) codec.ReasonCode { return codec.NotAuthorized }})
		c, _ := connect(t, b, v, "me")
		require.Equal(t, want, c.ask(codec.Subscription{Filter: "a", QoS: 1}, 0))
		require.Empty(t, b.Subscriptions("me"))
	}
}

func TestShareIsAnOrdinaryFilterOn3(t *testing.T) { // §4.8.2
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V311, "me")
		c.subscribe("$share/g/+", 0)
		require.NoError(t, b.Publish(*publish(0, 0, "$share/g/a", "x")))
		expect[*codec.Publish](c)
		require.NoError(t, b.Publish(*publish(0, 0, "a", "x")))
		c.nothing()
	})
}

func TestMessageExpiryCountsDown(t *testing.T) { // §3.3.2.3.3
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me", durable)
		c.subscribe("#", 1)
		c.conn.Close()
		synctest.Wait()
		for _, s := range []uint32{10, 60} {
			require.NoError(t, b.Publish(codec.Publish{Topic: "a", QoS: 1, Retain: true, Payload: []byte("x"),
				Properties: &codec.PublishProperties{MessageExpiryInterval: new(s)}}))
		}
		time.Sleep(10 * time.Second)
		c, _ = connect(t, b, codec.V5, "me", durable)
		p := expect[*codec.Publish](c)
		require.EqualValues(t, 50, *p.Properties.MessageExpiryInterval)
		c.nothing()
		_, ok := b.Retained("a")
		require.False(t, ok)
		c.subscribe("a", 1)
		c.nothing()
	})
}

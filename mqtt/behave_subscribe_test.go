package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestSubscribe(t *testing.T) {
	both(t, "B159 a single filter has QoS 0 by default, and no option set", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribing(mqtt.Subscription{Filter: "a/b"})
		raw, err := conn.ReadRaw(soon(t))
		require.NoError(t, err)
		require.Equal(t, byte(0x82), raw[0])
		require.Equal(t, append([]byte("\x00\x03a/b"), 0), raw[len(raw)-6:])
	})
	both(t, "B160 a list of filters is one SUBSCRIBE, in order", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "c"}, mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"})
		require.Equal(t, []string{"c", "a", "b"}, filtersOf(grant(t, conn)))
		require.NoError(t, (<-done).err)
	})
	both(t, "B161 each filter has its own QoS", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b", QoS: 1}, mqtt.Subscription{Filter: "c", QoS: 2})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, []codec.Subscription{{Filter: "a"}, {Filter: "b", QoS: 1}, {Filter: "c", QoS: 2}}, p.Subscriptions)
	})
	bubble(t, "B161 each filter has its own options", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.subscribing(
			mqtt.Subscription{Filter: "a", NoLocal: true}, mqtt.Subscription{Filter: "b", RetainAsPublished: true},
			mqtt.Subscription{Filter: "c", RetainHandling: mqtt.RetainDontSend})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, []codec.Subscription{
			{Filter: "a", NoLocal: true}, {Filter: "b", RetainAsPublished: true}, {Filter: "c", RetainHandling: 2},
		}, p.Subscriptions)
	})
	both(t, "B163 completion on SUBACK, with what was granted to each filter", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := begin(func() ([]mqtt.Grant, error) {
			return s.client.Subscribe(soon(t), mqtt.Subscription{Filter: "a", QoS: 2}, mqtt.Subscription{Filter: "b", QoS: 1})
		})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.ExpectNothing(t, time.Second)
		require.Empty(t, done)
		send(t, conn, grantOf(p, codec.GrantedQoS2, codec.GrantedQoS0))
		r := <-done
		require.NoError(t, r.err)
		require.Equal(t, []mqtt.Grant{{Filter: "a", QoS: 2, Code: 2}, {Filter: "b"}}, r.value)
	})
	bubble(t, "B163 the words of the SUBACK come with the grants", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(mqtt.Subscription{Filter: "a"})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		ack := grantOf(p)
		ack.Properties = &codec.ReasonProperties{ReasonString: "welcome", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}
		send(t, conn, ack)
		require.Equal(t, []mqtt.Grant{{Filter: "a", ReasonString: "welcome", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}},
			(<-done).value)
	})
	both(t, "B168 subscribing the same again doesn't report success before a SUBACK", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		first := s.subscribing(mqtt.Subscription{Filter: "a"})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		second := s.subscribing(mqtt.Subscription{Filter: "a"})
		again := mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Empty(t, first)
		require.Empty(t, second)
		send(t, conn, grantOf(p), grantOf(again))
		require.NoError(t, (<-first).err)
		require.NoError(t, (<-second).err)
	})
	both(t, "B170 with a batch of two, three filters are two packets and one result in order", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, SubscribeBatch: 2})
		done := s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b", QoS: 1}, mqtt.Subscription{Filter: "c", QoS: 2})
		one, two := mqtttest.Expect[*codec.Subscribe](t, conn), mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, []string{"a", "b"}, filtersOf(one))
		require.Equal(t, []string{"c"}, filtersOf(two))
		send(t, conn, grantOf(two))
		conn.ExpectNothing(t, time.Second)
		require.Empty(t, done)
		send(t, conn, grantOf(one))
		require.Equal(t, []mqtt.Grant{{Filter: "a"}, {Filter: "b", QoS: 1, Code: 1}, {Filter: "c", QoS: 2, Code: 2}}, (<-done).value)
	})
	both(t, "B171 a filter beyond ASCII", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "中国/+"})
		require.Equal(t, []string{"中国/+"}, filtersOf(grant(t, conn)))
		require.Equal(t, "中国/+", (<-done).value[0].Filter)
	})
	bubble(t, "B172 the Subscription Identifier and User Properties are in the packet", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.subscribing(mqtt.Subscription{Filter: "a", Identifier: 268, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}})
		require.Equal(t, &codec.SubscribeProperties{SubscriptionIdentifier: 268, UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}},
			mqtttest.Expect[*codec.Subscribe](t, conn).Properties)
	})
	bubble(t, "B172 filters whose identifiers differ leave in packets of their own", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(
			mqtt.Subscription{Filter: "a", Identifier: 1}, mqtt.Subscription{Filter: "b", Identifier: 1}, mqtt.Subscription{Filter: "c", Identifier: 2})
		one, two := grant(t, conn), grant(t, conn)
		require.Equal(t, []string{"a", "b"}, filtersOf(one))
		require.Equal(t, uint32(1), one.Properties.SubscriptionIdentifier)
		require.Equal(t, uint32(2), two.Properties.SubscriptionIdentifier)
		require.Len(t, (<-done).value, 3)
	})
	both(t, "B173 a lower QoS than asked is success; what is asked again is what was asked first", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 2})
		grant(t, conn, codec.GrantedQoS1)
		r := <-done
		require.NoError(t, r.err)
		require.Equal(t, mqtt.AtLeastOnce, r.value[0].QoS)
		conn.Close()
		require.Equal(t, codec.ExactlyOnce, grant(t, s.accept()).Subscriptions[0].QoS)
	})
	both(t, "B174 a higher QoS is sent, a lower one doesn't lower it", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		s.subscribing(mqtt.Subscription{Filter: "a", QoS: 2})
		require.Equal(t, codec.ExactlyOnce, grant(t, conn).Subscriptions[0].QoS)
		lower := s.subscribing(mqtt.Subscription{Filter: "a"})
		require.Equal(t, codec.ExactlyOnce, grant(t, conn).Subscriptions[0].QoS)
		require.NoError(t, (<-lower).err)
		conn.Close()
		require.Equal(t, codec.ExactlyOnce, grant(t, s.accept()).Subscriptions[0].QoS)
	})
	both(t, "B175 unsubscribed, then subscribed again, sends a new SUBSCRIBE with the QoS asked now", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.ExactlyOnce)
		gone := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		release(t, conn)
		require.NoError(t, <-gone)
		s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		require.Equal(t, []codec.Subscription{{Filter: "a", QoS: 1}}, mqtttest.Expect[*codec.Subscribe](t, conn).Subscriptions)
	})
	bubble(t, "B179 a change of options alone sends a SUBSCRIBE", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1, NoLocal: true})
		require.Equal(t, []codec.Subscription{{Filter: "a", QoS: 1, NoLocal: true}}, grant(t, conn).Subscriptions)
		s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1, RetainAsPublished: true})
		require.Equal(t, []codec.Subscription{{Filter: "a", QoS: 1, RetainAsPublished: true}}, grant(t, conn).Subscriptions)
	})
	both(t, "B081 subscribed before connecting, sent after CONNACK", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		conn := s.connect()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		require.NoError(t, (<-done).err)
		conn.ExpectNothing(t, time.Second)
	})
}

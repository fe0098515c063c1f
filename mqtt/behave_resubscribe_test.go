package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestResubscribe(t *testing.T) {
	for name, cfg := range map[string]mqtt.Config{
		"5.0, session of the connection": {Session: mqtt.SessionConnection}, "3.1.1, session of the client": {Version: mqtt.V311},
	} {
		bubble(t, "B181 clean session: all filters that are active are subscribed again: "+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			s.subscribe(conn, "a", mqtt.AtMostOnce)
			s.subscribe(conn, "b", mqtt.AtLeastOnce)
			s.subscribe(conn, "c", mqtt.ExactlyOnce)
			gone := later(func() error { return s.client.Unsubscribe(soon(t), "b") })
			release(t, conn)
			require.NoError(t, <-gone)
			conn.Close()
			conn = s.accept()
			require.Equal(t, []codec.Subscription{{Filter: "a"}, {Filter: "c", QoS: 2}}, grant(t, conn).Subscriptions)
			conn.ExpectNothing(t, time.Second)
		})
	}
	for name, cfg := range map[string]mqtt.Config{
		"5.0, session of the client": {}, "5.0, durable": {Session: mqtt.SessionDurable, ClientID: "c"},
		"3.1.1, durable": {Version: mqtt.V311, Session: mqtt.SessionDurable, ClientID: "c"},
	} {
		bubble(t, "B182 kept session that the server has lost: subscribed again: "+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			s.subscribe(conn, "a", mqtt.AtLeastOnce)
			conn.Close()
			conn = s.accept()
			require.Equal(t, []codec.Subscription{{Filter: "a", QoS: 1}}, grant(t, conn).Subscriptions)
			conn.ExpectNothing(t, time.Second)
		})
		bubble(t, "B183 session present: nothing is subscribed again: "+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			s.subscribe(conn, "a", mqtt.AtLeastOnce)
			conn.Close()
			s.resume().ExpectNothing(t, time.Second)
		})
		bubble(t, "B182 lost after it was present: subscribed again: "+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			s.subscribe(conn, "a", mqtt.AtLeastOnce)
			conn.Close()
			s.resume().Close()
			require.Equal(t, []string{"a"}, filtersOf(grant(t, s.accept())))
		})
	}
	bubble(t, "B183 a first connection whose session is there: what was declared is subscribed, for nobody knows what it has", func(t *testing.T) {
		s := idle(t, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "c"})
		s.declare("a")
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
	})
	both(t, "B184 with NoResubscribe nothing is subscribed again, now or later", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, NoResubscribe: true})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		conn.Close()
		conn = s.accept()
		conn.ExpectNothing(t, time.Second)
		s.subscribe(conn, "b", mqtt.AtLeastOnce)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	both(t, "B184 with NoResubscribe Config.Subscriptions are subscribed once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, NoResubscribe: true, Subscriptions: []mqtt.Subscription{{Filter: "a"}}})
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	both(t, "B185 a filter that was refused is not subscribed again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"})
		grant(t, conn, codec.GrantedQoS0, codec.UnspecifiedError)
		require.Error(t, (<-done).err)
		conn.Close()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, s.accept())))
	})
	bubble(t, "B186 options, identifier and User Properties are repeated", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1, NoLocal: true, RetainAsPublished: true,
			RetainHandling: mqtt.RetainSendIfNew, Identifier: 7, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}})
		first := grant(t, conn)
		require.NoError(t, (<-done).err)
		conn.Close()
		again := grant(t, s.accept())
		first.PacketID, again.PacketID = 0, 0
		require.Equal(t, first, again)
	})
	for name, session := range map[string]codec.ConnAck{"session kept": {SessionPresent: true}, "session lost": {}} {
		bubble(t, "B187 lost between SUBSCRIBE and SUBACK: asked for again exactly once, and the call completes: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			done := s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b", QoS: 1})
			mqtttest.Expect[*codec.Subscribe](t, conn)
			conn.Close()
			conn = s.accept(session)
			require.Equal(t, []codec.Subscription{{Filter: "a"}, {Filter: "b", QoS: 1}}, grant(t, conn).Subscriptions)
			require.Len(t, (<-done).value, 2)
			conn.ExpectNothing(t, time.Second)
		})
	}
	both(t, "B187 lost between SUBSCRIBE and SUBACK, with others active: each asked for once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		done := s.subscribing(mqtt.Subscription{Filter: "b"})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.Close()
		conn = s.accept()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		require.NoError(t, (<-done).err)
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "B059 four connections die on the SUBSCRIBE: the fifth has one, and the call completes once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "a"})
		for range 4 {
			mqtttest.Expect[*codec.Subscribe](t, conn)
			conn.Reset()
			conn = s.accept()
		}
		grant(t, conn)
		require.NoError(t, (<-done).err)
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "B188 an identifier is forgotten with its SUBACK: a second one means nothing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "a"})
		p := grant(t, conn)
		require.NoError(t, (<-done).err)
		send(t, conn, grantOf(p, codec.UnspecifiedError))
		conn.ExpectNothing(t, time.Second)
		conn.Close()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, s.accept())))
	})
	bubble(t, "B188 SUBSCRIBE calls over more than all identifiers leave none taken", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{SubscribeBatch: 1})
		var subs []mqtt.Subscription
		for range 1000 {
			subs = append(subs, mqtt.Subscription{Filter: "a"})
		}
		for range 70 {
			done := s.subscribing(subs...)
			for range subs {
				grant(t, conn)
			}
			require.NoError(t, (<-done).err)
		}
	})
}

func TestResubscribeTogether(t *testing.T) {
	bubble(t, "B189 on 3.1.1 one SUBSCRIBE has all filters", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		s.subscribe(conn, "b", mqtt.AtLeastOnce)
		s.subscribe(conn, "c", mqtt.ExactlyOnce)
		conn.Close()
		require.Equal(t, []string{"a", "b", "c"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, s.accept())))
	})
	bubble(t, "B189 on 3.1.1 as many filters as the batch has go together", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, SubscribeBatch: 2})
		for _, filter := range []string{"a", "b", "c"} {
			s.subscribe(conn, filter, mqtt.AtMostOnce)
		}
		conn.Close()
		conn = s.accept()
		require.Equal(t, []string{"a", "b"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, conn)))
		require.Equal(t, []string{"c"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, conn)))
	})
	bubble(t, "B189 on 5.0 filters whose properties differ leave in packets of their own", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		for i, filter := range []string{"a", "b", "c"} {
			done := s.subscribing(mqtt.Subscription{Filter: filter, Identifier: uint32(max(i, 1))})
			grant(t, conn)
			require.NoError(t, (<-done).err)
		}
		conn.Close()
		conn = s.accept()
		one, two := mqtttest.Expect[*codec.Subscribe](t, conn), mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, []string{"a", "b"}, filtersOf(one))
		require.Equal(t, uint32(1), one.Properties.SubscriptionIdentifier)
		require.Equal(t, []string{"c"}, filtersOf(two))
		require.Equal(t, uint32(2), two.Properties.SubscriptionIdentifier)
	})
	bubble(t, "B189 a SUBSCRIBE is no larger than the server takes (§3.1.2.11.4)", func(t *testing.T) {
		limit := codec.ConnAck{Properties: &codec.ConnAckProperties{MaximumPacketSize: 100}}
		s, conn := up(t, mqtt.Config{}, limit)
		long := []string{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccccccccccccccccccc"}
		for _, filter := range long {
			s.subscribe(conn, filter, mqtt.AtMostOnce)
		}
		conn.Close()
		conn = s.accept(limit)
		var filters []string
		for len(filters) < len(long) {
			raw, err := conn.ReadRaw(soon(t))
			require.NoError(t, err)
			require.LessOrEqual(t, len(raw), 100)
			p := new(codec.Subscribe)
			d := codec.Dialect{Version: codec.V5, From: codec.FromClient}
			f, _, err := codec.Next(raw, d, 0)
			require.NoError(t, err)
			require.NoError(t, p.Decode(f, d))
			filters = append(filters, filtersOf(p)...)
		}
		require.Equal(t, long, filters)
	})
	both(t, "B190 a filter that a new connection refuses is told, and asked for no more", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		s.subscribe(conn, "b", mqtt.AtLeastOnce)
		conn.Close()
		conn = s.accept()
		grant(t, conn, codec.UnspecifiedError, codec.GrantedQoS1)
		conn.ExpectNothing(t, time.Second)
		all := events(s.client)
		told, ok := all[len(all)-1].(mqtt.EventSubscription)
		require.True(t, ok, "%v", kinds(all))
		require.Equal(t, mqtt.Grant{Filter: "a", Code: codec.UnspecifiedError}, told.Grant)
		conn.Close()
		require.Equal(t, []string{"b"}, filtersOf(grant(t, s.accept())))
	})
	noWildcards := announcing(codec.ConnAckProperties{WildcardSubscriptionAvailable: new(false)})
	bubble(t, "B190 a filter that a new connection's CONNACK rules out is told, and asked for no more", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.subscribe(conn, "a/+", mqtt.AtLeastOnce)
		s.subscribe(conn, "b", mqtt.AtLeastOnce)
		conn.Close()
		conn = s.accept(noWildcards)
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		all := events(s.client)
		told, ok := all[len(all)-1].(mqtt.EventSubscription)
		require.True(t, ok, "%v", kinds(all))
		require.Equal(t, mqtt.Grant{Filter: "a/+", Code: codec.WildcardSubscriptionsNotSupported}, told.Grant)
		conn.Close()
		require.Equal(t, []string{"b"}, filtersOf(grant(t, s.accept())))
	})
	bubble(t, "B187 what had no answer yet, and a new connection's CONNACK rules out, isn't asked for again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(mqtt.Subscription{Filter: "a/+"}, mqtt.Subscription{Filter: "b"})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.Close()
		require.Equal(t, []string{"b"}, filtersOf(grant(t, s.accept(noWildcards))))
		require.ErrorIs(t, (<-done).err, codec.WildcardSubscriptionsNotSupported)
	})
	both(t, "B191 with AwaitResubscribe what is published waits for the SUBACK", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, AwaitResubscribe: true})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		conn.Close()
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "offline")))
		conn = s.accept()
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "online")))
		conn.ExpectNothing(t, time.Second)
		send(t, conn, grantOf(p))
		require.Equal(t, "offline", string(mqtttest.Expect[*codec.Publish](t, conn).Payload))
		require.Equal(t, "online", string(mqtttest.Expect[*codec.Publish](t, conn).Payload))
	})
	both(t, "B191 without it, the SUBSCRIBE leaves first, and nothing waits", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		conn.Close()
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "offline")))
		conn = s.accept()
		mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, "offline", string(mqtttest.Expect[*codec.Publish](t, conn).Payload))
	})
}

func TestResubscribeMoreThanThereArePacketIdentifiers(t *testing.T) {
	bubble(t, "more filters than there are Packet Identifiers are restored, and what waits behind them leaves", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		const each = 33_000
		for _, prefix := range []string{"a", "b"} {
			subs := make([]mqtt.Subscription, each)
			for i := range subs {
				subs[i].Filter = prefix + numbered(i)
			}
			done := s.subscribing(subs...)
			grant(t, conn)
			require.NoError(t, (<-done).err)
		}
		conn.Close()
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "behind")))
		conn = s.accept()
		for n := 0; n < 2*each; {
			n += len(grant(t, conn).Subscriptions)
		}
		expectPayload(t, conn, "behind")
	})
}

package mqtt_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestContract9(t *testing.T) {
	both(t, "Contract9 Subscribe, Declare and Config.Subscriptions make a filter wanted", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Subscriptions: []mqtt.Subscription{{Filter: "a"}}})
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		s.subscribe(conn, "b", mqtt.AtMostOnce)
		s.stream(conn, "c")
		conn.Close()
		var filters []string
		for _, sub := range grantAll(t, s.accept(), 0, 0, 0) {
			filters = append(filters, sub.Filter)
		}
		require.Equal(t, []string{"a", "b", "c"}, filters)
	})
	both(t, "Contract9 one subscription for all who want it: the highest QoS, the last options", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.stream(conn, "a") // QoS 2
		retained := v == mqtt.V5
		s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1, RetainAsPublished: retained})
		want := []codec.Subscription{{Filter: "a", QoS: 2, RetainAsPublished: retained}}
		require.Equal(t, want, grant(t, conn).Subscriptions)
		conn.Close()
		conn = s.accept()
		require.Equal(t, want, grant(t, conn).Subscriptions)
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "Contract9 UNSUBSCRIBE leaves when nobody wants it any more", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		one, _ := s.stream(conn, "a")
		two, _ := s.stream(conn, "a")
		s.subscribe(conn, "a", mqtt.ExactlyOnce)
		require.NoError(t, s.client.Unsubscribe(soon(t), "a"))
		require.NoError(t, one.Close(soon(t)))
		conn.ExpectNothing(t, time.Second)
		done := later(func() error { return two.Close(soon(t)) })
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
		require.NoError(t, <-done)
	})
	both(t, "Contract9 Unsubscribe doesn't take a filter from a stream", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.stream(conn, "a")
		require.NoError(t, s.client.Unsubscribe(soon(t), "a"))
		conn.ExpectNothing(t, time.Second)
		conn.Close()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, s.accept())))
	})
	both(t, "Contract9 a call whose context ends before its packet left had no effect", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "b", mqtt.AtMostOnce)
		conn.Close()
		synctest.Wait()
		short := closing(t, 100*time.Millisecond)
		sub := later(func() error {
			_, err := s.client.Subscribe(short, mqtt.Subscription{Filter: "a"})
			return err
		})
		unsub := later(func() error { return s.client.Unsubscribe(short, "b") })
		for _, done := range []<-chan error{sub, unsub} {
			err := <-done
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, mqtt.ErrNotSent)
		}
		conn = s.accept()
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "Contract9 a context that is over before the call asks for nothing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		_, err := s.client.Subscribe(over(), mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, s.client.Unsubscribe(over(), "a"), context.Canceled)
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "Contract9 a call whose context ends later is unsubscribed as soon as the answer is there", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		_, err := s.client.Subscribe(closing(t, time.Second), mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, mqtt.ErrNotSent)
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.ExpectNothing(t, time.Second)
		send(t, conn, grantOf(p, codec.GrantedQoS0, codec.UnspecifiedError))
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	both(t, "Contract9 but not what somebody else wanted before", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		s.client.Subscribe(closing(t, time.Second), mqtt.Subscription{Filter: "a", QoS: 1})
		grant(t, conn)
		conn.ExpectNothing(t, time.Second)
		conn.Close()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, s.accept())))
	})
	both(t, "Contract9 nor what another call has wanted since", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.client.Subscribe(closing(t, time.Second), mqtt.Subscription{Filter: "a"})
		first := mqtttest.Expect[*codec.Subscribe](t, conn)
		second := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		send(t, conn, grantOf(first), grantOf(mqtttest.Expect[*codec.Subscribe](t, conn)))
		require.NoError(t, (<-second).err)
		conn.ExpectNothing(t, time.Second)
		conn.Close()
		require.Equal(t, []string{"a"}, filtersOf(grant(t, s.accept())))
	})
	both(t, "Contract9 given up, and the connection lost before the answer: asked for no more", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.client.Subscribe(closing(t, time.Second), mqtt.Subscription{Filter: "a"})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.Close()
		conn = s.accept()
		for { // it may be asked for and taken back, or not at all
			p, err := conn.Read(closing(t, time.Second))
			if err != nil {
				break
			}
			switch p := p.(type) {
			case *codec.Subscribe:
				send(t, conn, grantOf(p))
			case *codec.Unsubscribe:
				send(t, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Filters))})
			}
		}
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	bubble(t, "Contract9 on a new connection: first what is sent again, then SUBSCRIBE, then the rest in call order", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		inFlight := later(func() error { return s.client.Publish(soon(t), message(mqtt.AtLeastOnce, "in flight")) })
		mqtttest.Expect[*codec.Publish](t, conn)
		lost := s.subscribing(mqtt.Subscription{Filter: "a"})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.Close()
		synctest.Wait()
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "offline")))
		s.declare("b")
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "last")))
		conn = s.resume()
		again := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, "in flight", string(again.Payload))
		send(t, conn, &codec.PubAck{PacketID: again.PacketID})
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		require.Equal(t, "offline", string(mqtttest.Expect[*codec.Publish](t, conn).Payload))
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		require.Equal(t, "last", string(mqtttest.Expect[*codec.Publish](t, conn).Payload))
		require.NoError(t, <-inFlight)
		require.NoError(t, (<-lost).err)
	})
	both(t, "Contract9 unsubscribed and subscribed again offline: subscribed once with what was asked last", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.ExactlyOnce)
		conn.Close()
		synctest.Wait()
		unsub := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		synctest.Wait()
		sub := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		synctest.Wait()
		conn = s.accept()
		release(t, conn, codec.Success)
		require.Equal(t, []codec.Subscription{{Filter: "a", QoS: 1}}, grant(t, conn).Subscriptions)
		require.NoError(t, <-unsub)
		require.NoError(t, (<-sub).err)
		conn.ExpectNothing(t, time.Second)
	})
	for name, cfg := range map[string]mqtt.Config{
		"when publishes wait for a connection": {Offline: mqtt.OfflineWait},
		"when publishes are rejected offline":  {Offline: mqtt.OfflineReject},
		"when the outbox is full":              {Outbox: mqtt.Bounds{Messages: 1}},
	} {
		bubble(t, "Contract9 Declare and Config.Subscriptions wait for nothing "+name, func(t *testing.T) {
			cfg.Subscriptions = []mqtt.Subscription{{Filter: "a"}}
			s := idle(t, cfg)
			for i := range 2 {
				later(func() error { return s.client.Publish(soon(t), message(mqtt.AtLeastOnce, strconv.Itoa(i))) })
			}
			synctest.Wait()
			start := time.Now()
			stream := s.declare("b")
			require.NoError(t, s.declare("c").Close(soon(t)))
			require.Equal(t, start, time.Now())
			conn := s.connect()
			var filters []string
			for len(filters) < 2 {
				switch p := within(t, time.Second, nextPacket(t, conn)).(type) {
				case *codec.Subscribe:
					filters = append(filters, filtersOf(p)...)
					send(t, conn, grantOf(p))
				case *codec.Publish:
					send(t, conn, &codec.PubAck{PacketID: p.PacketID})
				}
			}
			require.Equal(t, []string{"a", "b"}, filters)
			_, err := stream.Ready(soon(t))
			require.NoError(t, err)
		})
	}
}

// nextPacket gives the next packet.
func nextPacket(t *testing.T, conn *mqtttest.Conn) <-chan codec.Packet {
	c := make(chan codec.Packet, 1)
	go func() {
		if p, err := conn.Read(soon(t)); err == nil {
			c <- p
		}
	}()
	return c
}

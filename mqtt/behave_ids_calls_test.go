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

func TestCallsOfManyFilters(t *testing.T) {
	both(t, "B238 a call with as many filters as there are identifiers needs but one, and is restored in portions", func(t *testing.T, v mqtt.Version) {
		var subs []mqtt.Subscription
		var filters []string
		for i := range 65_535 {
			filters = append(filters, strconv.Itoa(i))
			subs = append(subs, mqtt.Subscription{Filter: filters[i]})
		}
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(subs...)
		require.Equal(t, filters, filtersOf(grant(t, conn)))
		require.NoError(t, (<-done).err)
		conn.Close()
		conn = s.accept()
		var restored []string
		for len(restored) < len(filters) {
			restored = append(restored, filtersOf(grant(t, conn))...)
		}
		require.Equal(t, filters, restored)
		gone := later(func() error { return s.client.Unsubscribe(soon(t), filters...) })
		require.Equal(t, filters, release(t, conn).Filters)
		require.NoError(t, <-gone)
	})
	bubble(t, "B238 Contract9 given up while it waited for identifiers: it had no effect", func(t *testing.T) {
		s, conn := exhausted(t)
		short := closing(t, time.Second)
		reply(t, conn, &codec.PubAck{PacketID: 1})
		subs := []mqtt.Subscription{{Filter: "a", Identifier: 1}, {Filter: "b", Identifier: 2}} // of two packets
		_, err := s.client.Subscribe(short, subs...)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, mqtt.ErrNotSent)
		for id := uint16(3); id < 100; id += 2 {
			reply(t, conn, &codec.PubAck{PacketID: id})
		}
		synctest.Wait()
		left := s.client.Stats().Out.InFlight
		require.Equal(t, 65_535-50, left)
		conn.Close()
		conn = s.dialled()
		conn.Pipe().In().SetSize(4 << 20)
		conn.Handshake(t, codec.ConnAck{SessionPresent: true})
		for range left {
			raw, err := conn.ReadRaw(t.Context())
			require.NoError(t, err)
			require.Equal(t, codec.TypePublish, codec.Type(raw[0]>>4))
		}
		quiet(t, conn)
	})
}

func TestWritesThatWereStuckOnAConnectionBefore(t *testing.T) {
	both(t, "Contract12 a write that was stuck on a connection before owes nothing on this one", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 4}, WriteTimeout: time.Hour, KeepAlive: -1, NoOfflineQoS0: true})
		c := s.client.Messages()
		flood(t, conn, 0, 1, 20)
		conn.Stall()
		for range 3 {
			require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, string(make([]byte, 60_000)))))
		}
		elapse(2 * time.Second)
		synctest.Wait()
		require.False(t, s.client.Stats().In.Held)
		conn.Reset()
		conn = s.accept()
		require.Equal(t, counting(1, 4), payloads(t, c, 4))
		dropped := s.client.Stats().In.Dropped
		flood(t, conn, 0, 1, 20)
		require.True(t, s.client.Stats().In.Held)
		require.Equal(t, counting(1, 20), payloads(t, c, 20))
		require.Equal(t, dropped, s.client.Stats().In.Dropped)
		quiet(t, conn)
	})
}

func TestPublishGivenUpBesideTheEnd(t *testing.T) {
	bubble(t, "Contract2 the context ends beside the client: what never left is not sent, and nothing goes on", func(t *testing.T) {
		for range 300 {
			client, err := mqtt.New(mqtt.Config{Dialer: mqtttest.NewServer()})
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			done := later(func() error { return client.Publish(ctx, message(mqtt.AtLeastOnce, "never")) })
			synctest.Wait()
			stop()
			client.Abort()
			requireOnly(t, <-done, mqtt.ErrNotSent)
		}
	})
}

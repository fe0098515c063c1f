package mqtt_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// askSubscribe and askUnsubscribe begin a call beside the test, and return when the client has it.
func (s *scene) askSubscribe(filter string) <-chan error {
	done := later(func() error {
		_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: filter})
		return err
	})
	synctest.Wait()
	return done
}

func (s *scene) askUnsubscribe(filter string) <-chan error {
	done := later(func() error { return s.client.Unsubscribe(s.Context(), filter) })
	synctest.Wait()
	return done
}

// takeSubscribe takes a SUBSCRIBE and grants it, takeUnsubscribe an UNSUBSCRIBE.
func takeSubscribe(t testing.TB, conn *mqtttest.Conn) *codec.Subscribe {
	t.Helper()
	p := expectNow[*codec.Subscribe](t, conn)
	reply(t, conn, &codec.SubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Subscriptions))})
	return p
}

func takeUnsubscribe(t testing.TB, conn *mqtttest.Conn) *codec.Unsubscribe {
	t.Helper()
	p := expectNow[*codec.Unsubscribe](t, conn)
	ack := &codec.UnsubAck{PacketID: p.PacketID}
	if conn.Version() == codec.V5 {
		ack.Codes = make([]codec.ReasonCode, len(p.Filters))
	}
	reply(t, conn, ack)
	return p
}

func TestOffline(t *testing.T) {
	both(t, "B081 publish, subscribe and unsubscribe before Connect are sent after CONNACK", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		d := s.async(mqtt.AtLeastOnce, "hi")
		subscribed := s.askSubscribe("x")
		unsubscribed := s.askUnsubscribe("y")
		conn := s.connect()
		finish(t, conn, expectPayload(t, conn, "hi"))
		takeSubscribe(t, conn)
		takeUnsubscribe(t, conn)
		require.NoError(t, outcomeOf(t, d))
		require.NoError(t, <-subscribed)
		require.NoError(t, <-unsubscribed)
	})
	both(t, "B082 a QoS 0 message is queued and sent, and its call completes", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "one")))
		d := s.async(mqtt.AtMostOnce, "two")
		openDelivery(t, d)
		conn := s.connect()
		expectPayload(t, conn, "one")
		expectPayload(t, conn, "two")
		require.NoError(t, outcomeOf(t, d))
	})
	both(t, "B083 without queueing of QoS 0 the publish fails at once, and nothing is sent later", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, NoOfflineQoS0: true})
		err := s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "never"))
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, mqtt.ErrNotConnected)
		_, err = s.client.PublishAsync(t.Context(), message(mqtt.AtMostOnce, "never"))
		require.ErrorIs(t, err, mqtt.ErrNotConnected)
		conn := s.connect()
		quiet(t, conn)
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "online")))
		expectPayload(t, conn, "online")
		conn.Close()
		synctest.Wait()
		require.ErrorIs(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "never")), mqtt.ErrNotConnected)
	})
	both(t, "B084 without queueing of QoS 0 all else is queued", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, NoOfflineQoS0: true})
		s.async(mqtt.AtLeastOnce, "one")
		s.async(mqtt.ExactlyOnce, "two")
		s.askSubscribe("x")
		s.askUnsubscribe("y")
		conn := s.connect()
		expectPayload(t, conn, "one")
		expectPayload(t, conn, "two")
		takeSubscribe(t, conn)
		takeUnsubscribe(t, conn)
	})
	both(t, "B085 a retained QoS 0 message keeps its flag, and completes with its write", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		d := s.asyncMessage(mqtt.Message{Topic: "a/b", Payload: []byte("hi"), Retain: true})
		openDelivery(t, d)
		require.True(t, expectPayload(t, s.connect(), "hi").Retain)
		require.NoError(t, outcomeOf(t, d))
	})
	both(t, "B087 what was called offline leaves in the order of the calls", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		offlineInOrder(t, s, func() *mqtttest.Conn { return s.connect() })
	})
	both(t, "B087 also between two connections", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		conn.Close()
		synctest.Wait()
		offlineInOrder(t, s, s.resume)
	})
}

// offlineInOrder calls of each kind, connects, and looks for their order.
func offlineInOrder(t *testing.T, s *scene, connect func() *mqtttest.Conn) {
	t.Helper()
	s.askSubscribe("x")
	s.async(mqtt.AtMostOnce, "0a")
	s.async(mqtt.AtLeastOnce, "1a")
	s.async(mqtt.AtMostOnce, "0b")
	s.askUnsubscribe("x")
	s.async(mqtt.ExactlyOnce, "2a")
	s.async(mqtt.AtLeastOnce, "1b")
	s.async(mqtt.AtMostOnce, "0c")
	conn := connect()
	takeSubscribe(t, conn)
	expectPayload(t, conn, "0a")
	expectPayload(t, conn, "1a")
	expectPayload(t, conn, "0b")
	takeUnsubscribe(t, conn)
	expectPayload(t, conn, "2a")
	expectPayload(t, conn, "1b")
	expectPayload(t, conn, "0c")
}

func TestOfflineCancelled(t *testing.T) {
	for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("B090 the context ends while it is queued: taken back, and never sent, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v})
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			err := s.client.Publish(ctx, message(q, "never"))
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			quiet(t, s.connect())
			require.Equal(t, mqtt.OutStats{Admitted: 1, NotSent: 1}, s.client.Stats().Out)
		})
		both(t, fmt.Sprintf("B090 the context ends when it is on the wire: only the waiting ends, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			ctx, stop := context.WithCancel(t.Context())
			done := later(func() error { return s.client.Publish(ctx, message(q, "hi")) })
			p := expectPayload(t, conn, "hi")
			stop()
			var open *mqtt.InFlightError
			require.ErrorAs(t, <-done, &open)
			finish(t, conn, p)
			require.NoError(t, outcomeOf(t, open.Delivery))
		})
		bubble(t, fmt.Sprintf("B090 the context ends behind a closed window: taken back, and never sent, QoS %d", q), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{MaxInFlight: 1})
			_, p := s.inFlight(conn, mqtt.AtLeastOnce, "first")
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			requireOnly(t, s.client.Publish(ctx, message(q, "never")), mqtt.ErrNotSent)
			finish(t, conn, p)
			quiet(t, conn)
		})
	}
}

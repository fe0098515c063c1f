package mqtt_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// expiring makes a message that expires after d.
func expiring(q mqtt.QoS, payload string, d time.Duration) mqtt.Message {
	m := message(q, payload)
	m.Properties = &mqtt.PublishProperties{MessageExpiryInterval: &d}
	return m
}

func TestPublishExpiry(t *testing.T) {
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		bubble(t, fmt.Sprintf("B089 queued beyond its expiry: ended at that moment with a typed error, and never sent, QoS %d", q), func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			d := s.asyncMessage(expiring(q, "never", 5*time.Second))
			time.Sleep(5*time.Second - time.Nanosecond)
			openDelivery(t, d)
			time.Sleep(time.Nanosecond)
			require.True(t, isClosed(d.Done()))
			requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
			require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrExpired)
			quiet(t, s.connect())
		})
		bubble(t, fmt.Sprintf("B089 what is left of the interval is what is sent: QoS %d", q), func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			s.asyncMessage(expiring(q, "hi", 10*time.Second))
			time.Sleep(3 * time.Second)
			p := expectPayload(t, s.connect(), "hi")
			require.Equal(t, new(uint32(7)), p.Properties.MessageExpiryInterval)
		})
	}
	bubble(t, "B089 sent at once: the whole interval", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.asyncMessage(expiring(mqtt.AtMostOnce, "hi", 4_294_967_295*time.Second))
		require.Equal(t, new(uint32(4_294_967_295)), expectPayload(t, conn, "hi").Properties.MessageExpiryInterval)
	})
	bubble(t, "B089 Publish returns when the message expires", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		start := time.Now()
		require.ErrorIs(t, s.client.Publish(t.Context(), expiring(mqtt.AtLeastOnce, "never", 5*time.Second)), mqtt.ErrExpired)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
	bubble(t, "B089 it expires behind a closed window too", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: 1})
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "first")
		d := s.asyncMessage(expiring(mqtt.AtLeastOnce, "never", 5*time.Second))
		time.Sleep(6 * time.Second)
		require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrExpired)
		finish(t, conn, p)
		quiet(t, conn)
	})
	bubble(t, "B089 the interval counts from the call, while it waits for room too", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "first")
		done := later(func() error { return s.client.Publish(t.Context(), expiring(mqtt.AtLeastOnce, "hi", 10*time.Second)) })
		pending(t, done)
		time.Sleep(4 * time.Second)
		finish(t, conn, p)
		require.Equal(t, new(uint32(6)), expectPayload(t, conn, "hi").Properties.MessageExpiryInterval)
	})
	bubble(t, "B089 expired before there was room: not sent", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "first")
		done := later(func() error { return s.client.Publish(t.Context(), expiring(mqtt.AtLeastOnce, "never", 2*time.Second)) })
		time.Sleep(3 * time.Second)
		finish(t, conn, p)
		err := <-done
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, mqtt.ErrExpired)
		quiet(t, conn)
	})
	bubble(t, "B089 what has left doesn't expire here (§4.3.3-7)", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d := s.asyncMessage(expiring(mqtt.ExactlyOnce, "hi", 5*time.Second))
		expectPayload(t, conn, "hi")
		s.server.HoldDials(true)
		conn.Close()
		time.Sleep(time.Minute)
		s.server.HoldDials(false)
		conn = s.resume()
		p := expectPayload(t, conn, "hi")
		require.Equal(t, new(uint32(1)), p.Properties.MessageExpiryInterval)
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
	})
	bubble(t, "B089 others that wait with it stay", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		s.asyncMessage(expiring(mqtt.AtLeastOnce, "a", time.Minute))
		s.asyncMessage(expiring(mqtt.AtLeastOnce, "never", time.Second))
		s.async(mqtt.AtLeastOnce, "b")
		s.asyncMessage(expiring(mqtt.AtMostOnce, "never", 2*time.Second))
		s.asyncMessage(expiring(mqtt.AtMostOnce, "c", time.Minute))
		time.Sleep(3 * time.Second)
		conn := s.connect()
		expectPayload(t, conn, "a")
		expectPayload(t, conn, "b")
		expectPayload(t, conn, "c")
		quiet(t, conn)
		require.EqualValues(t, 2, s.client.Stats().Out.NotSent)
	})
	bubble(t, "B089 a QoS 0 message that expires is told as dropped", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		require.NoError(t, s.client.Publish(t.Context(), expiring(mqtt.AtMostOnce, "never", time.Second)))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		told := events(s.client)
		require.Equal(t, []string{"Dropped"}, kinds(told))
		require.Equal(t, 1, told[0].(mqtt.EventDropped).Count)
		require.Nil(t, told[0].(mqtt.EventDropped).Stream)
	})
	for _, d := range []time.Duration{0, -time.Second, time.Millisecond, 1500 * time.Millisecond, 4_294_967_296 * time.Second} {
		bubble(t, fmt.Sprintf("B089 an interval that can't be sent is an error: %v", d), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			var wrong *mqtt.ArgumentError
			require.ErrorAs(t, s.client.Publish(t.Context(), expiring(mqtt.AtMostOnce, "never", d)), &wrong)
			require.Equal(t, "Message.Properties.MessageExpiryInterval", wrong.Name)
			quiet(t, conn)
		})
	}
}

func TestPublishPropertiesOnOlderVersions(t *testing.T) {
	bubble(t, "B258 §3.3.2.3 properties on 3.1.1 are an error, before anything is admitted", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
			m := message(q, "never")
			m.Properties = &mqtt.PublishProperties{ContentType: "text/plain"}
			err := s.client.Publish(t.Context(), m)
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, mqtt.ErrVersion)
		}
		require.Zero(t, s.client.Stats().Out)
		quiet(t, conn)
	})
	bubble(t, "B257 with Lenient they are left out", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, Lenient: true})
		for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
			m := message(q, "hi")
			m.Properties = &mqtt.PublishProperties{ContentType: "text/plain", UserProperties: []mqtt.UserProperty{{Key: "k"}}}
			s.asyncMessage(m)
			p := expectPayload(t, conn, "hi")
			require.Nil(t, p.Properties)
			require.Equal(t, codec.QoS(q), p.QoS)
		}
	})
}

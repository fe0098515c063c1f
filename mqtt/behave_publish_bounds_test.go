package mqtt_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// bounds are outboxes with room for three messages of 100 bytes, by number and by size.
var bounds = map[string]mqtt.Bounds{"messages": {Messages: 3}, "bytes": {Bytes: 350}}

// hundred is a payload of which three fit into the bounds, with their topic.
func hundred(name string) string { return name + strings.Repeat("x", 100-len(name)) }

// tryPublish says whether a message is admitted within a second.
func (s *scene) tryPublish(q mqtt.QoS, payload string) error {
	ctx, stop := context.WithTimeout(s.Context(), time.Second)
	defer stop()
	_, err := s.client.PublishAsync(ctx, message(q, payload))
	return err
}

func TestOutboxBounds(t *testing.T) {
	for name, bound := range bounds {
		both(t, "B088 OutboxWait waits for room, within its context: "+name, func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v, Outbox: bound})
			for range 3 {
				s.async(mqtt.AtLeastOnce, hundred("m"))
			}
			err := s.tryPublish(mqtt.AtMostOnce, hundred("late"))
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtMostOnce, hundred("waits"))) })
			pending(t, done)
			conn := s.connect()
			p := expectPayload(t, conn, hundred("m"))
			expectPayload(t, conn, hundred("m"))
			expectPayload(t, conn, hundred("m"))
			pending(t, done)
			finish(t, conn, p)
			require.NoError(t, <-done)
			expectPayload(t, conn, hundred("waits"))
		})
		bubble(t, "B088 OutboxReject rejects the newest: "+name, func(t *testing.T) {
			s := idle(t, mqtt.Config{Outbox: bound, OutboxFull: mqtt.OutboxReject})
			for range 3 {
				s.async(mqtt.AtMostOnce, hundred("m"))
			}
			for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
				start := time.Now()
				err := s.client.Publish(t.Context(), message(q, hundred("late")))
				requireOnly(t, err, mqtt.ErrNotSent)
				require.ErrorIs(t, err, mqtt.ErrOutboxFull)
				require.Zero(t, time.Since(start))
			}
			conn := s.connect()
			for range 3 {
				expectPayload(t, conn, hundred("m"))
			}
			quiet(t, conn)
		})
		bubble(t, "B088 OutboxDropOldest drops the oldest, QoS 0 first: "+name, func(t *testing.T) {
			s := idle(t, mqtt.Config{Outbox: bound, OutboxFull: mqtt.OutboxDropOldest})
			one := s.async(mqtt.AtLeastOnce, hundred("1a"))
			zero := s.async(mqtt.AtMostOnce, hundred("0a"))
			s.async(mqtt.AtLeastOnce, hundred("1b"))
			s.async(mqtt.AtLeastOnce, hundred("1c"))
			requireOnly(t, outcomeOf(t, zero), mqtt.ErrNotSent)
			require.ErrorIs(t, outcomeOf(t, zero), mqtt.ErrOutboxFull)
			openDelivery(t, one)
			s.async(mqtt.AtMostOnce, hundred("0b"))
			requireOnly(t, outcomeOf(t, one), mqtt.ErrNotSent)
			conn := s.connect()
			expectPayload(t, conn, hundred("1b"))
			expectPayload(t, conn, hundred("1c"))
			expectPayload(t, conn, hundred("0b"))
			quiet(t, conn)
		})
	}
	bubble(t, "B088 OutboxDropOldest drops nothing that has left: then the call waits", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}, OutboxFull: mqtt.OutboxDropOldest})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "left")
		require.ErrorIs(t, s.tryPublish(mqtt.AtLeastOnce, "late"), context.DeadlineExceeded)
		openDelivery(t, d)
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "waits")) })
		pending(t, done)
		finish(t, conn, p)
		require.NoError(t, <-done)
		expectPayload(t, conn, "waits")
	})
	bubble(t, "B088 a message that no outbox of this size could hold is refused, and doesn't wait for ever", func(t *testing.T) {
		s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Bytes: 50}})
		err := s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, hundred("m")))
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, mqtt.ErrOutboxFull)
	})
	bubble(t, "B088 what waits for room is admitted in the order of the calls", func(t *testing.T) {
		s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		s.async(mqtt.AtLeastOnce, "m0")
		for i := 1; i < 5; i++ {
			later(func() error { return s.client.Publish(t.Context(), message(mqtt.QoS(i%3), numbered(i))) })
			synctest.Wait()
		}
		conn := s.connect()
		for i := range 5 {
			finish(t, conn, expectPayload(t, conn, numbered(i)))
		}
	})
	bubble(t, "B088 a subscription keeps its place in the order of the calls, and so waits too", func(t *testing.T) {
		s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		s.async(mqtt.AtLeastOnce, "m0")
		later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "m1")) })
		synctest.Wait()
		done := s.askSubscribe("x")
		conn := s.connect()
		finish(t, conn, expectPayload(t, conn, "m0"))
		finish(t, conn, expectPayload(t, conn, "m1"))
		takeSubscribe(t, conn)
		require.NoError(t, <-done)
	})
}

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
)

func TestContract1(t *testing.T) {
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("Contract1 done: QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			d, p := s.inFlight(conn, q, "hi")
			finish(t, conn, p)
			require.NoError(t, outcomeOf(t, d))
			require.Equal(t, mqtt.OutStats{Admitted: 1, Done: 1}, s.client.Stats().Out)
		})
		both(t, fmt.Sprintf("Contract1 not sent: closed while it was queued, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v})
			d := s.async(q, "hi")
			s.client.Abort()
			requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
			require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrClosed)
			require.Equal(t, mqtt.OutStats{Admitted: 1, NotSent: 1}, s.client.Stats().Out)
		})
	}
	for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("Contract1 uncertain: closed while it was in flight, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			d, _ := s.inFlight(conn, q, "hi")
			s.client.Abort()
			requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
			require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrClosed)
			require.Equal(t, mqtt.OutStats{Admitted: 1, Uncertain: 1}, s.client.Stats().Out)
		})
		both(t, fmt.Sprintf("Contract1 uncertain: closed between two connections, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, keptSession(v))
			d, _ := s.inFlight(conn, q, "hi")
			conn.Close()
			synctest.Wait()
			s.client.Abort()
			requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		})
	}
	bubble(t, "Contract1 refused", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID, Code: codec.NotAuthorized})
		refusedWith(t, outcomeOf(t, d), codec.NotAuthorized)
		require.Equal(t, mqtt.OutStats{Admitted: 1, Refused: 1}, s.client.Stats().Out)
	})
	bubble(t, "Contract1 a bad end of QoS 0 after admission is an event, a count, and Flush's error", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{NoOfflineQoS0: true})
		stuck(conn, 1)
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "lost")))
		synctest.Wait()
		conn.Reset()
		synctest.Wait()
		require.Equal(t, mqtt.OutStats{Admitted: 1, NotSent: 1}, s.client.Stats().Out)
		require.Equal(t, &mqtt.UnfinishedError{NotSent: 1}, unfinished(t, s.client.Flush(t.Context())))
		require.Contains(t, kinds(events(s.client)), "Dropped")
	})
}

func TestContract2(t *testing.T) {
	both(t, "Contract2 over before the call: nothing is admitted", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		over, stop := context.WithCancel(t.Context())
		stop()
		err := s.client.Publish(over, message(mqtt.AtLeastOnce, "never"))
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, s.client.Stats().Out.Admitted)
		quiet(t, conn)
	})
	both(t, "Contract2 over before it left: withdrawn", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err := s.client.Publish(ctx, message(mqtt.ExactlyOnce, "never"))
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		quiet(t, s.connect())
	})
	both(t, "Contract2 over later: only the waiting ends", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err := s.client.Publish(ctx, message(mqtt.ExactlyOnce, "hi"))
		var open *mqtt.InFlightError
		require.ErrorAs(t, err, &open)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		for _, other := range outcomes {
			require.NotErrorIs(t, err, other, "it has no outcome yet")
		}
		finish(t, conn, expectPayload(t, conn, "hi"))
		require.NoError(t, outcomeOf(t, open.Delivery))
	})
	bubble(t, "Contract2 a message that is published again after a lost session has left: only the waiting ends", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		ctx, stop := context.WithCancel(t.Context())
		done := later(func() error { return s.client.Publish(ctx, message(mqtt.AtLeastOnce, "again")) })
		expectPayload(t, conn, "again")
		conn.Close()
		conn = s.refill(false, &codec.ConnAckProperties{ReceiveMaximum: 1})
		expectPayload(t, conn, "again")
		conn.Close()
		synctest.Wait()
		stop()
		var open *mqtt.InFlightError
		require.ErrorAs(t, within(t, time.Minute, done), &open)
		conn = s.accept()
		finish(t, conn, expectPayload(t, conn, "again"))
		require.NoError(t, outcomeOf(t, open.Delivery))
	})
	bubble(t, "Contract2 the context of PublishAsync bounds the waiting for room alone", func(t *testing.T) {
		s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		d, err := s.client.PublishAsync(ctx, message(mqtt.AtLeastOnce, "hi"))
		require.NoError(t, err)
		_, err = s.client.PublishAsync(ctx, message(mqtt.AtLeastOnce, "never"))
		requireOnly(t, err, mqtt.ErrNotSent)
		openDelivery(t, d)
		conn := s.connect()
		finish(t, conn, expectPayload(t, conn, "hi"))
		require.NoError(t, outcomeOf(t, d))
	})
}

func TestContract3(t *testing.T) {
	for name, c := range map[string]struct {
		bound mqtt.Bounds
		size  int
		most  int
	}{
		"messages":            {mqtt.Bounds{Messages: 100}, 10, 100},
		"many messages":       {mqtt.Bounds{Messages: 4096}, 10, 4096},
		"bytes":               {mqtt.Bounds{Bytes: 100_000}, 995, 100},
		"many bytes":          {mqtt.Bounds{Bytes: 16 << 20}, 4091, 4096},
		"bytes of large ones": {mqtt.Bounds{Bytes: 16 << 20}, 1<<20 - 5, 16},
	} {
		for q := mqtt.AtMostOnce; q <= mqtt.AtLeastOnce; q++ {
			bubble(t, fmt.Sprintf("Contract3 never more than Outbox is admitted: %s, QoS %d", name, q), func(t *testing.T) {
				s := idle(t, mqtt.Config{Outbox: c.bound})
				admitted := fillOutbox(t, s, mqtt.Message{Topic: "a/b", QoS: q, Payload: make([]byte, c.size)}, c.most)
				require.LessOrEqual(t, admitted, c.most)
				require.Greater(t, admitted, c.most/2)
				s.client.Abort()
				require.EqualValues(t, admitted, s.client.Stats().Out.Admitted)
				require.EqualValues(t, admitted, s.client.Stats().Out.NotSent)
			})
		}
	}
	bubble(t, "Contract3 what is in flight takes room, until its outcome", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 2}})
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "one")
		s.inFlight(conn, mqtt.ExactlyOnce, "two")
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "three")) })
		pending(t, done)
		finish(t, conn, p)
		require.NoError(t, <-done)
	})
	bubble(t, "Contract3 publishing waits for room alone: not for the connection, the window, or the server", func(t *testing.T) {
		s := idle(t, mqtt.Config{MaxInFlight: 1})
		for i := range 50 {
			s.async(mqtt.AtLeastOnce, numbered(i))
		}
		conn := s.connect()
		stuck(conn, 1)
		for i := range 50 {
			s.async(mqtt.ExactlyOnce, numbered(i))
		}
	})
}

// fillOutbox publishes a few more than so many messages, and says how many were admitted. Questions in between let no more in.
func fillOutbox(t *testing.T, s *scene, m mqtt.Message, most int) (admitted int) {
	for range most + 10 {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		var err error
		if m.QoS == mqtt.AtMostOnce {
			err = s.client.Publish(ctx, m)
		} else {
			_, err = s.client.PublishAsync(ctx, m)
		}
		stop()
		if err == nil {
			admitted++
			continue
		}
		requireOnly(t, err, mqtt.ErrNotSent)
		require.LessOrEqual(t, s.client.Stats().Out.Queued, most)
	}
	return admitted
}

func TestContract4(t *testing.T) {
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("Contract4 OfflineWait: the call waits for a connection, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v, Offline: mqtt.OfflineWait})
			err := s.tryPublish(q, "never")
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			done := later(func() error {
				_, err := s.client.PublishAsync(t.Context(), message(q, "hi"))
				return err
			})
			pending(t, done)
			require.Zero(t, s.client.Stats().Out.Admitted)
			conn := s.connect()
			require.NoError(t, <-done)
			expectPayload(t, conn, "hi")
		})
		both(t, fmt.Sprintf("Contract4 OfflineReject: the call fails at once, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v, Offline: mqtt.OfflineReject})
			for range 2 {
				err := s.client.Publish(t.Context(), message(q, "never"))
				requireOnly(t, err, mqtt.ErrNotSent)
				require.ErrorIs(t, err, mqtt.ErrNotConnected)
				_, err = s.client.PublishAsync(t.Context(), message(q, "never"))
				require.ErrorIs(t, err, mqtt.ErrNotConnected)
			}
			require.Zero(t, s.client.Stats().Out)
			conn := s.connect()
			s.async(q, "online")
			expectPayload(t, conn, "online")
			conn.Close()
			synctest.Wait()
			require.ErrorIs(t, s.client.Publish(t.Context(), message(q, "never")), mqtt.ErrNotConnected)
		})
		both(t, fmt.Sprintf("Contract4 OfflineQueue: up to the outbox's bounds, then the call waits, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v, Outbox: mqtt.Bounds{Messages: 2}})
			s.async(q, "one")
			s.async(q, "two")
			require.ErrorIs(t, s.tryPublish(q, "never"), context.DeadlineExceeded)
			conn := s.connect()
			expectPayload(t, conn, "one")
			expectPayload(t, conn, "two")
			quiet(t, conn)
		})
	}
	both(t, "Contract4 NoOfflineQoS0: QoS 0 alone is rejected", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, NoOfflineQoS0: true})
		require.ErrorIs(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "never")), mqtt.ErrNotConnected)
		s.async(mqtt.AtLeastOnce, "queued")
		expectPayload(t, s.connect(), "queued")
	})
	bubble(t, "Contract4 an expiry counts down while it is queued, and what is left is sent", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		d := s.asyncMessage(expiring(mqtt.AtLeastOnce, "never", 5*time.Second))
		s.asyncMessage(expiring(mqtt.AtLeastOnce, "hi", 20*time.Second))
		time.Sleep(8 * time.Second)
		requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
		require.Equal(t, new(uint32(12)), expectPayload(t, s.connect(), "hi").Properties.MessageExpiryInterval)
	})
}

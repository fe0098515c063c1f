package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// unfinished gives the *UnfinishedError of an error.
func unfinished(t testing.TB, err error) *mqtt.UnfinishedError {
	t.Helper()
	e, ok := errors.AsType[*mqtt.UnfinishedError](err)
	require.True(t, ok, "%v is no *UnfinishedError", err)
	return e
}

func TestFlush(t *testing.T) {
	bubble(t, "Flush of nothing returns at once, also before Connect", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		require.NoError(t, s.client.Flush(t.Context()))
	})
	both(t, "Flush returns when all that was admitted before has ended", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		_, one := s.inFlight(conn, mqtt.AtLeastOnce, "one")
		_, two := s.inFlight(conn, mqtt.ExactlyOnce, "two")
		done := later(func() error { return s.client.Flush(t.Context()) })
		pending(t, done)
		finish(t, conn, two)
		pending(t, done)
		finish(t, conn, one)
		require.NoError(t, <-done)
	})
	bubble(t, "Flush doesn't wait for what was admitted after it", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		_, before := s.inFlight(conn, mqtt.AtLeastOnce, "before")
		done := later(func() error { return s.client.Flush(t.Context()) })
		pending(t, done)
		s.inFlight(conn, mqtt.AtLeastOnce, "after")
		finish(t, conn, before)
		require.NoError(t, <-done)
	})
	bubble(t, "Flush waits for QoS 0 to be written", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stuck(conn, 1)
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hi")))
		done := later(func() error { return s.client.Flush(t.Context()) })
		pending(t, done)
		unstuck(conn)
		require.NoError(t, <-done)
	})
	bubble(t, "Flush waits offline, and over a reconnect", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		s.async(mqtt.AtLeastOnce, "hi")
		done := later(func() error { return s.client.Flush(t.Context()) })
		pending(t, done)
		conn := s.connect()
		expectPayload(t, conn, "hi")
		conn.Close()
		pending(t, done)
		conn = s.resume()
		finish(t, conn, expectPayload(t, conn, "hi"))
		require.NoError(t, <-done)
	})
	bubble(t, "Flush ends with its context, and nothing else changes", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		start := time.Now()
		require.ErrorIs(t, s.client.Flush(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		openDelivery(t, d)
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
	})
	bubble(t, "Flush by many goroutines at once returns to all of them", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		var all []<-chan error
		for range 20 {
			all = append(all, later(func() error { return s.client.Flush(t.Context()) }))
		}
		synctest.Wait()
		finish(t, conn, p)
		for _, done := range all {
			require.NoError(t, <-done)
		}
	})
	bubble(t, "Flush after the client's end says that it is closed", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		s.client.Abort()
		require.ErrorIs(t, s.client.Flush(t.Context()), mqtt.ErrClosed)
	})
	bubble(t, "Flush that waits when the client ends tells what became of the rest", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		done := later(func() error { return s.client.Flush(t.Context()) })
		pending(t, done)
		s.client.Abort()
		err := <-done
		require.ErrorIs(t, err, mqtt.ErrClosed)
		require.Equal(t, 1, unfinished(t, err).Uncertain)
	})
}

func TestFlushCounts(t *testing.T) {
	bubble(t, "Flush counts each bad end since the last Flush, and once", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: 4})
		_, refused := s.inFlight(conn, mqtt.AtLeastOnce, "refused")
		left, gone := s.inFlight(conn, mqtt.ExactlyOnce, "uncertain")
		_, done := s.inFlight(conn, mqtt.ExactlyOnce, "done")
		_, last := s.inFlight(conn, mqtt.AtLeastOnce, "last")
		queued := s.async(mqtt.AtLeastOnce, "not sent")
		require.NoError(t, queued.Withdraw(t.Context()))
		require.NoError(t, left.Withdraw(t.Context()))
		reply(t, conn, &codec.PubAck{PacketID: refused.PacketID, Code: codec.QuotaExceeded})
		finish(t, conn, done)
		finish(t, conn, last)
		err := s.client.Flush(t.Context())
		require.Equal(t, &mqtt.UnfinishedError{Refused: 1, NotSent: 1, Uncertain: 1}, unfinished(t, err))
		require.ErrorIs(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, mqtt.ErrUncertain)
		require.NotErrorIs(t, err, mqtt.ErrKept)
		require.NoError(t, s.client.Flush(t.Context()), "each is told once")
		finish(t, conn, gone)
	})
	bubble(t, "Flush tells the bad end of a QoS 0 message, which its Publish could not", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		expiry := time.Second
		m := mqtt.Message{Topic: "a/b", Properties: &mqtt.PublishProperties{MessageExpiryInterval: &expiry}}
		require.NoError(t, s.client.Publish(t.Context(), m))
		err := s.client.Flush(t.Context())
		require.Equal(t, &mqtt.UnfinishedError{NotSent: 1}, unfinished(t, err))
	})
	bubble(t, "Flush doesn't count what was never admitted", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumQoS: new(codec.AtMostOnce)}))
		require.Error(t, s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")))
		require.NoError(t, s.client.Flush(t.Context()))
	})
}

func TestPublishContexts(t *testing.T) {
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("Publish with a context that is over admits nothing: QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			over, stop := context.WithCancel(t.Context())
			stop()
			for range 50 { // a select would choose at random
				err := s.client.Publish(over, message(q, "hi"))
				requireOnly(t, err, mqtt.ErrNotSent)
				require.ErrorIs(t, err, context.Canceled)
				_, err = s.client.PublishAsync(over, message(q, "hi"))
				requireOnly(t, err, mqtt.ErrNotSent)
				require.ErrorIs(t, err, context.Canceled)
			}
			quiet(t, conn)
			require.Zero(t, s.client.Stats().Out)
		})
		bubble(t, fmt.Sprintf("PublishAsync that has returned: its context means nothing any more, QoS %d", q), func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			ctx, stop := context.WithCancel(t.Context())
			d, err := s.client.PublishAsync(ctx, message(q, "hi"))
			require.NoError(t, err)
			stop()
			openDelivery(t, d)
			conn := s.connect()
			finish(t, conn, expectPayload(t, conn, "hi"))
			require.NoError(t, outcomeOf(t, d))
		})
		bubble(t, fmt.Sprintf("the context bounds the waiting for room: QoS %d", q), func(t *testing.T) {
			s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
			s.async(mqtt.AtLeastOnce, "takes the room")
			for _, publish := range []func(context.Context) error{
				func(ctx context.Context) error { return s.client.Publish(ctx, message(q, "hi")) },
				func(ctx context.Context) error { _, err := s.client.PublishAsync(ctx, message(q, "hi")); return err },
			} {
				ctx, stop := context.WithTimeout(t.Context(), time.Second)
				start := time.Now()
				err := publish(ctx)
				stop()
				require.Equal(t, time.Second, time.Since(start))
				requireOnly(t, err, mqtt.ErrNotSent)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			require.EqualValues(t, 1, s.client.Stats().Out.Admitted)
			conn := s.connect()
			expectPayload(t, conn, "takes the room")
			quiet(t, conn)
		})
	}
}

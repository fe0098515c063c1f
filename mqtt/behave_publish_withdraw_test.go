package mqtt_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestWithdraw(t *testing.T) {
	bubble(t, "Withdraw with a context that is over does nothing", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		d := s.async(mqtt.AtLeastOnce, "hi")
		over, stop := context.WithCancel(t.Context())
		stop()
		require.ErrorIs(t, d.Withdraw(over), context.Canceled)
		openDelivery(t, d)
		expectPayload(t, s.connect(), "hi")
	})
	bubble(t, "Withdraw of what has ended changes nothing", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
		require.NoError(t, d.Withdraw(t.Context()))
		require.NoError(t, outcomeOf(t, d))
		require.Equal(t, mqtt.OutStats{Admitted: 1, Done: 1}, s.client.Stats().Out)
	})
	bubble(t, "Withdraw twice is once", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		for range 2 {
			require.NoError(t, d.Withdraw(t.Context()))
		}
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		require.EqualValues(t, 1, s.client.Stats().Out.Uncertain)
	})
	bubble(t, "Withdraw from many goroutines, while the answer comes, gives one outcome", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		for i := range 50 {
			d, p := s.inFlight(conn, mqtt.AtLeastOnce, numbered(i))
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() { d.Withdraw(t.Context()) })
			}
			group.Go(func() { conn.Send(&codec.PubAck{PacketID: p.PacketID}) })
			group.Wait()
			if err := outcomeOf(t, d); err != nil {
				requireOnly(t, err, mqtt.ErrUncertain)
			}
			synctest.Wait()
		}
		out := s.client.Stats().Out
		require.EqualValues(t, 50, out.Done+out.Uncertain)
		require.Zero(t, out.InFlight)
		require.Zero(t, out.Queued)
	})
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		bubble(t, fmt.Sprintf("Withdraw offline: ErrNotSent and ErrWithdrawn, and it never leaves, QoS %d", q), func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			d := s.async(q, "never")
			s.async(q, "next")
			require.NoError(t, d.Withdraw(t.Context()))
			require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrWithdrawn)
			requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
			expectPayload(t, s.connect(), "next")
		})
	}
	bubble(t, "Withdraw of what never left makes room in the outbox", func(t *testing.T) {
		s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		d := s.async(mqtt.AtLeastOnce, "never")
		done := later(func() error {
			_, err := s.client.PublishAsync(t.Context(), message(mqtt.AtLeastOnce, "next"))
			return err
		})
		pending(t, done)
		require.NoError(t, d.Withdraw(t.Context()))
		require.NoError(t, <-done)
		expectPayload(t, s.connect(), "next")
	})
	bubble(t, "Withdraw of what left: the counts add up", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		require.NoError(t, d.Withdraw(t.Context()))
		require.Equal(t, mqtt.OutStats{Admitted: 1, Uncertain: 1}, s.client.Stats().Out)
		finish(t, conn, p)
		synctest.Wait()
		require.Equal(t, mqtt.OutStats{Admitted: 1, Uncertain: 1}, s.client.Stats().Out)
	})
}

// fullOutbox is a client without a connection whose outbox of 2048 small messages is full but for so many. Where it is almost
// full, a message that was admitted may not have been looked at yet.
func fullOutbox(t *testing.T, free int) (*scene, []*mqtt.Delivery) {
	t.Helper()
	s := idle(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 2048}, MaxInFlight: 65_535})
	var all []*mqtt.Delivery
	for i := range 2048 - free {
		all = append(all, s.async(mqtt.AtLeastOnce, numbered(i)))
	}
	return s, all
}

// takeAll connects, answers all that comes, and gives the payloads.
func takeAll(t *testing.T, s *scene, n int) (payloads []string) {
	t.Helper()
	conn := s.connect()
	for range n {
		p := mqtttest.Expect[*codec.Publish](t, conn)
		finish(t, conn, p)
		payloads = append(payloads, string(p.Payload))
	}
	quiet(t, conn)
	return payloads
}

func TestAlmostFullOutbox(t *testing.T) {
	bubble(t, "Withdraw of the last that was admitted: not sent, and the counts add up", func(t *testing.T) {
		s, all := fullOutbox(t, 0)
		last := all[len(all)-1]
		require.NoError(t, last.Withdraw(t.Context()))
		requireOnly(t, outcomeOf(t, last), mqtt.ErrNotSent)
		require.ErrorIs(t, outcomeOf(t, last), mqtt.ErrWithdrawn)
		require.NotContains(t, takeAll(t, s, 2047), "m2047")
		require.Equal(t, mqtt.OutStats{Admitted: 2048, Done: 2047, NotSent: 1}, s.client.Stats().Out)
	})
	bubble(t, "Publish whose context ends: not sent, and later ones are what they are", func(t *testing.T) {
		s, _ := fullOutbox(t, 10)
		for range 5 {
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			err := s.client.Publish(ctx, message(mqtt.AtLeastOnce, "never"))
			stop()
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "last")) })
		synctest.Wait()
		payloads := takeAll(t, s, 2039)
		require.NoError(t, <-done)
		for i, payload := range payloads[:2038] {
			require.Equal(t, numbered(i), payload)
		}
		require.Equal(t, "last", payloads[2038])
	})
	bubble(t, "Flush waits for the last that was admitted", func(t *testing.T) {
		s, _ := fullOutbox(t, 0)
		done := later(func() error { return s.client.Flush(t.Context()) })
		conn := s.connect()
		for range 2047 {
			finish(t, conn, mqtttest.Expect[*codec.Publish](t, conn))
		}
		pending(t, done)
		finish(t, conn, expectPayload(t, conn, "m2047"))
		require.NoError(t, <-done)
	})
	bubble(t, "Close ends the last that was admitted too", func(t *testing.T) {
		s, all := fullOutbox(t, 0)
		s.client.Abort()
		for _, d := range all {
			requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
		}
		require.Equal(t, mqtt.OutStats{Admitted: 2048, NotSent: 2048}, s.client.Stats().Out)
	})
}

func TestWithdrawAtQoS0(t *testing.T) {
	// held has a message of QoS 0 with the writer, which is stuck.
	held := func(t *testing.T) (*scene, *mqtttest.Conn, *mqtt.Delivery) {
		s, conn := up(t, mqtt.Config{})
		stuck(conn, 1)
		d := s.async(mqtt.AtMostOnce, "hi")
		synctest.Wait()
		return s, conn, d
	}
	bubble(t, "Withdraw while it is being written: nobody waits for it any more", func(t *testing.T) {
		_, _, d := held(t)
		require.NoError(t, d.Withdraw(t.Context()))
		require.True(t, isClosed(d.Done()))
		require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrWithdrawn)
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
	})
	bubble(t, "Withdraw while it is being written: it isn't sent again on the next connection", func(t *testing.T) {
		s, conn, d := held(t)
		require.NoError(t, d.Withdraw(t.Context()))
		conn.Reset()
		quiet(t, s.resume())
		require.Equal(t, mqtt.OutStats{Admitted: 1, Uncertain: 1}, s.client.Stats().Out)
	})
	bubble(t, "Withdraw while it is being written: the write goes on, and counts once", func(t *testing.T) {
		s, conn, d := held(t)
		require.NoError(t, d.Withdraw(t.Context()))
		unstuck(conn)
		expectPayload(t, conn, "hi")
		s.async(mqtt.AtMostOnce, "next")
		expectPayload(t, conn, "next")
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "last")))
		expectPayload(t, conn, "last")
		synctest.Wait()
		require.Equal(t, mqtt.OutStats{Admitted: 3, Done: 2, Uncertain: 1}, s.client.Stats().Out)
	})
}

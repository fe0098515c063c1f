package mqtt_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// isClosed looks at a channel when all goroutines of the bubble are at rest.
func isClosed(c <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestDeliveryWait(t *testing.T) {
	both(t, "Wait gives the same outcome to any number of goroutines, before and after the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		var group sync.WaitGroup
		got := make(chan error, 200)
		for range 100 {
			group.Go(func() { got <- d.Wait(t.Context()) })
		}
		synctest.Wait()
		require.Empty(t, got)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		for range 100 {
			group.Go(func() { got <- d.Wait(t.Context()) })
		}
		group.Wait()
		require.Len(t, got, 200)
		for range 200 {
			require.NoError(t, <-got)
		}
	})
	bubble(t, "Wait, Result and Done agree once one of them has told the end", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				d.Wait(t.Context())
				if r, ended := d.Result(); !ended || r.Code != codec.QuotaExceeded {
					t.Errorf("Result() = %v, %t after Wait", r, ended)
				}
			})
			group.Go(func() {
				<-d.Done()
				if _, ended := d.Result(); !ended {
					t.Error("Result() is false after Done")
				}
				if err := d.Wait(t.Context()); err == nil {
					t.Error("Wait() = nil after a refusal")
				}
			})
		}
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.QuotaExceeded})
		group.Wait()
	})
	bubble(t, "Wait ends with its context, and the delivery goes on", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		start := time.Now()
		require.Equal(t, context.DeadlineExceeded, d.Wait(ctx))
		require.Equal(t, time.Second, time.Since(start))
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
	})
	bubble(t, "Wait of what has ended gives the outcome, also with a context that is over", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
		over, stop := context.WithCancel(t.Context())
		stop()
		for range 50 {
			require.NoError(t, d.Wait(over))
		}
	})
	bubble(t, "a delivery that nobody looks at ends all the same", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		finish(t, conn, p)
		synctest.Wait()
		require.Equal(t, mqtt.OutStats{Admitted: 1, Done: 1}, s.client.Stats().Out)
	})
}

func TestDeliveryDone(t *testing.T) {
	both(t, "Done is closed at the end, and not before", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
			d, p := s.inFlight(conn, q, "hi")
			require.False(t, isClosed(d.Done()))
			finish(t, conn, p)
			require.True(t, isClosed(d.Done()))
		}
	})
	bubble(t, "Done that is asked for after the end is closed", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
		require.True(t, isClosed(d.Done()))
	})
	bubble(t, "Done is one channel for all who ask", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		require.Equal(t, d.Done(), d.Done())
	})
	bubble(t, "Done is closed by a bad end too", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		done := d.Done()
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NotAuthorized})
		require.True(t, isClosed(done))
	})
	bubble(t, "Done is closed by the client's end, whenever it was asked for", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		sent, _ := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		later, _ := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		done := sent.Done()
		s.client.Abort()
		require.True(t, isClosed(done))
		require.True(t, isClosed(later.Done()))
		require.True(t, isClosed(later.Stored()))
		requireOnly(t, outcomeOf(t, sent), mqtt.ErrUncertain)
	})
}

func TestDeliveryStored(t *testing.T) {
	for name, session := range map[string]mqtt.Session{"client": mqtt.SessionClient, "connection": mqtt.SessionConnection, "durable": mqtt.SessionDurable} {
		both(t, "B107 Stored comes before completion, whatever the session: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, Session: session, ClientID: "c1"})
			for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
				d, p := s.inFlight(conn, q, "hi")
				require.True(t, isClosed(d.Stored()))
				openDelivery(t, d)
				finish(t, conn, p)
				require.NoError(t, outcomeOf(t, d))
			}
		})
	}
	both(t, "B107 at QoS 0 Stored is closed at the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stuck(conn, 1)
		d := s.async(mqtt.AtMostOnce, "hi")
		require.False(t, isClosed(d.Stored()))
		unstuck(conn)
		require.True(t, isClosed(d.Stored()))
		require.True(t, isClosed(d.Done()))
	})
	bubble(t, "B107 offline too: the session has it as soon as it is admitted", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		require.True(t, isClosed(s.async(mqtt.AtLeastOnce, "hi").Stored()))
	})
	bubble(t, "Stored is closed when the delivery ended without", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		d := s.async(mqtt.AtMostOnce, "hi")
		stored := d.Stored()
		require.False(t, isClosed(stored))
		require.NoError(t, d.Withdraw(t.Context()))
		require.True(t, isClosed(stored))
	})
}

func TestDeliveryResult(t *testing.T) {
	both(t, "Result is false until the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		openDelivery(t, d)
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		openDelivery(t, d)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, d))
		r, ended := d.Result()
		require.True(t, ended)
		require.Equal(t, mqtt.Result{PacketID: p.PacketID}, r)
	})
	bubble(t, "Result has the words of PUBCOMP", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID, Properties: &codec.ReasonProperties{ReasonString: "first"}})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID, Properties: &codec.ReasonProperties{ReasonString: "last"}})
		require.NoError(t, outcomeOf(t, d))
		r, _ := d.Result()
		require.Equal(t, "last", r.ReasonString)
	})
	bubble(t, "Result has the identifier of the last sending", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		conn.Close()
		conn = s.accept()
		p := expectPayload(t, conn, "hi")
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
		r, _ := d.Result()
		require.Equal(t, p.PacketID, r.PacketID)
	})
}

func TestPublishStats(t *testing.T) {
	bubble(t, "Stats tells what is in flight and what waits, how much that is, and for how long", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: 1, KeepAlive: -1})
		gone, _ := s.inFlight(conn, mqtt.AtLeastOnce, "a longer one")
		time.Sleep(time.Second)
		s.async(mqtt.AtLeastOnce, "short")
		time.Sleep(2 * time.Second)
		s.async(mqtt.ExactlyOnce, "short")
		waiting := 2 * len("xxa/bshort")
		require.Equal(t, mqtt.OutStats{Admitted: 3, InFlight: 1, Queued: 2, QueuedBytes: waiting, OldestAge: 3 * time.Second}, s.client.Stats().Out)
		require.NoError(t, gone.Withdraw(t.Context()))
		require.Equal(t, mqtt.OutStats{Admitted: 3, Uncertain: 1, Queued: 2, QueuedBytes: waiting, OldestAge: 2 * time.Second}, s.client.Stats().Out)
		reply(t, conn, &codec.PubAck{PacketID: 1})
		p := expectPayload(t, conn, "short")
		finish(t, conn, p)
		finish(t, conn, expectPayload(t, conn, "short"))
		synctest.Wait()
		require.Equal(t, mqtt.OutStats{Admitted: 3, Done: 2, Uncertain: 1}, s.client.Stats().Out)
	})
}

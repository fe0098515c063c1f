package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// between fails the test when d isn't between a half of most and most.
func between(t *testing.T, most, d time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, d, most/2)
	require.LessOrEqual(t, d, most)
}

func TestBackoff(t *testing.T) {
	bubble(t, "B062 delays double up to the longest, a half of each is random", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.server.RefuseDials(errUnreachable)
		conn.Close()
		exact := 0
		for n := range 20 {
			most := min(time.Second<<n, time.Minute)
			e := awaitEvent[mqtt.EventReconnecting](s)
			between(t, most, e.Delay)
			if e.Delay == most || e.Delay == most/2 {
				exact++
			}
		}
		require.Less(t, exact, 20, "no delay is random")
	})
	both(t, "B062 a CONNACK alone resets nothing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Backoff: mqtt.Backoff{NoJitter: true}})
		for n := range 8 {
			conn.Close()
			var took time.Duration
			took, conn = s.gap()
			require.Equal(t, min(time.Second<<n, time.Minute), took)
		}
	})
	for _, c := range []struct {
		name  string
		lived time.Duration
		want  time.Duration
	}{
		{"B062 a connection that lived less than Stable resets nothing", 30*time.Second - 1, 8 * time.Second},
		{"B062 a connection that lived for Stable resets the delay", 30 * time.Second, time.Second},
	} {
		bubble(t, c.name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{NoJitter: true}})
			s.server.RefuseDials(errUnreachable)
			conn.Close()
			elapse(6 * time.Second) // attempts after 1, 3 and 7 seconds
			s.server.RefuseDials(nil)
			conn = s.accept()
			elapse(c.lived)
			conn.Close()
			took, _ := s.gap()
			require.Equal(t, c.want, took)
		})
	}
	bubble(t, "B062 Stable can be set", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{NoJitter: true, Stable: time.Minute}})
		for n := range 4 {
			elapse(59 * time.Second)
			conn.Close()
			var took time.Duration
			took, conn = s.gap()
			require.Equal(t, time.Second<<n, took)
			go serve(t.Context(), conn)
		}
	})
	bubble(t, "Min equal to Max: a steady pace", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Min: 5 * time.Second, Max: 5 * time.Second, NoJitter: true}})
		for range 5 {
			conn.Close()
			var took time.Duration
			took, conn = s.gap()
			require.Equal(t, 5*time.Second, took)
		}
	})
	bubble(t, "Attempts counts in a row: a stable connection begins anew", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{KeepAlive: -1, Backoff: mqtt.Backoff{Attempts: 2}})
		for range 3 {
			elapse(time.Minute)
			s.server.RefuseDials(errUnreachable)
			conn.Close()
			awaitEvent[mqtt.EventReconnecting](s)
			awaitEvent[mqtt.EventReconnecting](s)
			s.server.RefuseDials(nil)
			conn = s.accept()
		}
		s.server.RefuseDials(errUnreachable)
		elapse(time.Minute)
		conn.Close()
		elapse(time.Minute)
		require.ErrorIs(t, s.ended(), errUnreachable)
	})
	bubble(t, "Attempts negative: the first connection is tried once all the same", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{Attempts: -1}})
		s.server.RefuseDials(errUnreachable)
		require.ErrorIs(t, s.client.Connect(t.Context()), errUnreachable)
		require.Equal(t, 1, s.server.Dials())
		require.Equal(t, mqtt.StateIdle, s.client.State())
	})
}

func TestBackoffRetry(t *testing.T) {
	type call struct {
		attempt int
		err     error
	}
	bubble(t, "Retry decides alone, told the failures in a row and the error", func(t *testing.T) {
		var calls []call
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{
			Min: time.Hour, Max: time.Hour, Attempts: -1, // ignored
			Retry: func(attempt int, err error) (time.Duration, bool) {
				calls = append(calls, call{attempt, err})
				return time.Duration(attempt) * 10 * time.Second, true
			},
		}})
		start := time.Now()
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.ServerShuttingDown}))
		conn.Close()
		s.refuse(codec.NotAuthorized)
		require.Equal(t, 10*time.Second, time.Since(start))
		s.refuse(codec.ServerBusy)
		require.Equal(t, 30*time.Second, time.Since(start))
		s.accept()
		require.Equal(t, 60*time.Second, time.Since(start))
		require.NoError(t, s.client.AwaitConnected(t.Context()))
		for n, want := range []codec.ReasonCode{codec.ServerShuttingDown, codec.NotAuthorized, codec.ServerBusy} {
			require.Equal(t, n+1, calls[n].attempt)
			require.ErrorIs(t, calls[n].err, want)
		}
		require.Equal(t, "CONNACK", as[*mqtt.ReasonError](t, calls[1].err).Packet)
	})
	bubble(t, "Retry: a negative delay is none", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return -time.Hour, true }}})
		conn.Close()
		took, _ := s.gap()
		require.Zero(t, took)
	})
	bubble(t, "Retry: false ends the client with the error", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return 0, false }}})
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.ServerBusy}))
		conn.Close()
		require.ErrorIs(t, s.ended(), codec.ServerBusy)
		require.Equal(t, mqtt.StateClosed, s.client.State())
	})
	bubble(t, "Retry: false before the first connection lets Connect fail, and the client is idle", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return 0, false }}})
		s.server.RefuseDials(errUnreachable)
		require.ErrorIs(t, s.client.Connect(t.Context()), errUnreachable)
		require.Equal(t, mqtt.StateIdle, s.client.State())
		require.Equal(t, 1, s.server.Dials())
	})
}

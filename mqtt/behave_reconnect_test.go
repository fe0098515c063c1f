package mqtt_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestReconnect(t *testing.T) {
	for _, d := range []time.Duration{200 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second} {
		both(t, "B044 client reconnects after a delay of Backoff: "+d.String(), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, Backoff: mqtt.Backoff{Min: d}})
			conn.Close()
			took, _ := s.gap()
			require.GreaterOrEqual(t, took, d/2)
			require.LessOrEqual(t, took, d)
		})
		bubble(t, "B044 without jitter exactly after it: "+d.String(), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Min: d, NoJitter: true}})
			conn.Reset()
			took, conn := s.gap()
			require.Equal(t, d, took)
			s.works(conn)
		})
	}
	both(t, "B045 a reconnecting event before each retry, a connected one after success", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Backoff: mqtt.Backoff{NoJitter: true}})
		s.told()
		s.server.RefuseDials(errUnreachable)
		conn.Close()
		for n, delay := range []time.Duration{1, 2, 4} {
			e := awaitEvent[mqtt.EventReconnecting](s)
			require.Equal(t, [2]any{n + 1, delay * time.Second}, [2]any{e.Attempt, e.Delay})
			require.Equal(t, 1+n, s.server.Dials(), "before the dial")
		}
		s.server.RefuseDials(nil)
		s.accept()
		require.Equal(t, []string{"Connected"}, s.told())
	})
	bubble(t, "B045 the number that was told is that of the attempt which follows", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.server.RefuseDials(errUnreachable)
		conn.Close()
		told := awaitEvent[mqtt.EventReconnecting](s).Attempt
		missed := awaitEvent[mqtt.EventReconnecting](s)
		require.Equal(t, told, as[*mqtt.ConnectError](t, missed.Err).Attempt)
		require.Equal(t, missed.Delay, as[*mqtt.ConnectError](t, missed.Err).Delay)
		s.server.RefuseDials(nil)
		s.accept()
		require.Equal(t, missed.Attempt, awaitEvent[mqtt.EventConnected](s).Attempt)
	})
	bubble(t, "B046 a server that is gone: retries stay scheduled", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		s.server.Close()
		for range 24 {
			before := s.server.Dials()
			elapse(2 * time.Minute)
			require.Greater(t, s.server.Dials(), before)
		}
		require.Equal(t, mqtt.StateReconnecting, s.client.State())
	})
	both(t, "B047 reconnecting turned off: after a drop no dial, the client ends", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Backoff: mqtt.Backoff{Attempts: -1}})
		conn.Close()
		require.Error(t, s.ended())
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Closed"}, s.told())
		s.noDial(time.Hour)
	})
	bubble(t, "B050 refused CONNACK with a Retry that goes on: the error once, the next attempt succeeds", func(t *testing.T) {
		var asked []error
		s := idle(t, mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{Retry: func(_ int, err error) (time.Duration, bool) {
			asked = append(asked, err)
			return time.Second, true
		}}})
		done := s.connecting()
		s.refuse(codec.BadUserNameOrPassword)
		s.accept()
		require.NoError(t, <-done)
		require.Len(t, asked, 1)
		require.ErrorIs(t, asked[0], codec.BadUserNameOrPassword)
		require.Len(t, eventsOf[mqtt.EventDisconnected](events(s.client)), 1)
	})
	both(t, "B051 refused CONNACK: no retry", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		conn.Close()
		s.refuse(codec.BadUserNameOrPassword)
		require.ErrorIs(t, s.ended(), codec.BadUserNameOrPassword)
		s.noDial(time.Hour)
	})
	both(t, "B052 the user closed the client: no reconnect", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		go serve(t.Context(), conn)
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		conn.Close()
		s.noDial(time.Hour)
	})
	bubble(t, "B052 closed while it waited to reconnect: no reconnect", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		conn.Close()
		synctest.Wait()
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		s.noDial(time.Hour)
	})
	both(t, "B053 keepalive timeout: the error, then a connection after the delay", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, KeepAlive: time.Minute})
		mqtttest.Expect[*codec.PingReq](t, conn)
		conn.ExpectClosed(t)
		took, conn := s.gap()
		require.GreaterOrEqual(t, took, time.Second/2)
		require.LessOrEqual(t, took, time.Second)
		require.ErrorIs(t, awaitEvent[mqtt.EventDisconnected](s).Err, mqtt.ErrNoPingResp)
		s.works(conn)
	})
}

func TestReconnectByHand(t *testing.T) {
	for name, wait := range map[string]time.Duration{
		"B054 from inside the disconnected event":  0,
		"B055 100 ms after the disconnected event": 100 * time.Millisecond,
	} {
		both(t, name+": it works, then publish and subscribe do", func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			done := later(func() error {
				awaitEvent[mqtt.EventDisconnected](s)
				elapse(wait)
				return s.client.Reconnect(context.Background())
			})
			conn.Close()
			took, conn := s.gap()
			require.Equal(t, wait, took)
			require.NoError(t, <-done)
			s.works(conn)
		})
	}
	for _, c := range []struct {
		name string
		cfg  mqtt.Config
		end  func(*scene)
	}{
		{"B056 closed", mqtt.Config{}, func(s *scene) { s.client.Close(closing(s.T, time.Second)) }},
		{"B057 closed, with reconnecting turned off", mqtt.Config{Backoff: mqtt.Backoff{Attempts: -1}}, func(s *scene) { s.client.Abort() }},
	} {
		both(t, c.name+": that client stays ended, a new one of the same Config has a second life", func(t *testing.T, v mqtt.Version) {
			c.cfg.Version = v
			s, _ := up(t, c.cfg)
			c.end(s)
			require.ErrorIs(t, s.client.Connect(t.Context()), mqtt.ErrClosed)
			s, conn := up(t, c.cfg)
			s.works(conn)
		})
	}
	bubble(t, "B057 a client that never connected can be closed, and Connect says so", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		require.NoError(t, s.client.Close(t.Context()))
		require.ErrorIs(t, s.client.Connect(t.Context()), mqtt.ErrClosed)
		require.Zero(t, s.server.Dials())
	})
	bubble(t, "B058 aggressive settings and a dead host: Close within tens of ms", func(t *testing.T) {
		s := idle(t, mqtt.Config{
			RetryFirst: true, ConnectTimeout: 1, Backoff: mqtt.Backoff{Min: time.Millisecond, Max: time.Millisecond},
		})
		s.server.HoldDials(true)
		done := s.connecting()
		elapse(100 * time.Millisecond)
		require.Greater(t, s.server.Dials(), 90)
		start := time.Now()
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		require.LessOrEqual(t, time.Since(start), 30*time.Millisecond)
		require.ErrorIs(t, <-done, mqtt.ErrClosed)
	})
}

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

// awaiting calls AwaitConnected beside the test.
func (s *scene) awaiting(ctx context.Context) <-chan error {
	return later(func() error { return s.client.AwaitConnected(ctx) })
}

func TestAwaitConnected(t *testing.T) {
	both(t, "AwaitConnected returns at once when the client is connected", func(t *testing.T, v mqtt.Version) {
		s, _ := up(t, mqtt.Config{Version: v})
		start := time.Now()
		require.NoError(t, s.client.AwaitConnected(t.Context()))
		require.Zero(t, time.Since(start))
	})
	both(t, "AwaitConnected waits for the first connection, and for the next one", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		done := s.awaiting(t.Context())
		pending(t, done)
		conn := s.connect()
		require.NoError(t, <-done)
		conn.Close()
		synctest.Wait()
		done = s.awaiting(t.Context())
		pending(t, done)
		s.accept()
		require.NoError(t, <-done)
	})
	bubble(t, "AwaitConnected outlives a Connect that fails", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.awaiting(t.Context())
		s.server.RefuseDials(errUnreachable)
		require.Error(t, s.client.Connect(t.Context()))
		pending(t, done)
		s.server.RefuseDials(nil)
		s.connect()
		require.NoError(t, <-done)
	})
	bubble(t, "AwaitConnected ends with its context", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		start := time.Now()
		require.ErrorIs(t, s.client.AwaitConnected(closing(t, time.Second)), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
	})
	for name, end := range map[string]func(*mqtt.Client) error{
		"Close": func(c *mqtt.Client) error { return c.Close(context.Background()) },
		"Abort": (*mqtt.Client).Abort,
	} {
		bubble(t, "AwaitConnected and Reconnect return ErrClosed at "+name+", and after", func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			s.server.HoldDials(true)
			conn.Close()
			synctest.Wait()
			done := s.awaiting(t.Context())
			again := later(func() error { return s.client.Reconnect(t.Context()) })
			pending(t, done)
			require.NoError(t, end(s.client))
			for _, err := range []error{
				<-done, <-again, s.client.AwaitConnected(t.Context()), s.client.Reconnect(t.Context()), s.client.Connect(t.Context()),
			} {
				require.ErrorIs(t, err, mqtt.ErrClosed)
			}
		})
	}
}

func TestReconnectCall(t *testing.T) {
	both(t, "Reconnect: DISCONNECT 0x00 without properties, then a connection at once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done, start := later(func() error { return s.client.Reconnect(t.Context()) }), time.Now()
		require.Equal(t, codec.Disconnect{}, *mqtttest.Expect[*codec.Disconnect](t, conn))
		conn.Close()
		next := s.dialled()
		require.Zero(t, time.Since(start))
		pending(t, done)
		next.Handshake(t)
		require.NoError(t, <-done)
		all := events(s.client)
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Reconnecting", "Connected"}, kinds(all))
		require.Equal(t, [2]any{1, time.Duration(0)}, [2]any{all[3].(mqtt.EventReconnecting).Attempt, all[3].(mqtt.EventReconnecting).Delay})
		require.Equal(t, 1, all[4].(mqtt.EventConnected).Attempt)
		s.works(next)
	})
	bubble(t, "Reconnect whose attempt fails: delays begin with the first", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{NoJitter: true}})
		for range 3 {
			conn.Close()
			conn = s.accept()
			require.NoError(t, s.client.AwaitConnected(t.Context()))
		}
		done := later(func() error { return s.client.Reconnect(t.Context()) })
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		s.dialled().Close()
		took, _ := s.gap()
		require.Equal(t, time.Second, took)
		require.NoError(t, <-done)
	})
	bubble(t, "Reconnect doesn't wait for a server that ignores DISCONNECT", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		done, start := later(func() error { return s.client.Reconnect(t.Context()) }), time.Now()
		s.accept()
		require.NoError(t, <-done)
		require.LessOrEqual(t, time.Since(start), time.Second)
	})
	bubble(t, "Reconnect while the client waits: the attempt begins now", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Min: time.Hour, Max: time.Hour}})
		conn.Close()
		synctest.Wait()
		done, start := later(func() error { return s.client.Reconnect(t.Context()) }), time.Now()
		s.accept()
		require.NoError(t, <-done)
		require.Zero(t, time.Since(start))
	})
	bubble(t, "Reconnect before Connect: ErrNotConnected", func(t *testing.T) {
		require.ErrorIs(t, idle(t, mqtt.Config{}).client.Reconnect(t.Context()), mqtt.ErrNotConnected)
	})
	bubble(t, "Reconnect whose context ends: the client goes on connecting", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		require.ErrorIs(t, s.client.Reconnect(closing(t, 10*time.Second)), context.DeadlineExceeded)
		s.works(s.accept())
	})
}

func TestDoneAndErr(t *testing.T) {
	bubble(t, "Done is open and Err nil until the end, whatever happens before", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		s.server.RefuseDials(errUnreachable)
		require.Error(t, s.client.Connect(t.Context()))
		s.server.RefuseDials(nil)
		s.connect().Close()
		synctest.Wait()
		require.NoError(t, s.client.Err())
		select {
		case <-s.client.Done():
			t.Fatal("Done is closed")
		default:
		}
	})
	both(t, "after Close: Done is closed, Err is ErrClosed, the state closed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		go serve(t.Context(), conn)
		done := later(func() error { return s.client.Close(closing(t, time.Minute)) })
		require.NoError(t, <-done)
		require.ErrorIs(t, s.ended(), mqtt.ErrClosed)
		require.Equal(t, mqtt.StateClosed, s.client.State())
	})
	bubble(t, "after giving up: Err says why, and so does every call", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		waiting := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		mqtttest.Expect[*codec.Publish](t, conn)
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.SessionTakenOver}))
		conn.Close()
		require.ErrorIs(t, <-waiting, codec.SessionTakenOver)
		for _, err := range []error{
			s.ended(), s.client.Connect(t.Context()), s.client.AwaitConnected(t.Context()), s.client.Reconnect(t.Context()),
			s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hi")),
		} {
			require.ErrorIs(t, err, codec.SessionTakenOver)
		}
		s.client.Close(t.Context())
		require.ErrorIs(t, s.client.Err(), codec.SessionTakenOver, "a later Close changes nothing")
		for _, open := <-s.client.Messages(); open; _, open = <-s.client.Messages() {
		}
		for range s.client.Events() {
		}
	})
}

package mqtt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestEvents(t *testing.T) {
	both(t, "B071 offline once an outage, also when the first attempt fails", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, RetryFirst: true})
		s.server.RefuseDials(errUnreachable)
		done := s.connecting()
		elapse(time.Minute)
		first := events(s.client)
		require.Equal(t, "Offline", kinds(first)[0])
		require.Greater(t, len(first), 6, "several attempts failed")
		require.Len(t, eventsOf[mqtt.EventOffline](first), 1)

		s.server.RefuseDials(nil)
		conn := s.accept()
		require.NoError(t, <-done)
		s.server.RefuseDials(errUnreachable)
		conn.Close()
		elapse(time.Minute)
		second := events(s.client)
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Reconnecting"}, kinds(second)[:4])
		require.Len(t, eventsOf[mqtt.EventOffline](second), 1)
	})
	both(t, "B072 disconnected for every attempt that fails", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, RetryFirst: true})
		s.server.RefuseDials(errUnreachable)
		s.connecting()
		for range 5 {
			awaitEvent[mqtt.EventReconnecting](s)
		}
		require.Equal(t, 5, s.server.Dials())
		s.server.RefuseDials(nil)
		s.dialled().Close()
		s.told()
		s.refuse(codec.ServerUnavailable)
		require.Equal(t, []string{"Disconnected", "Reconnecting"}, s.told())
	})
	bubble(t, "B072 each attempt of a round tells its server and its error", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://a", "mqtt://user:hush@b"}})
		s.server.RefuseDials(errUnreachable)
		require.Error(t, s.client.Connect(t.Context()))
		told := eventsOf[mqtt.EventDisconnected](events(s.client))
		require.Len(t, told, 2)
		for n, server := range []string{"mqtt://a:1883", "mqtt://b:1883"} {
			require.Equal(t, server, told[n].Server)
			require.Equal(t, server, as[*mqtt.ConnectError](t, told[n].Err).Server)
			require.ErrorIs(t, told[n].Err, errUnreachable)
		}
	})
	both(t, "B073 the state inside the connected and the disconnected event", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		var inside []mqtt.State
		seen := later(func() error {
			for e := range s.client.Events() {
				switch e.(type) {
				case mqtt.EventConnected, mqtt.EventDisconnected, mqtt.EventClosed:
					inside = append(inside, s.client.State())
				}
			}
			return nil
		})
		conn := s.connect()
		s.told()
		conn.Close()
		conn = s.accept()
		go serve(t.Context(), conn)
		s.told()
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		require.NoError(t, <-seen)
		require.Equal(t, []mqtt.State{mqtt.StateConnected, mqtt.StateReconnecting, mqtt.StateConnected}, inside[:3])
		require.NotContains(t, inside[3:], mqtt.StateConnected)
		require.Equal(t, mqtt.StateClosed, inside[len(inside)-1])
	})
	both(t, "B074 the end once, on the first close; the state is closed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		go serve(t.Context(), conn)
		for range 2 {
			require.NoError(t, s.client.Close(closing(t, time.Minute)))
			require.NoError(t, s.client.Abort())
		}
		require.Equal(t, mqtt.StateClosed, s.client.State())
		all := events(s.client)
		require.Equal(t, []string{"Connected", "Disconnected", "Closed"}, kinds(all))
		require.ErrorIs(t, all[2].(mqtt.EventClosed).Err, mqtt.ErrClosed)
	})
	both(t, "B075 a drop: offline, disconnected, reconnecting, connected", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		require.Equal(t, []string{"Connected"}, s.told())
		conn.Close()
		s.accept()
		require.Equal(t, []string{"Offline", "Disconnected", "Reconnecting", "Connected"}, s.told())
	})
	both(t, "B079 nobody reads the events: the client goes on, the oldest go and are counted", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, KeepAlive: -1, Backoff: mqtt.Backoff{Stable: 1}})
		for range 50 {
			elapse(time.Second)
			conn.Close()
			conn = s.accept()
		}
		synctest.Wait() // what is called before the client knows of the connection is a backlog, and told as drained
		s.works(conn)
		all := events(s.client)
		require.Len(t, all, 64)
		require.IsType(t, mqtt.EventConnected{}, all[63])
		require.Equal(t, 1+50*4-64, all[0].Missed())
		for _, e := range all[1:] {
			require.Zero(t, e.Missed())
		}
		require.NoError(t, s.client.Abort())
		require.Equal(t, []string{"Disconnected", "Closed"}, s.told())
		_, open := <-s.client.Events()
		require.False(t, open)
	})
	bubble(t, "B080 an error that nobody listened to can still be had", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		require.NoError(t, s.client.Stats().Link.LastError)
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.ServerShuttingDown}))
		conn.Close()
		s.told()
		require.ErrorIs(t, s.client.Stats().Link.LastError, codec.ServerShuttingDown)
		s.server.RefuseDials(errUnreachable)
		elapse(time.Minute)
		require.ErrorIs(t, s.client.Stats().Link.LastError, errUnreachable)
		require.NoError(t, s.client.Abort())
		require.ErrorIs(t, s.client.Err(), mqtt.ErrClosed)
	})
}

package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestB065RedirectionByDisconnect(t *testing.T) { // §4.11
	upAt := func(t *testing.T, cfg mqtt.Config) (*scene, *mqtttest.Conn) {
		s := idle(t, cfg)
		done := s.connecting()
		conn := s.host("a")
		conn.Handshake(t)
		require.NoError(t, <-done)
		return s, conn
	}
	bubble(t, "the other server is dialled at once, and the session goes on there", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		start := time.Now()
		s.expel(conn, forNow, "b:1883")
		conn = s.host("b")
		require.False(t, conn.Handshake(t, codec.ConnAck{SessionPresent: true}).CleanStart)
		require.Zero(t, time.Since(start))
		again := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, [2]any{p.PacketID, true}, [2]any{again.PacketID, again.Dup})
		require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, <-done)
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Redirected", "Reconnecting", "Connected", "Drained"}, s.told())
	})
	bubble(t, "a server that doesn't know the session has it lost", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		s.subscribe(conn, "x", 1)
		s.expel(conn, forGood, "b")
		conn = s.host("b")
		conn.Handshake(t)
		require.Equal(t, "x", mqtttest.Expect[*codec.Subscribe](t, conn).Subscriptions[0].Filter)
	})
	bubble(t, "0x9C: the configured server has its turn after the next loss", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		s.expel(conn, forNow, "b")
		conn = s.host("b")
		conn.Handshake(t)
		conn.Close()
		s.host("a").Handshake(t)
	})
	bubble(t, "0x9C: likewise after Reconnect", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		s.expel(conn, forNow, "b")
		conn = s.host("b")
		conn.Handshake(t)
		require.NoError(t, s.client.AwaitConnected(t.Context()))
		done := later(func() error { return s.client.Reconnect(t.Context()) })
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		s.host("a").Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "0x9D: the other server stays, and has only one place when it had one before", func(t *testing.T) {
		cfg := anywhere()
		cfg.Servers, cfg.Redirect = []string{"mqtt://a", "mqtt://b"}, mqtt.RedirectListed
		s, conn := upAt(t, cfg)
		s.expel(conn, forGood, "b")
		conn = s.host("b")
		conn.Handshake(t)
		conn.Close()
		for range 3 {
			start := time.Now()
			s.host("b").Close()
			require.NotZero(t, time.Since(start), "there is no other server in the round")
		}
	})
	bubble(t, "a server that fails: the one that sent the client away has had its turn in this round", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		s.expel(conn, forNow, "b")
		s.host("b").Close()
		start := time.Now()
		s.host("a").Handshake(t)
		require.Equal(t, 2*time.Second, time.Since(start))
	})
	bubble(t, "without a reference the next server has its turn, after a delay", func(t *testing.T) {
		cfg := anywhere()
		cfg.Servers = []string{"mqtt://a", "mqtt://z"}
		s, conn := upAt(t, cfg)
		start := time.Now()
		s.expel(conn, forNow, "")
		s.host("z").Handshake(t)
		require.Equal(t, time.Second, time.Since(start))
	})
	bubble(t, "two servers that send the client to and fro aren't hammered", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		start := time.Now()
		var when []time.Duration
		for _, to := range []string{"b", "a", "b", "a"} {
			s.expel(conn, forNow, to)
			conn = s.host(to)
			when = append(when, time.Since(start)/time.Second)
			conn.Handshake(t)
		}
		require.Equal(t, []time.Duration{0, 2, 6, 14}, when)
		s.expel(conn, forNow, "b")
		conn = s.host("a") // once too often: Backoff goes on with the configured server
		require.Equal(t, 30*time.Second, time.Since(start))
		conn.Handshake(t)
		require.NoError(t, s.client.AwaitConnected(t.Context()))
		told := eventsOf[mqtt.EventReconnecting](events(s.client))
		require.ErrorIs(t, told[len(told)-1].Err, mqtt.ErrRedirects)
	})
	bubble(t, "a connection that lived long ends the row", func(t *testing.T) {
		s, conn := upAt(t, anywhere())
		for range 10 {
			for _, to := range []string{"b", "a"} {
				elapse(time.Minute)
				start := time.Now()
				s.expel(conn, forNow, to)
				conn = s.host(to)
				require.Zero(t, time.Since(start))
				conn.Handshake(t)
			}
		}
	})
	bubble(t, "reconnecting turned off: the client ends", func(t *testing.T) {
		cfg := anywhere()
		cfg.Backoff = mqtt.Backoff{Attempts: -1}
		s, conn := upAt(t, cfg)
		s.expel(conn, forNow, "b")
		require.ErrorIs(t, s.ended(), forNow)
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Closed"}, s.told())
	})
	bubble(t, "Retry decides about the delay", func(t *testing.T) {
		cfg := anywhere()
		cfg.Backoff = mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return time.Hour, true }}
		s, conn := upAt(t, cfg)
		s.expel(conn, forNow, "b")
		start := time.Now()
		s.host("b").Handshake(t)
		require.Equal(t, time.Hour, time.Since(start))
	})
}

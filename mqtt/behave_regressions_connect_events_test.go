package mqtt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// ups checks that each connection was told up once and down once, in the order down, reconnecting, up, and counts them. What
// an attempt failed with is no connection's end.
func ups(t *testing.T, all []mqtt.Event) (n int) {
	t.Helper()
	const isUp, isDown, again = "up", "down", "reconnecting"
	state := again // the first connection has nothing before it
	for _, e := range all {
		switch e := e.(type) {
		case mqtt.EventConnected:
			require.Equal(t, again, state, "up after it")
			state = isUp
			n++
		case mqtt.EventDisconnected:
			if _, attempt := e.Err.(*mqtt.ConnectError); attempt {
				require.NotEqual(t, isUp, state, "an attempt beside a connection")
				continue
			}
			require.Equal(t, isUp, state, "down after it")
			state = isDown
		case mqtt.EventReconnecting:
			require.NotEqual(t, isUp, state, "reconnecting after it")
			state = again
		case mqtt.EventClosed:
			require.NotEqual(t, isUp, state, "the end after it")
		}
	}
	return n
}

func TestContract17Reports(t *testing.T) {
	both(t, "Contract17 each connection reports up once and down once: down, reconnecting, up", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, KeepAlive: 20 * time.Second})
		var all []mqtt.Event
		for n, drop := range []func(){
			func() { conn.Close() },
			func() { conn.Reset() },
			func() { conn.SendBytes([]byte{0xff, 0xff}) },
			func() { conn.Send(&codec.Disconnect{Code: codec.ServerBusy}) },
			func() { conn.Stall() }, // until no PINGRESP has come
			func() { conn.SendBytes([]byte{0xd0, 0, 0xd0}); conn.Close() },
		} {
			drop()
			s.dialled().Close() // an attempt that fails
			conn = s.accept()
			all = append(all, s.happened()...)
			require.Equal(t, n+2, ups(t, all))
		}
		done := later(func() error { return s.client.Reconnect(t.Context()) })
		conn = s.accept()
		require.NoError(t, <-done)
		go serve(t.Context(), conn)
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		all = append(all, s.happened()...)
		require.Equal(t, 8, ups(t, all))
		require.IsType(t, mqtt.EventClosed{}, all[len(all)-1])
	})
	both(t, "Contract17 a lost connection closes no channel, the end closes each once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		served := later(func() error { return serve(t.Context(), conn) })
		first, err := s.client.Stream(t.Context(), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.NoError(t, err)
		second, err := s.client.Stream(t.Context(), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "b"})
		require.NoError(t, err)
		conn.Close()
		require.Error(t, <-served)
		go serve(t.Context(), s.accept())
		elapse(time.Minute)
		for _, c := range []<-chan *mqtt.Received{s.client.Messages(), first.Messages(), second.Messages()} {
			select {
			case _, open := <-c:
				t.Fatalf("something came, or the channel is closed: %v", !open)
			default:
			}
		}
		require.NoError(t, first.Close(t.Context()))
		_, open := <-first.Messages()
		require.False(t, open, "closed by its own Close")
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		for range s.client.Events() {
		}
		for _, c := range []<-chan *mqtt.Received{s.client.Messages(), first.Messages(), second.Messages()} {
			_, open := <-c
			require.False(t, open)
		}
		<-s.client.Done()
	})
}

// happened waits until nothing moves any more, and gives the events that came since it was asked last.
func (s *scene) happened() []mqtt.Event {
	synctest.Wait()
	return events(s.client)
}

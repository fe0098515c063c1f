package mqtt_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestConnectRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		version mqtt.Version
		code    codec.ReasonCode
		raw     byte
	}{
		{"B012 refusal of 3.1.1 with code 2", mqtt.V311, codec.ClientIdentifierNotValid, 2},
		{"B012 refusal of 5.0 with code 128", mqtt.V5, codec.UnspecifiedError, 128},
	} {
		bubble(t, c.name, func(t *testing.T) {
			s := idle(t, mqtt.Config{Version: c.version})
			done := s.connecting()
			s.refuse(c.code)
			err := <-done
			require.ErrorIs(t, err, c.code)
			refusal := as[*mqtt.ReasonError](t, err)
			require.Equal(t, [3]any{"CONNACK", c.code, c.raw}, [3]any{refusal.Packet, refusal.Code, refusal.Raw})
			require.Equal(t, "connack", as[*mqtt.ConnectError](t, err).Stage)
			require.NotContains(t, s.told(), "Connected")
		})
	}
	both(t, "B017 a refusal closes the socket from our side", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		done := s.connecting()
		conn, start := s.dialled(), time.Now()
		conn.Handshake(t, codec.ConnAck{Code: codec.NotAuthorized})
		require.ErrorIs(t, <-done, codec.NotAuthorized)
		conn.ExpectClosed(t)
		require.Zero(t, time.Since(start))
	})
	both(t, "B015 no CONNACK: an error after ConnectTimeout, the socket is closed", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, ConnectTimeout: 3 * time.Second})
		done := s.connecting()
		conn, start := s.dialled(), time.Now()
		mqtttest.Expect[*codec.Connect](t, conn)
		err := <-done
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, "connack", as[*mqtt.ConnectError](t, err).Stage)
		require.ErrorIs(t, err, mqtt.ErrConnectTimeout)
		require.ErrorContains(t, err, "ConnectTimeout")
		conn.ExpectClosed(t)
	})
	bubble(t, "B015 no CONNACK: the schedule of attempts goes on", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, ConnectTimeout: 3 * time.Second, Backoff: mqtt.Backoff{NoJitter: true}})
		done, start := s.connecting(), time.Now()
		for _, at := range []time.Duration{0, 3 + 1, 3 + 1 + 3 + 2} {
			conn := s.dialled()
			require.Equal(t, at*time.Second, time.Since(start))
			mqtttest.Expect[*codec.Connect](t, conn)
			conn.ExpectClosed(t)
		}
		s.accept()
		require.NoError(t, <-done)
	})
	bubble(t, "B018 CONNECT waits until TLS is up", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtts://h"}})
		done := s.connecting()
		conn := s.dialled()
		first := make([]byte, 3)
		_, err := conn.Pipe().Read(first)
		require.NoError(t, err)
		require.Equal(t, []byte{0x16, 3}, first[:2], "a TLS handshake record")
		synctest.Wait()
		hello := conn.Pipe().In().Buffered()
		elapse(20 * time.Second)
		require.Equal(t, hello, conn.Pipe().In().Buffered())
		pending(t, done)
	})
}

func TestConnectWithoutServer(t *testing.T) {
	t.Run("B013 TCP connection refused: the cause can be reached", func(t *testing.T) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = mqtt.Connect(t.Context(), "mqtt://u:hush@"+l.Addr().String(), mqtt.Config{})
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		failed := as[*mqtt.ConnectError](t, err)
		require.Equal(t, [2]string{"tcp", "mqtt://" + l.Addr().String()}, [2]string{failed.Stage, failed.Server})
	})
	t.Run("B014 a name without an address: the error, and Close at once", func(t *testing.T) {
		nobody := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, syscall.ENETUNREACH
		}}
		client, err := mqtt.New(mqtt.Config{
			Servers: []string{"mqtt://broker.example"}, Dialer: &net.Dialer{Resolver: nobody}, RetryFirst: true,
			Backoff: mqtt.Backoff{Min: time.Hour, Max: time.Hour},
		})
		require.NoError(t, err)
		done := later(func() error { return client.Connect(context.Background()) })
		var failed *mqtt.ConnectError
		for e := range client.Events() {
			if again, ok := e.(mqtt.EventReconnecting); ok {
				failed = as[*mqtt.ConnectError](t, again.Err)
				break
			}
		}
		require.Equal(t, "dns", failed.Stage)
		as[*net.DNSError](t, failed)
		require.NoError(t, client.Close(closing(t, time.Second)))
		require.ErrorIs(t, <-done, mqtt.ErrClosed)
	})
}

// TestConnectCancelled ends the context of Connect in each stage. The bubble fails when a goroutine outlives it.
func TestConnectCancelled(t *testing.T) {
	for _, c := range []struct {
		name, url string
		prepare   func(*mqtttest.Server)
		reached   func(*scene) *mqtttest.Conn // nil: no connection
	}{
		{"B019 during TCP", "mqtt://h", func(s *mqtttest.Server) { s.HoldDials(true) }, func(*scene) *mqtttest.Conn { return nil }},
		{"B019 during TLS", "mqtts://h", func(*mqtttest.Server) {}, (*scene).dialled},
		{"B019 before CONNACK", "mqtt://h", func(*mqtttest.Server) {}, func(s *scene) *mqtttest.Conn {
			conn := s.dialled()
			mqtttest.Expect[*codec.Connect](s, conn)
			return conn
		}},
	} {
		bubble(t, c.name+": at once, and nothing stays open", func(t *testing.T) {
			s := idle(t, mqtt.Config{Servers: []string{c.url}})
			c.prepare(s.server)
			ctx, cancel := context.WithCancel(t.Context())
			done := later(func() error { return s.client.Connect(ctx) })
			conn, start := c.reached(s), time.Now()
			pending(t, done)
			cancel()
			require.ErrorIs(t, <-done, context.Canceled)
			if conn != nil {
				err := error(nil)
				for err == nil { // past what TLS had written
					_, err = conn.Pipe().Read(make([]byte, 512))
				}
			}
			require.Zero(t, time.Since(start))
			require.Equal(t, mqtt.StateIdle, s.client.State())
			s.noDial(time.Hour)
		})
	}
	t.Run("B019 during DNS: at once", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		slow := &net.Resolver{PreferGo: true, Dial: func(lookup context.Context, _, _ string) (net.Conn, error) {
			cancel()
			<-lookup.Done()
			return nil, lookup.Err()
		}}
		_, err := mqtt.Connect(ctx, "mqtt://broker.example", mqtt.Config{Dialer: &net.Dialer{Resolver: slow}})
		require.ErrorIs(t, err, context.Canceled)
	})
}

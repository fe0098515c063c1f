package mqtt_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

var errUnreachable = errors.New("no way there")

func TestConnectThatFails(t *testing.T) {
	both(t, "a Connect that fails leaves the client idle, and may be called again", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		s.server.RefuseDials(errUnreachable)
		for range 3 {
			require.ErrorIs(t, s.client.Connect(t.Context()), errUnreachable)
			require.Equal(t, mqtt.StateIdle, s.client.State())
			require.NoError(t, s.client.Err())
		}
		s.noDial(time.Hour)
		s.server.RefuseDials(nil)
		s.works(s.connect())
	})
	bubble(t, "a refusal for good leaves the client idle too", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true})
		done := s.connecting()
		s.refuse(codec.BadUserNameOrPassword)
		require.ErrorIs(t, <-done, codec.BadUserNameOrPassword)
		require.Equal(t, mqtt.StateIdle, s.client.State())
		s.noDial(time.Hour)
		s.works(s.connect())
	})
	both(t, "what was published and declared survives it", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		stream, err := s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a/b"})
		require.NoError(t, err)
		d, err := s.client.PublishAsync(t.Context(), message(mqtt.AtLeastOnce, "early"))
		require.NoError(t, err)
		s.server.RefuseDials(errUnreachable)
		require.ErrorIs(t, s.client.Connect(t.Context()), errUnreachable)
		s.server.RefuseDials(nil)

		conn := s.connect()
		sub := mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, "a/b", sub.Subscriptions[0].Filter)
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.NoError(t, conn.Send(&codec.SubAck{PacketID: sub.PacketID, Codes: []codec.ReasonCode{0}}, &codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, d.Wait(t.Context()))
		_, err = stream.Ready(t.Context())
		require.NoError(t, err)
	})
	bubble(t, "the package's Connect closes what it made", func(t *testing.T) {
		server := mqtttest.NewServer()
		server.RefuseDials(errUnreachable)
		client, err := mqtt.Connect(t.Context(), "mqtt://h", mqtt.Config{Dialer: server})
		require.ErrorIs(t, err, errUnreachable)
		require.Nil(t, client)
	})
	bubble(t, "an error tells server, stage, number and cause", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://user:hush@h:7"}})
		s.server.RefuseDials(errUnreachable)
		err := s.client.Connect(t.Context())
		failed := as[*mqtt.ConnectError](t, err)
		require.Equal(t, [3]any{"mqtt://h:7", "tcp", 1}, [3]any{failed.Server, failed.Stage, failed.Attempt})
		require.EqualError(t, err, "mqtt: connect: connect mqtt://h:7: tcp: no way there (attempt 1)")
	})
}

func TestRetryFirst(t *testing.T) {
	bubble(t, "RetryFirst: attempts go on as Backoff says until one is accepted", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{NoJitter: true}})
		s.server.RefuseDials(errUnreachable)
		done := s.connecting()
		elapse(6500 * time.Millisecond)
		pending(t, done)
		require.Equal(t, 3, s.server.Dials(), "after 0, 1 and 3 seconds")
		s.server.RefuseDials(nil)
		took, _ := s.gap()
		require.Equal(t, 500*time.Millisecond, took)
		require.NoError(t, <-done)
		require.Equal(t, 4, awaitEvent[mqtt.EventConnected](s).Attempt)
	})
	bubble(t, "RetryFirst and Backoff.Attempts: Connect fails when they are used up, and may be called again", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{Attempts: 2}})
		s.server.RefuseDials(errUnreachable)
		for n := range 2 {
			require.ErrorIs(t, s.client.Connect(t.Context()), errUnreachable)
			require.Equal(t, 3*(n+1), s.server.Dials())
			require.Equal(t, mqtt.StateIdle, s.client.State())
		}
		s.noDial(time.Hour)
	})
	bubble(t, "ctx ends between two attempts: at once, and no attempt follows", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{Min: time.Hour, Max: time.Hour}})
		s.server.RefuseDials(errUnreachable)
		start := time.Now()
		require.ErrorIs(t, s.client.Connect(closing(t, time.Minute)), context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
		require.Equal(t, mqtt.StateIdle, s.client.State())
		s.noDial(3 * time.Hour)
		s.server.RefuseDials(nil)
		s.works(s.connect())
	})
	bubble(t, "ctx bounds Connect, not the connection", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		done := later(func() error { return s.client.Connect(ctx) })
		conn := s.accept()
		require.NoError(t, <-done)
		cancel()
		s.works(conn)
		conn.Close()
		s.works(s.accept())
	})
	bubble(t, "a Connect whose ctx is over dials nothing", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.client.Connect(ctx), context.Canceled)
		s.noDial(time.Hour)
		require.Zero(t, s.server.Dials())
		require.Equal(t, mqtt.StateIdle, s.client.State())
	})
}

// TestConnectOverAndOver ends the context of Connect at the same moment at which the server does something.
func TestConnectOverAndOver(t *testing.T) {
	for _, c := range []struct {
		name  string
		first bool
		does  func(*mqtttest.Conn)
	}{
		{"accepts", false, func(c *mqtttest.Conn) { c.Send(&codec.ConnAck{}) }},
		{"accepts and closes", false, func(c *mqtttest.Conn) { c.Send(&codec.ConnAck{}); c.Close() }},
		{"refuses", true, func(c *mqtttest.Conn) { c.Send(&codec.ConnAck{Code: codec.ServerBusy}) }},
		{"closes", true, (*mqtttest.Conn).Close},
	} {
		bubble(t, "Connect given up in the moment in which the server "+c.name, func(t *testing.T) {
			s := idle(t, mqtt.Config{RetryFirst: c.first, Session: mqtt.SessionConnection})
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				done := later(func() error { return s.client.Connect(ctx) })
				conn := s.dialled()
				mqtttest.Expect[*codec.Connect](t, conn)
				go cancel()
				go c.does(conn)
				if err := <-done; err == nil {
					s.isUp(conn)
					return
				}
				conn.Close()
			}
			elapse(time.Hour)
			dials := s.server.Dials()
			elapse(time.Hour)
			require.Equal(t, dials, s.server.Dials(), "an idle client dials")
			require.Equal(t, mqtt.StateIdle, s.client.State())
			s.isUp(s.connect())
		})
	}
	bubble(t, "Connect again in the moment in which it was given up", func(t *testing.T) {
		b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		defer b.Close()
		b.Server().RefuseDials(errUnreachable)
		client, err := mqtt.New(mqtt.Config{
			Dialer: b, RetryFirst: true, Backoff: mqtt.Backoff{Min: time.Second, Max: time.Second, NoJitter: true},
		})
		require.NoError(t, err)
		defer client.Abort()
		for range 50 { // the context ends when the second attempt is due
			require.ErrorIs(t, client.Connect(closing(t, time.Second)), context.DeadlineExceeded)
		}
		b.Server().RefuseDials(nil)
		require.NoError(t, client.Connect(closing(t, time.Minute)))
		require.NoError(t, client.Publish(closing(t, time.Minute), message(mqtt.AtLeastOnce, "hi")))
	})
}

// isUp says that a client whose connection that is or was is connected, or connects again.
func (s *scene) isUp(conn *mqtttest.Conn) {
	s.Helper()
	elapse(time.Second)
	if s.client.State() != mqtt.StateConnected {
		conn = s.accept()
	}
	s.works(conn)
}

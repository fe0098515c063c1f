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

func TestStreamClose(t *testing.T) {
	both(t, "Close unsubscribes, waits for the UNSUBACK and closes the channel", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream := s.declare("a", "b")
		grantAll(t, conn, 0, 0)
		done := later(func() error { return stream.Close(soon(t)) })
		p := mqtttest.Expect[*codec.Unsubscribe](t, conn)
		require.Equal(t, []string{"a", "b"}, p.Filters)
		pending(t, done)
		ended(t, stream.Messages())
		send(t, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, 2)})
		require.NoError(t, <-done)
	})
	both(t, "its filters aren't wanted any more", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		done := later(func() error { return stream.Close(soon(t)) })
		release(t, conn)
		require.NoError(t, <-done)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	both(t, "a second Close returns nil, and sends nothing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		done := later(func() error { return stream.Close(soon(t)) })
		release(t, conn)
		require.NoError(t, <-done)
		require.NoError(t, stream.Close(over()))
		conn.ExpectNothing(t, time.Second)
	})
	bubble(t, "a Close whose context ends says so, and the rest happens without it", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stream, _ := s.stream(conn, "a")
		require.ErrorIs(t, stream.Close(closing(t, time.Second)), context.DeadlineExceeded)
		ended(t, stream.Messages())
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
	})
	bubble(t, "with a context that was over before, too", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stream, _ := s.stream(conn, "a")
		require.ErrorIs(t, stream.Close(over()), context.Canceled)
		ended(t, stream.Messages())
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
	})
	for name, present := range map[string]bool{"kept": true, "lost": false} {
		bubble(t, "closed offline it returns at once, and a session that was "+name+" forgets its filters", func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			stream, _ := s.stream(conn, "a")
			conn.Close()
			synctest.Wait()
			start := time.Now()
			require.NoError(t, stream.Close(soon(t)))
			require.Equal(t, start, time.Now())
			ended(t, stream.Messages())
			conn = s.accept(codec.ConnAck{SessionPresent: present})
			if present {
				require.Equal(t, []string{"a"}, release(t, conn).Filters)
			}
			for {
				p, err := conn.Read(closing(t, time.Second))
				if err != nil {
					break
				}
				require.IsType(t, &codec.Unsubscribe{}, p, "nothing subscribes it again")
			}
		})
	}
	bubble(t, "closed before it ever left, nothing is sent", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		stream := s.declare("a")
		require.NoError(t, stream.Close(soon(t)))
		s.connect().ExpectNothing(t, time.Second)
	})
	both(t, "closed between SUBSCRIBE and SUBACK, it is unsubscribed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream := s.declare("a")
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		done := later(func() error { return stream.Close(soon(t)) })
		synctest.Wait()
		send(t, conn, grantOf(p))
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
		require.NoError(t, <-done)
		conn.ExpectNothing(t, time.Second)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	both(t, "closed while a consumer waits on Messages and another on All: both end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		one := later(func() error {
			for range stream.Messages() {
			}
			return nil
		})
		two := later(func() error {
			for range stream.All(context.Background()) {
			}
			return nil
		})
		pending(t, one)
		pending(t, two)
		done := later(func() error { return stream.Close(soon(t)) })
		release(t, conn)
		require.NoError(t, within(t, time.Second, one))
		require.NoError(t, within(t, time.Second, two))
		require.NoError(t, <-done)
	})
	both(t, "closed from its own loop", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		done := later(func() error {
			for range stream.All(soon(t)) {
				if err := stream.Close(soon(t)); err != nil {
					return err
				}
			}
			return nil
		})
		send(t, conn, about("a", 1, 1, "last"))
		release(t, conn)
		require.NoError(t, within(t, time.Second, done))
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
	})
	bubble(t, "the stream of another stays: it is closed by itself alone", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		one, _ := s.stream(conn, "a")
		two, p := s.stream(conn, "b")
		done := later(func() error { return one.Close(soon(t)) })
		release(t, conn)
		require.NoError(t, <-done)
		send(t, conn, bearing(about("b", 0, 0, "x"), p.Properties.SubscriptionIdentifier))
		take(t, two.Messages())
	})
	bubble(t, "Messages' own stream, as Stats has it, can't be closed", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		s.client.Messages()
		all := s.client.Stats().Streams
		require.Len(t, all, 1)
		require.ErrorAs(t, all[0].Stream.Close(soon(t)), new(*mqtt.ArgumentError))
		require.NoError(t, all[0].Stream.Err())
	})
}

func TestStreamErr(t *testing.T) {
	bubble(t, "nil while it lives, also offline", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stream, _ := s.stream(conn, "a")
		require.NoError(t, stream.Err())
		conn.Close()
		synctest.Wait()
		require.NoError(t, stream.Err())
	})
	bubble(t, "ErrClosed after its own Close", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		stream := s.declare("a")
		stream.Close(over())
		require.ErrorIs(t, stream.Err(), mqtt.ErrClosed)
		require.NoError(t, s.client.Err())
	})
	bubble(t, "why the client ended after that", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stream, _ := s.stream(conn, "a")
		send(t, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
		within(t, time.Second, s.client.Done())
		require.ErrorIs(t, stream.Err(), codec.SessionTakenOver)
		require.ErrorIs(t, s.client.Err(), codec.SessionTakenOver)
		_, open := <-stream.Messages()
		require.False(t, open)
	})
	for name, range_ := range map[string]func(*mqtt.Client, *mqtt.Stream){
		"Messages": func(c *mqtt.Client, _ *mqtt.Stream) { exhaust(c.Messages()) },
		"All": func(c *mqtt.Client, _ *mqtt.Stream) {
			c.All(context.Background())(func(*mqtt.Received) bool { return true })
		},
		"Stream.Messages": func(_ *mqtt.Client, s *mqtt.Stream) { exhaust(s.Messages()) },
		"Stream.All": func(_ *mqtt.Client, s *mqtt.Stream) {
			s.All(context.Background())(func(*mqtt.Received) bool { return true })
		},
		"Done":   func(c *mqtt.Client, _ *mqtt.Stream) { <-c.Done() },
		"Events": func(c *mqtt.Client, _ *mqtt.Stream) { exhaust(c.Events()) },
	} {
		bubble(t, "the reason is there as soon as a loop has ended for it: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			stream, _ := s.stream(conn, "a")
			done := later(func() error {
				range_(s.client, stream)
				if err := s.client.Err(); err != nil {
					return stream.Err()
				}
				return nil
			})
			synctest.Wait()
			send(t, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
			require.ErrorIs(t, within(t, time.Second, done), codec.SessionTakenOver)
		})
	}
}

// exhaust reads until the channel is closed.
func exhaust[T any](c <-chan T) {
	for range c {
	}
}

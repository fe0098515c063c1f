package mqtt_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestContract18(t *testing.T) {
	both(t, "Contract18 Close stops admitting and taking subscriptions", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		_, ack := s.owing(conn)
		done := s.closes(time.Minute)
		synctest.Wait()
		require.Equal(t, mqtt.StateClosing, s.client.State())
		for _, q := range []mqtt.QoS{0, 1, 2} {
			err := s.client.Publish(soon(t), message(q, "late"))
			require.ErrorIs(t, err, mqtt.ErrClosed)
			require.ErrorIs(t, err, mqtt.ErrNotSent)
		}
		_, err := s.client.Subscribe(soon(t), mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, mqtt.ErrClosed)
		require.ErrorIs(t, s.client.Unsubscribe(soon(t), "a"), mqtt.ErrClosed)
		_, err = s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, mqtt.ErrClosed)
		send(t, conn, ack)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	both(t, "Contract18 who waits at the door of a full outbox is refused", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Outbox: mqtt.Bounds{Messages: 1}})
		_, ack := s.owing(conn)
		door := later(func() error { return s.client.Publish(soon(t), message(mqtt.AtMostOnce, "door")) })
		pending(t, door)
		done := s.closes(time.Minute)
		err := within(t, time.Second, door)
		require.ErrorIs(t, err, mqtt.ErrClosed)
		require.ErrorIs(t, err, mqtt.ErrNotSent)
		send(t, conn, ack)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	eachQoS(t, "Contract18 Close never waits for the application: what it hasn't taken or acknowledged stays so, and is counted", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, manual(v))
		c := s.client.Messages()
		flood(t, conn, q, 1, 5)
		take(t, c)
		take(t, c)
		start := time.Now()
		done := s.closes(time.Hour)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.Equal(t, &mqtt.UnfinishedError{Unacknowledged: 5}, leftUndone(t, <-done))
		require.Equal(t, start, time.Now())
	})
	eachQoS(t, "Contract18 the acknowledgements that were given leave before DISCONNECT", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, manual(v))
		c := s.client.Messages()
		flood(t, conn, q, 1, 50)
		for range 50 {
			require.NoError(t, take(t, c).Ack())
		}
		done := s.closes(time.Minute)
		for i := range uint16(50) {
			id, _ := answered(t, conn, q)
			require.Equal(t, i+1, id)
		}
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	eachQoS(t, "Contract18 what was taken off the channel too", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v})
		c := s.client.Messages()
		flood(t, conn, q, 1, 100)
		taken := 0
		for range 50 {
			take(t, c)
			taken++
		}
		done := s.closes(time.Minute)
		for i := range uint16(taken) {
			id, _ := answered(t, conn, q)
			require.Equal(t, i+1, id)
		}
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.Equal(t, 50, leftUndone(t, <-done).Unacknowledged)
	})
	both(t, "Contract18 what arrives after Close is neither handed out nor acknowledged", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		c := s.client.Messages()
		_, ack := s.owing(conn)
		done := s.closes(time.Minute)
		synctest.Wait()
		send(t, conn, about("a", 1, 1, "late"))
		empty(t, c)
		send(t, conn, ack)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	both(t, "Contract18 behind DISCONNECT it half-closes, and discards what still arrives until the server closes", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.closes(time.Minute)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		_, err := conn.Read(soon(t))
		require.ErrorContains(t, err, "EOF", "no more from the client")
		for range 100 {
			send(t, conn, about("a", 0, 0, string(make([]byte, 10_000)))) // more than the pipe holds: it is read
		}
		pending(t, done)
		elapse(900 * time.Millisecond)
		pending(t, done)
		conn.Close()
		require.NoError(t, <-done)
	})
	both(t, "Contract18 or until a second has passed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		start := time.Now()
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		require.Equal(t, time.Second, time.Since(start))
		mqtttest.Expect[*codec.Disconnect](t, conn)
	})
	both(t, "Contract18 or its context ends", func(t *testing.T, v mqtt.Version) {
		s, _ := up(t, mqtt.Config{Version: v})
		start := time.Now()
		require.NoError(t, s.client.Close(closing(t, 300*time.Millisecond)))
		require.InDelta(t, 300, time.Since(start).Milliseconds(), 100)
	})
	both(t, "Contract18 a consumer that has stopped doesn't keep the server's end from being read", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 2}})
		s.client.Messages()
		flood(t, conn, 0, 1, 100)
		require.True(t, s.client.Stats().In.Held)
		start := time.Now()
		done := s.closes(time.Minute)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
		require.Equal(t, start, time.Now())
	})
	both(t, "Contract18 when its context ends first the rest ends as not sent and uncertain, and DISCONNECT still leaves", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, MaxInFlight: 2})
		for i := range 5 {
			_, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, strconv.Itoa(i)))
			require.NoError(t, err)
		}
		for range 2 {
			mqtttest.Expect[*codec.Publish](t, conn)
		}
		err := s.client.Close(closing(t, 5*time.Second))
		require.Equal(t, &mqtt.UnfinishedError{NotSent: 3, Uncertain: 2, Err: context.DeadlineExceeded}, leftUndone(t, err))
		for _, is := range []error{mqtt.ErrNotSent, mqtt.ErrUncertain, context.DeadlineExceeded} {
			require.ErrorIs(t, err, is)
		}
		mqtttest.Expect[*codec.Disconnect](t, conn)
	})
	both(t, "Contract18 B214 of several calls the earliest context decides, and all return the same", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.owing(conn)
		start := time.Now()
		late, early, middle := s.closes(time.Hour), s.closes(10*time.Second), s.closes(time.Minute)
		first := <-early
		require.InDelta(t, 10_000, time.Since(start).Milliseconds(), 100)
		require.Equal(t, 1, leftUndone(t, first).Uncertain)
		require.Equal(t, first, <-late)
		require.Equal(t, first, <-middle)
	})
	both(t, "Contract18 Abort while a Close waits ends both", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.owing(conn)
		done := s.closes(time.Hour)
		pending(t, done)
		start := time.Now()
		s.client.Abort()
		require.Equal(t, 1, leftUndone(t, <-done).Uncertain)
		require.Equal(t, start, time.Now())
	})
	both(t, "Contract18 the will is taken back by Close, and sent after Abort", func(t *testing.T, v mqtt.Version) {
		for _, abort := range []bool{false, true} {
			h := host(t, mqtt.Config{Version: v, Will: &mqtt.Will{Topic: "will", Retain: true, Payload: []byte("gone")}}, mqtttest.BrokerConfig{})
			if abort {
				h.client.Abort()
			} else {
				require.NoError(t, h.client.Close(soon(t)))
			}
			synctest.Wait()
			_, fired := h.broker.Retained("will")
			require.Equal(t, abort, fired)
			require.Empty(t, h.broker.Violations())
		}
	})
	both(t, "Contract18 Close ends the session of SessionClient, and leaves a durable one", func(t *testing.T, v mqtt.Version) {
		for kind, left := range map[mqtt.Session]int{mqtt.SessionClient: 0, mqtt.SessionConnection: 0, mqtt.SessionDurable: 1} {
			h := host(t, mqtt.Config{Version: v, Session: kind}, mqtttest.BrokerConfig{})
			require.NoError(t, h.client.Close(soon(t)))
			synctest.Wait()
			require.Equal(t, left, h.broker.Stats().Sessions)
		}
	})
	for name, loop := range map[string]func(s *scene, body func()){
		"Messages": func(s *scene, body func()) {
			for range s.client.Messages() {
				body()
			}
		},
		"All": func(s *scene, body func()) {
			for range s.client.All(context.Background()) {
				body()
			}
		},
	} {
		for where, prepare := range map[string]func(s *scene, conn *mqtttest.Conn){
			"up": func(*scene, *mqtttest.Conn) {},
			"while another Close waits": func(s *scene, conn *mqtttest.Conn) {
				s.owing(conn)
				s.closes(10 * time.Second)
				synctest.Wait()
			},
			"down": func(_ *scene, conn *mqtttest.Conn) { conn.Close(); synctest.Wait() },
		} {
			bubble(t, "Contract18 Regression14 from a consumer's loop over "+name+", "+where, func(t *testing.T) {
				s, conn := up(t, mqtt.Config{})
				s.client.Messages()
				flood(t, conn, 0, 1, 3)
				prepare(s, conn)
				start := time.Now()
				rounds := 0
				done := later(func() error {
					var err error
					loop(s, func() {
						rounds++
						err = s.client.Close(closing(t, time.Minute))
					})
					return err
				})
				err := within(t, time.Hour, done)
				require.LessOrEqual(t, time.Since(start), 10*time.Second)
				require.Equal(t, 1, rounds, "nothing is handed out after the end")
				if where != "while another Close waits" {
					require.NoError(t, err)
				}
			})
		}
	}
}

func TestCloseByGivingUp(t *testing.T) {
	none := mqtt.Backoff{Attempts: -1}
	bubble(t, "B208 keep-alive timeout without reconnecting: publish and unsubscribe end with the reason", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Session: mqtt.SessionConnection, Backoff: none, KeepAlive: 10 * time.Second})
		published, _ := s.owing(conn)
		unsubscribed := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		for _, done := range []<-chan error{published, unsubscribed} {
			err := within(t, time.Minute, done)
			require.ErrorIs(t, err, mqtt.ErrUncertain)
		}
		<-s.client.Done()
		require.ErrorIs(t, s.client.Err(), mqtt.ErrNoPingResp)
		require.ErrorIs(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "")), mqtt.ErrNoPingResp)
	})
	both(t, "B209 closed by the server without reconnecting: subscribe ends with the reason", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Backoff: none})
		subscribed := s.subscribing(mqtt.Subscription{Filter: "a"})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		c := s.client.Messages()
		conn.Close()
		require.ErrorIs(t, within(t, time.Second, subscribed).err, mqtt.ErrUncertain)
		<-s.client.Done()
		require.Error(t, s.client.Err())
		require.NotErrorIs(t, s.client.Err(), mqtt.ErrClosed)
		ended(t, c)
		require.NoError(t, s.client.Close(soon(t)))
	})
}

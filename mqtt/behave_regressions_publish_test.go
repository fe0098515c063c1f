package mqtt_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestRegression1(t *testing.T) {
	const burst = 1000
	for _, loop := range []string{"Messages", "All"} {
		both(t, "Regression1 a burst whose consumer publishes QoS 1 and waits for each: all complete, with "+loop, func(t *testing.T, v mqtt.Version) {
			s, broker := brokered(t, mqtt.Config{Version: v}, mqtttest.BrokerConfig{})
			_, err := s.client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a/b", QoS: mqtt.AtLeastOnce})
			require.NoError(t, err)
			for i := range burst {
				require.NoError(t, broker.Publish(*incoming(codec.AtLeastOnce, 0, numbered(i))))
			}
			received := s.client.All(t.Context())
			if loop == "Messages" {
				received = func(yield func(*mqtt.Received) bool) {
					for m := range s.client.Messages() {
						if !yield(m) {
							return
						}
					}
				}
			}
			n := 0
			for m := range received {
				require.Equal(t, numbered(n), string(m.Payload))
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				require.NoError(t, s.client.Publish(ctx, mqtt.Message{Topic: "answers", QoS: mqtt.AtLeastOnce}))
				stop()
				if n++; n == burst {
					break
				}
			}
			require.Len(t, broker.Received(), burst)
			require.Empty(t, broker.Violations())
			require.Equal(t, 1, broker.Connections())
		})
	}
	both(t, "Regression1 a burst beyond what Receive Maximum holds, while the server owes nothing", func(t *testing.T, v mqtt.Version) {
		s, broker := brokered(t, mqtt.Config{Version: v, ReceiveMaximum: 10, Inbox: mqtt.Bounds{Messages: 10}}, mqtttest.BrokerConfig{})
		_, err := s.client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a/b", QoS: mqtt.ExactlyOnce})
		require.NoError(t, err)
		for i := range burst {
			require.NoError(t, broker.Publish(*incoming(codec.ExactlyOnce, 0, numbered(i))))
		}
		for i := range burst {
			m := <-s.client.Messages()
			require.Equal(t, numbered(i), string(m.Payload))
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			require.NoError(t, s.client.Publish(ctx, mqtt.Message{Topic: "answers", QoS: mqtt.ExactlyOnce}))
			stop()
		}
		require.Len(t, broker.Received(), burst)
		require.Empty(t, broker.Violations())
	})
}

func TestRegression3(t *testing.T) {
	const n = 60_000
	both(t, "Regression3 60,000 messages in to a server that reads slowly: 60,000 acknowledgements, in order", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, ReceiveMaximum: 65_535, KeepAlive: -1})
		conn.Pipe().In().SetSize(2048)
		sent := later(func() error {
			var b []byte
			for i := range n {
				b, _ = incoming(codec.AtLeastOnce, uint16(i+1), "").Append(b, codec.Version(v))
			}
			return conn.SendBytes(b)
		})
		go func() {
			for range s.client.Messages() {
			}
		}()
		for i := range n {
			if i%1000 == 0 {
				time.Sleep(time.Second) // the write deadline is one of no progress
			}
			b, err := conn.ReadRaw(t.Context())
			require.NoError(t, err)
			if want := []byte{0x40, 2, byte((i + 1) >> 8), byte(i + 1)}; string(b) != string(want) {
				t.Fatalf("%x, want %x", b, want)
			}
		}
		require.NoError(t, <-sent)
		quiet(t, conn)
	})
}

func TestRegression4(t *testing.T) {
	publish := func(s *scene, q mqtt.QoS) (time.Duration, error) {
		ctx, stop := context.WithTimeout(s.Context(), time.Second)
		defer stop()
		start := time.Now()
		err := s.client.Publish(ctx, message(q, string(make([]byte, 1000))))
		return time.Since(start), err
	}
	for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("Regression4 a server that stops reading: Publish returns when its context ends, QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			stuck(conn, 1)
			for range 5 {
				took, err := publish(s, q)
				require.Equal(t, time.Second, took)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	}
	for name, most := range map[string]int{"the default outbox": 16_384, "a small outbox": 10} {
		both(t, "Regression4 a server that stops reading: QoS 0 returns when its context ends, once the outbox is full: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, Outbox: mqtt.Bounds{Messages: most}})
			stuck(conn, 1)
			admitted := 0
			for {
				took, err := publish(s, mqtt.AtMostOnce)
				if err != nil {
					require.Equal(t, time.Second, took)
					requireOnly(t, err, mqtt.ErrNotSent)
					break
				}
				require.Zero(t, took)
				admitted++
			}
			require.LessOrEqual(t, admitted, most)
			for range 3 {
				took, err := publish(s, mqtt.AtMostOnce)
				require.Equal(t, time.Second, took)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	}
	both(t, "Regression4 then the write timeout drops the link, and all goes on with the next", func(t *testing.T, v mqtt.Version) {
		cfg := keptSession(v)
		cfg.WriteTimeout = 7 * time.Second
		s, conn := up(t, cfg)
		stuck(conn, 1)
		start := time.Now()
		d := s.async(mqtt.AtLeastOnce, "hi")
		conn2, err := s.server.Accept(t.Context())
		require.NoError(t, err)
		took := time.Since(start)
		require.GreaterOrEqual(t, took, 7*time.Second)
		require.LessOrEqual(t, took, 8*time.Second) // and the first delay of Backoff
		down := events(s.client)[2].(mqtt.EventDisconnected)
		require.ErrorIs(t, down.Err, mqtt.ErrWriteTimeout)
		conn2.Handshake(t, codec.ConnAck{SessionPresent: true})
		finish(t, conn2, expectPayload(t, conn2, "hi"))
		require.NoError(t, outcomeOf(t, d))
	})
}

func TestRegression6(t *testing.T) {
	for _, c := range []struct {
		name string
		qos  mqtt.QoS
		lost mqtt.SessionLost
	}{
		{"QoS 2", mqtt.ExactlyOnce, mqtt.LostRepublish}, {"QoS 1 with LostFail", mqtt.AtLeastOnce, mqtt.LostFail}, {"QoS 2 with LostFail", mqtt.ExactlyOnce, mqtt.LostFail},
	} {
		both(t, "Regression6 a drop with SessionConnection: Publish returns at once with ErrUncertain, "+c.name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, Session: mqtt.SessionConnection, OnSessionLost: c.lost})
			done := later(func() error { return s.client.Publish(t.Context(), message(c.qos, "hi")) })
			expectPayload(t, conn, "hi")
			pending(t, done)
			conn.Close()
			requireOnly(t, within(t, 10*time.Millisecond, done), mqtt.ErrUncertain)
			quiet(t, s.accept())
		})
	}
	both(t, "Regression6 QoS 1 with LostRepublish waits for the next connection instead", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Session: mqtt.SessionConnection})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		expectPayload(t, conn, "hi")
		conn.Close()
		pending(t, done)
		conn = s.accept()
		p := expectPayload(t, conn, "hi")
		require.False(t, p.Dup)
		finish(t, conn, p)
		require.NoError(t, <-done)
	})
}

func TestRegression8(t *testing.T) {
	both(t, "Regression8 Session Present 0: nothing is sent with DUP, and what goes on does so as new", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		publishAll(s, 1, 2, 1, 2)
		for i := range 4 {
			expectPayload(t, conn, numbered(i))
		}
		conn.Close()
		conn = s.accept()
		for _, i := range []int{0, 2} {
			require.False(t, expectPayload(t, conn, numbered(i)).Dup)
		}
		quiet(t, conn)
		synctest.Wait()
		require.EqualValues(t, 2, s.client.Stats().Out.Uncertain)
	})
	both(t, "Regression8 Session Present 0: no PUBREL of the old session", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		conn.Close()
		quiet(t, s.accept())
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
	})
}

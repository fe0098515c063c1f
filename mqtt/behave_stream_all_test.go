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

// first gives the message that a loop over All had when it was left.
func first(t *testing.T, s *scene) (had *mqtt.Received) {
	t.Helper()
	for m := range s.client.All(soon(t)) {
		return m
	}
	t.Fatal("the loop had nothing")
	return nil
}

func TestStreamAll(t *testing.T) {
	both(t, "a loop ends with its context, and takes nothing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		ctx, cancel := context.WithCancel(context.Background())
		done := later(func() error {
			for range s.client.All(ctx) {
				t.Error("a message came")
			}
			return nil
		})
		pending(t, done)
		cancel()
		require.NoError(t, within(t, time.Second, done))
		send(t, conn, about("a", 1, 1, "1"))
		for range s.client.All(ctx) {
			t.Error("a message came though the context was over")
		}
		m := take(t, s.client.Messages())
		require.False(t, m.Redelivered)
	})
	both(t, "its context may end in the body: what that had is acknowledged", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", 1, 1, "1"), about("a", 1, 2, "2"))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		n := 0
		for range s.client.All(ctx) {
			n++
			cancel()
		}
		require.Equal(t, 1, n)
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "several loops share the messages, each in one of them", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		ctx, cancel := context.WithCancel(context.Background())
		got := make(chan string, 100)
		var loops []<-chan error
		for range 3 {
			loops = append(loops, later(func() error {
				for m := range s.client.All(ctx) {
					got <- string(m.Payload)
					elapse(time.Second)
				}
				return nil
			}))
		}
		flood(t, conn, 1, 1, 30)
		for i := range uint16(30) {
			require.Equal(t, i+1, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		}
		cancel()
		for _, done := range loops {
			require.NoError(t, <-done)
		}
		close(got)
		var all []string
		for p := range got {
			all = append(all, p)
		}
		require.ElementsMatch(t, counting(1, 30), all)
	})
	both(t, "a message goes to Messages or All, whoever asks first", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		ctx, cancel := context.WithCancel(context.Background())
		looped, taken := 0, 0
		loop := later(func() error {
			for range s.client.All(ctx) {
				looped++
			}
			return nil
		})
		taking := later(func() error {
			for range s.client.Messages() {
				taken++
			}
			return nil
		})
		flood(t, conn, 0, 1, 1000)
		cancel()
		<-loop
		s.client.Abort()
		<-taking
		require.Equal(t, 1000, looped+taken)
	})
	both(t, "by hand, the end of the body acknowledges nothing and gives nothing back", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		send(t, conn, about("a", 1, 1, "1"), about("a", 1, 2, "2"))
		var held *mqtt.Received
		for m := range s.client.All(soon(t)) {
			if held != nil {
				require.Equal(t, "2", string(m.Payload))
				require.NoError(t, m.Ack())
				break
			}
			held = m
		}
		conn.ExpectNothing(t, time.Second)
		empty(t, s.client.Messages())
		require.NoError(t, held.Ack())
		for want := range uint16(2) {
			require.Equal(t, want+1, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		}
	})
	both(t, "given back at QoS 0: again the first, marked", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		flood(t, conn, 0, 1, 2)
		require.Equal(t, "1", string(first(t, s).Payload))
		m := first(t, s)
		require.Equal(t, "1", string(m.Payload))
		require.True(t, m.Redelivered)
		require.Equal(t, []string{"1", "2"}, payloads(t, s.client.Messages(), 2))
	})
	both(t, "given back, and the connection lost: the server's copy alone is handed out", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, durable(v))
		send(t, conn, about("a", 1, 1, "1"))
		first(t, s)
		synctest.Wait()
		conn.Close()
		conn = s.resume()
		synctest.Wait()
		empty(t, s.client.Messages())
		again := about("a", 1, 1, "1")
		again.Dup = true
		send(t, conn, again)
		m := take(t, s.client.Messages())
		require.True(t, m.Redelivered)
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		empty(t, s.client.Messages())
	})
	both(t, "given back at QoS 2, and the connection lost: handed out once, from here", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, durable(v))
		send(t, conn, about("a", 2, 1, "1"))
		first(t, s)
		synctest.Wait()
		conn.Close()
		conn = s.resume()
		again := about("a", 2, 1, "1")
		again.Dup = true
		send(t, conn, again)
		conn.ExpectNothing(t, time.Second)
		require.True(t, take(t, s.client.Messages()).Redelivered)
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
		empty(t, s.client.Messages())
	})
	both(t, "given back after the connection was lost in the body", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, durable(v))
		send(t, conn, about("a", 1, 1, "1"))
		for range s.client.All(soon(t)) {
			conn.Close()
			conn = s.resume()
			synctest.Wait()
			break
		}
		empty(t, s.client.Messages())
		again := about("a", 1, 1, "1")
		again.Dup = true
		send(t, conn, again)
		require.True(t, take(t, s.client.Messages()).Redelivered)
	})
	both(t, "a body during which the connection is lost: it comes again, for the acknowledgement was too late", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, durable(v))
		send(t, conn, about("a", 1, 1, "1"))
		rounds := 0
		for m := range s.client.All(soon(t)) {
			if rounds++; rounds == 2 {
				require.True(t, m.Redelivered)
				break
			}
			conn.Close()
			conn = s.resume()
			again := about("a", 1, 1, "1")
			again.Dup = true
			send(t, conn, again)
		}
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "given back to a stream that was closed in the body: acknowledged and discarded", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		send(t, conn, about("a", 1, 1, "1"))
		for range stream.All(soon(t)) {
			done := later(func() error { return stream.Close(soon(t)) })
			release(t, conn)
			require.NoError(t, <-done)
			break
		}
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		require.EqualValues(t, 1, s.client.Stats().In.Discarded)
	})
	both(t, "what was received can be published again as it is", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		p := about("a", 1, 7, "again")
		if v == mqtt.V5 {
			p.Properties = &codec.PublishProperties{ContentType: "text", SubscriptionIdentifiers: []uint32{3}, UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}
		}
		send(t, conn, p)
		m := take(t, s.client.Messages())
		mqtttest.Expect[*codec.PubAck](t, conn)
		m.Topic = "b"
		_, err := s.client.PublishAsync(soon(t), m.Message)
		require.NoError(t, err)
		out := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, "b", out.Topic)
		require.Equal(t, codec.AtLeastOnce, out.QoS)
		require.Equal(t, "again", string(out.Payload))
		if v == mqtt.V5 {
			require.Equal(t, &codec.PublishProperties{ContentType: "text", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}, out.Properties)
		}
	})
	both(t, "a payload is the application's own: its capacity is its length", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", 0, 0, "one"), about("a", 0, 0, "two"))
		m := take(t, s.client.Messages())
		require.Equal(t, len(m.Payload), cap(m.Payload))
		m.Payload = append(m.Payload, "overwritten"...)
		require.Equal(t, "two", string(take(t, s.client.Messages()).Payload))
	})
}

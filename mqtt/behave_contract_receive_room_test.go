package mqtt_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// flood sends n messages whose payloads count.
func flood(t *testing.T, conn *mqtttest.Conn, qos codec.QoS, from, n int) {
	t.Helper()
	for i := range n {
		id := uint16(0)
		if qos > 0 {
			id = uint16(from + i)
		}
		send(t, conn, about("a", qos, id, strconv.Itoa(from+i)))
	}
	synctest.Wait()
}

// counting gives payloads as flood makes them.
func counting(from, n int) (all []string) {
	for i := range n {
		all = append(all, strconv.Itoa(from+i))
	}
	return all
}

// owing publishes at QoS 1, and leaves the answer open.
func (s *scene) owing(conn *mqtttest.Conn) (done <-chan error, answer *codec.PubAck) {
	s.Helper()
	done = later(func() error { return s.client.Publish(soon(s.T), message(mqtt.AtLeastOnce, "out")) })
	return done, &codec.PubAck{PacketID: mqtttest.Expect[*codec.Publish](s, conn).PacketID}
}

func TestContract12(t *testing.T) {
	both(t, "Contract12 answers to our own calls pass a consumer that has stopped", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, ReceiveMaximum: 4, Inbox: mqtt.Bounds{Messages: 4}})
		s.client.Messages()
		flood(t, conn, 0, 1, 20)
		flood(t, conn, 1, 1, 4)
		published, ack := s.owing(conn)
		subscribed := s.subscribing(mqtt.Subscription{Filter: "x"})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		send(t, conn, ack, grantOf(p))
		require.NoError(t, within(t, time.Second, published))
		require.NoError(t, within(t, time.Second, subscribed).err)
		unsubscribed := later(func() error { return s.client.Unsubscribe(soon(t), "x") })
		release(t, conn)
		require.NoError(t, within(t, time.Second, unsubscribed))
		exactly := later(func() error { return s.client.Publish(soon(t), message(mqtt.ExactlyOnce, "out")) })
		id := mqtttest.Expect[*codec.Publish](t, conn).PacketID
		send(t, conn, &codec.PubRec{PacketID: id})
		mqtttest.Expect[*codec.PubRel](t, conn)
		send(t, conn, &codec.PubComp{PacketID: id})
		require.NoError(t, within(t, time.Second, exactly))
	})
	both(t, "Contract12 while none is owed, QoS 0 without room stops the reading, and nothing is lost", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 4}})
		c := s.client.Messages()
		flood(t, conn, 0, 1, 20)
		st := s.client.Stats()
		require.True(t, st.In.Held)
		require.Equal(t, 4, st.Streams[0].Depth.Messages)
		require.Equal(t, counting(1, 20), payloads(t, c, 20))
		synctest.Wait()
		require.False(t, s.client.Stats().In.Held)
		require.Zero(t, s.client.Stats().In.Dropped)
	})
	both(t, "Contract12 while an answer is owed, QoS 0 without room is dropped, the newest first, and counted", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 4}})
		c := s.client.Messages()
		published, ack := s.owing(conn)
		flood(t, conn, 0, 1, 20)
		st := s.client.Stats()
		require.False(t, st.In.Held)
		require.EqualValues(t, 16, st.In.Dropped)
		send(t, conn, ack)
		require.NoError(t, <-published)
		require.Equal(t, counting(1, 4), payloads(t, c, 4))
		empty(t, c)
		told := 0
		for _, e := range events(s.client) {
			if e, ok := e.(mqtt.EventDropped); ok {
				told += e.Count
			}
		}
		require.Equal(t, 16, told)
	})
	both(t, "Contract12 reading that is held goes on when an answer becomes owed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 4}})
		c := s.client.Messages()
		flood(t, conn, 0, 1, 20)
		published, ack := s.owing(conn)
		synctest.Wait()
		send(t, conn, ack)
		require.NoError(t, within(t, time.Second, published))
		require.Equal(t, counting(1, 4), payloads(t, c, 4))
		empty(t, c)
		require.EqualValues(t, 16, s.client.Stats().In.Dropped)
	})
	both(t, "Contract12 a write without progress for a second counts as owed: nobody waits in a circle", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 4}, WriteTimeout: time.Hour, KeepAlive: -1})
		s.client.Messages()
		flood(t, conn, 0, 1, 20)
		conn.Stall()
		for range 3 {
			require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, string(make([]byte, 60_000)))))
		}
		synctest.Wait()
		require.True(t, s.client.Stats().In.Held)
		elapse(2 * time.Second)
		synctest.Wait()
		require.False(t, s.client.Stats().In.Held)
	})
	both(t, "Contract12 QoS 1 and 2 are kept while an answer is owed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, ReceiveMaximum: 8})
		c := s.client.Messages()
		published, ack := s.owing(conn)
		flood(t, conn, 1, 1, 4)
		flood(t, conn, 2, 5, 4)
		send(t, conn, ack)
		require.NoError(t, within(t, time.Second, published))
		require.Equal(t, counting(1, 8), payloads(t, c, 8))
	})
	bubble(t, "Contract12 on 3.1.1 Receive Maximum unacknowledged stop the reading while none is owed", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, ReceiveMaximum: 4, Ack: mqtt.AckManual})
		c := s.client.Messages()
		flood(t, conn, 1, 1, 10)
		require.True(t, s.client.Stats().In.Held)
		var all []*mqtt.Received
		for range 4 {
			all = append(all, take(t, c))
		}
		empty(t, c)
		for i := range uint16(10) {
			require.NoError(t, all[i].Ack())
			require.Equal(t, i+1, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
			if i < 6 {
				all = append(all, take(t, c))
			}
		}
	})
	bubble(t, "Contract12 on 3.1.1 more than that is kept while one is owed, as far as InboxHard", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, ReceiveMaximum: 4, InboxHard: mqtt.Bounds{Messages: 10}})
		c := s.client.Messages()
		published, ack := s.owing(conn)
		flood(t, conn, 1, 1, 10)
		send(t, conn, ack)
		require.NoError(t, within(t, time.Second, published))
		require.Equal(t, counting(1, 10), payloads(t, c, 10))
		for i := range uint16(10) {
			require.Equal(t, i+1, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		}
	})
	bubble(t, "Contract12 on 3.1.1 beyond InboxHard the connection ends with ErrInboundOverrun, and is made anew", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, ReceiveMaximum: 4, InboxHard: mqtt.Bounds{Messages: 10}})
		s.client.Messages()
		s.owing(conn)
		flood(t, conn, 1, 1, 11)
		conn.ExpectClosed(t)
		s.accept()
		synctest.Wait()
		require.ErrorIs(t, disconnected(events(s.client)), mqtt.ErrInboundOverrun)
	})
	bubble(t, "Contract12 on 5.0 beyond InboxHard's bytes it ends likewise, with DISCONNECT 0x97", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{InboxHard: mqtt.Bounds{Bytes: 1000}})
		s.client.Messages()
		s.owing(conn)
		for i := range uint16(3) {
			send(t, conn, about("a", 1, i+1, string(make([]byte, 400))))
		}
		require.Equal(t, codec.QuotaExceeded, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
		conn.Close()
		s.resume()
		synctest.Wait()
		require.ErrorIs(t, disconnected(events(s.client)), mqtt.ErrInboundOverrun)
	})
	both(t, "Contract12 while none is owed, InboxHard's bytes stop the reading", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, InboxHard: mqtt.Bounds{Bytes: 1000}})
		c := s.client.Messages()
		for i := range uint16(10) {
			send(t, conn, about("a", 1, i+1, string(make([]byte, 400))))
		}
		synctest.Wait()
		require.True(t, s.client.Stats().In.Held)
		payloads(t, c, 10)
	})
}

// disconnected is why the first connection ended.
func disconnected(all []mqtt.Event) error {
	for _, e := range all {
		if e, ok := e.(mqtt.EventDisconnected); ok {
			return e.Err
		}
	}
	return nil
}

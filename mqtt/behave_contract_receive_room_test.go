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

func TestContract14(t *testing.T) {
	both(t, "Contract14 what comes before anybody listens is kept for the first who does", func(t *testing.T, v mqtt.Version) {
		s := idle(t, durable(v))
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		flood(t, conn, 1, 1, 5)
		conn.ExpectNothing(t, 29*time.Second)
		require.Equal(t, counting(1, 5), payloads(t, s.client.Messages(), 5))
	})
	both(t, "Contract14 a stream that is declared takes over what matches, in order", func(t *testing.T, v mqtt.Version) {
		s := idle(t, durable(v))
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		send(t, conn, about("a/1", 1, 1, "1"), about("b", 1, 2, "2"), about("a/2", 2, 3, "3"), about("a/3", 0, 0, "4"))
		synctest.Wait()
		stream := s.declare("a/+")
		grant(t, conn)
		send(t, conn, about("a/4", 1, 4, "5"))
		require.Equal(t, []string{"1", "3", "4", "5"}, payloads(t, stream.Messages(), 4))
		require.Equal(t, []string{"2"}, payloads(t, s.client.Messages(), 1))
	})
	both(t, "Contract14 also when Messages was asked for, and offers the first of them", func(t *testing.T, v mqtt.Version) {
		s := idle(t, durable(v))
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		c := s.client.Messages()
		send(t, conn, about("a/1", 1, 1, "1"), about("b", 1, 2, "2"), about("a/2", 2, 3, "3"))
		synctest.Wait()
		stream := s.declare("a/+")
		require.Equal(t, []string{"1", "3"}, payloads(t, stream.Messages(), 2))
		require.Equal(t, []string{"2"}, payloads(t, c, 1))
		empty(t, c)
	})
	both(t, "Contract14 when nobody asks within StallAfter it is acknowledged, counted and told once a topic", func(t *testing.T, v mqtt.Version) {
		cfg := durable(v)
		cfg.StallAfter = 10 * time.Second
		s := idle(t, cfg)
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		events(s.client)
		send(t, conn, about("a", 1, 1, ""), about("a", 2, 2, ""), about("b", 0, 0, ""))
		conn.ExpectNothing(t, 9*time.Second)
		mqtttest.Expect[*codec.PubAck](t, conn)
		mqtttest.Expect[*codec.PubRec](t, conn)
		require.ElementsMatch(t, []mqtt.Event{mqtt.EventUnclaimed{Topic: "a", Count: 2}, mqtt.EventUnclaimed{Topic: "b", Count: 1}}, events(s.client))
		send(t, conn, about("a", 1, 3, ""))
		mqtttest.Expect[*codec.PubAck](t, conn)
		require.Empty(t, events(s.client))
		require.EqualValues(t, 4, s.client.Stats().In.Unclaimed)
		c := s.client.Messages()
		send(t, conn, about("a", 1, 4, "asked for"))
		require.Equal(t, "asked for", string(take(t, c).Payload))
	})
	for name, ask := range map[string]func(s *scene, conn *mqtttest.Conn){
		"Messages": func(s *scene, _ *mqtttest.Conn) { s.client.Messages() },
		"All":      func(s *scene, _ *mqtttest.Conn) { s.client.All(soon(s.T)) },
		"Subscribe": func(s *scene, conn *mqtttest.Conn) {
			s.subscribe(conn, "x", mqtt.AtMostOnce)
		},
	} {
		bubble(t, "Contract14 nothing is given up once somebody has asked by "+name, func(t *testing.T) {
			s := idle(t, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "c", KeepAlive: -1})
			conn := s.connect(codec.ConnAck{SessionPresent: true})
			ask(s, conn)
			send(t, conn, about("a", 1, 1, ""))
			conn.ExpectNothing(t, time.Hour)
			take(t, s.client.Messages())
		})
	}
	bubble(t, "Contract14 nor when Config.Subscriptions ask", func(t *testing.T) {
		s := idle(t, mqtt.Config{KeepAlive: -1, Subscriptions: []mqtt.Subscription{{Filter: "a"}}})
		conn := s.connect()
		grant(t, conn)
		send(t, conn, about("a", 1, 1, ""))
		conn.ExpectNothing(t, time.Hour)
		take(t, s.client.Messages())
	})
	both(t, "Contract14 what a stream held when it was closed is acknowledged and counted as discarded", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		c := s.client.Messages()
		flood(t, conn, 1, 1, 5)
		done := later(func() error { return stream.Close(soon(t)) })
		var unsubscribe *codec.Unsubscribe
		acked := 0
		for unsubscribe == nil || acked < 5 {
			switch p := within(t, time.Second, nextPacket(t, conn)).(type) {
			case *codec.PubAck:
				acked++
				require.Equal(t, uint16(acked), p.PacketID)
			case *codec.Unsubscribe:
				unsubscribe = p
			}
		}
		send(t, conn, about("a", 1, 9, "before UNSUBACK"))
		require.Equal(t, uint16(9), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		require.EqualValues(t, 6, s.client.Stats().In.Discarded)
		send(t, conn, &codec.UnsubAck{PacketID: unsubscribe.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(t, <-done)
		empty(t, c)
		send(t, conn, about("a", 1, 10, "after"))
		require.Equal(t, "after", string(take(t, c).Payload))
	})
}

package mqtt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

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
	both(t, "Contract14 what finds no room before that waits with the server", func(t *testing.T, v mqtt.Version) {
		cfg := durable(v)
		cfg.Inbox = mqtt.Bounds{Messages: 4}
		s := idle(t, cfg)
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		flood(t, conn, 0, 1, 20)
		require.True(t, s.client.Stats().In.Held)
		require.EqualValues(t, 4, s.client.Stats().In.Received)
		elapse(31 * time.Second)
		synctest.Wait()
		require.False(t, s.client.Stats().In.Held)
		require.EqualValues(t, 20, s.client.Stats().In.Unclaimed)
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
	both(t, "Contract14 and so is what comes before UNSUBACK in the same read", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		c := s.client.Messages()
		for i := range 100 {
			stream, _ := s.stream(conn, "a")
			done := later(func() error { return stream.Close(soon(t)) })
			unsubscribe := mqtttest.Expect[*codec.Unsubscribe](t, conn)
			send(t, conn, about("a", 1, 9, "before"), &codec.UnsubAck{PacketID: unsubscribe.PacketID, Codes: []codec.ReasonCode{0}})
			require.NoError(t, <-done)
			require.Equal(t, uint16(9), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
			require.EqualValues(t, i+1, s.client.Stats().In.Discarded)
		}
		empty(t, c)
	})
}

package mqtt_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// durable is a configuration whose session each version can resume.
func durable(v mqtt.Version) mqtt.Config {
	return mqtt.Config{Version: v, Session: mqtt.SessionDurable, ClientID: "c"}
}

func manual(v mqtt.Version) mqtt.Config {
	cfg := durable(v)
	cfg.Ack = mqtt.AckManual
	return cfg
}

func TestContract13(t *testing.T) {
	eachQoS(t, "Contract13 acknowledged in any order, from any goroutine, they leave in arrival order", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, manual(v))
		const n = 50
		var all []*mqtt.Received
		for i := range uint16(n) {
			send(t, conn, about("a", q, i+1, ""))
			all = append(all, take(t, s.client.Messages()))
		}
		var acks sync.WaitGroup
		for i := n - 1; i > 0; i-- {
			acks.Go(func() {
				if err := all[i].Ack(); err != nil {
					t.Error(err)
				}
			})
		}
		acks.Wait()
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, all[0].Ack())
		for i := range uint16(n) {
			id, _ := answered(t, conn, q)
			require.Equal(t, i+1, id)
		}
	})
	both(t, "Contract13 the order is the connection's, over all streams and QoS", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		one, _ := s.stream(conn, "a")
		two, _ := s.stream(conn, "b")
		send(t, conn, about("a", 1, 1, ""), about("b", 2, 2, ""), about("a", 1, 3, ""))
		first, second, third := take(t, one.Messages()), take(t, two.Messages()), take(t, one.Messages())
		require.NoError(t, third.Ack())
		require.NoError(t, second.Ack())
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, first.Ack())
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		require.Equal(t, uint16(2), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
		require.Equal(t, uint16(3), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
	})
	eachQoS(t, "Contract13 Ack never blocks, whatever the server does", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		cfg := manual(v)
		cfg.WriteTimeout = 24 * time.Hour
		s, conn := up(t, cfg)
		var all []*mqtt.Received
		for i := range uint16(200) {
			send(t, conn, about("a", q, i+1, ""))
			all = append(all, take(t, s.client.Messages()))
		}
		conn.Stall()
		start := time.Now()
		for range 2 {
			for _, m := range all {
				require.NoError(t, m.Ack())
			}
		}
		require.Equal(t, start, time.Now())
	})
	both(t, "Contract13 a message that waits longer than StallAfter is named, with its stream, once", func(t *testing.T, v mqtt.Version) {
		cfg := manual(v)
		cfg.StallAfter, cfg.KeepAlive = 10*time.Second, -1
		s, conn := up(t, cfg)
		stream, _ := s.stream(conn, "a/+")
		events(s.client)
		send(t, conn, about("a/1", 1, 1, ""), about("a/2", 1, 2, ""))
		since := time.Now()
		m := take(t, stream.Messages())
		take(t, stream.Messages())
		elapse(9 * time.Second)
		synctest.Wait()
		require.Empty(t, events(s.client))
		elapse(2 * time.Second)
		told := events(s.client)
		require.Len(t, told, 1)
		stall := told[0].(mqtt.EventStalled)
		require.Same(t, stream, stall.Stream)
		require.Equal(t, "a/1", stall.Topic)
		require.WithinDuration(t, since, stall.Since, 0)
		st := s.client.Stats().Streams[1]
		require.Equal(t, "a/1", st.Stalled)
		require.WithinDuration(t, since, st.StalledSince, 0)
		elapse(time.Minute)
		require.Empty(t, events(s.client))
		require.NoError(t, m.Ack())
		synctest.Wait()
		require.Empty(t, s.client.Stats().Streams[1].Stalled)
		elapse(11 * time.Second)
		require.Equal(t, "a/2", events(s.client)[0].(mqtt.EventStalled).Topic, "now the next one holds up the others")
	})
	both(t, "Contract13 of Messages, the stream is the one that Stats tells", func(t *testing.T, v mqtt.Version) {
		cfg := manual(v)
		s, conn := up(t, cfg)
		send(t, conn, about("a", 1, 1, ""))
		take(t, s.client.Messages())
		elapse(31 * time.Second)
		synctest.Wait()
		told := events(s.client)
		require.Same(t, s.client.Stats().Streams[0].Stream, told[len(told)-1].(mqtt.EventStalled).Stream)
	})
	for _, present := range []bool{true, false} {
		both(t, fmt.Sprintf("Contract13 an acknowledgement of QoS 1 counts on the connection that brought it/session present %v", present), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, manual(v))
			send(t, conn, about("a", 1, 1, "old"))
			old := take(t, s.client.Messages())
			conn.Close()
			synctest.Wait()
			require.ErrorIs(t, old.Ack(), mqtt.ErrStale, "offline")
			conn = s.accept(codec.ConnAck{SessionPresent: present})
			send(t, conn, about("a", 1, 1, "new"))
			again := take(t, s.client.Messages())
			require.ErrorIs(t, old.Ack(), mqtt.ErrStale, "the answer stays what it was")
			conn.ExpectNothing(t, time.Second)
			require.NoError(t, again.Ack())
			require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		})
	}
	both(t, "Contract13 one of QoS 2 counts as long as its session: the repeated PUBLISH is answered, not delivered", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		send(t, conn, about("a", 2, 1, "1"))
		m := take(t, s.client.Messages())
		conn.Close()
		synctest.Wait()
		require.NoError(t, m.Ack())
		conn = s.resume()
		again := about("a", 2, 1, "1")
		again.Dup = true
		send(t, conn, again)
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
		empty(t, s.client.Messages())
	})
	both(t, "Contract13 acknowledged after it was repeated on the new connection", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		send(t, conn, about("a", 2, 1, "1"))
		m := take(t, s.client.Messages())
		conn.Close()
		conn = s.resume()
		again := about("a", 2, 1, "1")
		again.Dup = true
		send(t, conn, again)
		conn.ExpectNothing(t, time.Second)
		empty(t, s.client.Messages())
		require.NoError(t, m.Ack())
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
	})
	both(t, "Contract13 QoS 2 of a session that is lost is ErrStale", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		send(t, conn, about("a", 2, 1, "old"))
		old := take(t, s.client.Messages())
		conn.Close()
		conn = s.accept()
		send(t, conn, about("a", 2, 1, "new"))
		m := take(t, s.client.Messages())
		require.Equal(t, "new", string(m.Payload))
		require.ErrorIs(t, old.Ack(), mqtt.ErrStale)
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, m.Ack())
		mqtttest.Expect[*codec.PubRec](t, conn)
	})
}

package mqtt_test

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestContract11(t *testing.T) {
	eachQoS(t, "Contract11 with All the acknowledgement leaves after the body", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v})
		go func() {
			for range s.client.All(soon(t)) {
				elapse(10 * time.Second)
			}
		}()
		send(t, conn, about("a", q, 1, "1"))
		conn.ExpectNothing(t, 9*time.Second)
		answered(t, conn, q)
	})
	eachQoS(t, "Contract11 with the channel it leaves when the message is taken", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", q, 1, "1"))
		c := s.client.Messages()
		conn.ExpectNothing(t, 10*time.Second)
		take(t, c)
		answered(t, conn, q)
	})
	eachQoS(t, "Contract11 what a loop had when it was left is handed out again, first and marked", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", q, 1, "1"), about("a", q, 2, "2"), about("a", q, 3, "3"))
		n := 0
		for m := range s.client.All(soon(t)) {
			require.False(t, m.Redelivered)
			if n++; n == 2 {
				break
			}
		}
		id, _ := answered(t, conn, q)
		require.Equal(t, uint16(1), id)
		m := take(t, s.client.Messages())
		require.Equal(t, "2", string(m.Payload))
		require.True(t, m.Redelivered)
		m = take(t, s.client.Messages())
		require.Equal(t, "3", string(m.Payload))
		require.False(t, m.Redelivered)
		for want := range uint16(2) {
			id, _ := answered(t, conn, q)
			require.Equal(t, want+2, id)
		}
	})
	both(t, "Contract11 several loops that give back keep the order", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		for i := range uint16(3) {
			send(t, conn, about("a", 1, i+1, strconv.Itoa(int(i))))
		}
		leave := make(chan struct{})
		var loops sync.WaitGroup
		for range 3 {
			loops.Go(func() {
				for range s.client.All(soon(t)) {
					<-leave
					break
				}
			})
		}
		synctest.Wait()
		close(leave)
		loops.Wait()
		require.Equal(t, []string{"0", "1", "2"}, payloads(t, s.client.Messages(), 3))
	})
	both(t, "Contract11 at QoS 2 nothing is handed out twice as long as the session lives", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, durable(v))
		send(t, conn, about("a", 2, 1, "taken"), about("a", 2, 2, "waiting"))
		take(t, s.client.Messages())
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
		conn.Close()
		conn = s.resume()
		again := about("a", 2, 1, "taken")
		again.Dup = true
		more := about("a", 2, 2, "waiting")
		more.Dup = true
		send(t, conn, again, more)
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
		require.Equal(t, "waiting", string(take(t, s.client.Messages()).Payload))
		require.Equal(t, uint16(2), mqtttest.Expect[*codec.PubRec](t, conn).PacketID)
		empty(t, s.client.Messages())
	})
	both(t, "Contract11 at QoS 1 what was handed out and not acknowledged comes again, marked", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		send(t, conn, about("a", 1, 1, "1"))
		require.False(t, take(t, s.client.Messages()).Redelivered)
		conn.Close()
		conn = s.resume()
		again := about("a", 1, 1, "1")
		again.Dup = true
		send(t, conn, again)
		m := take(t, s.client.Messages())
		require.True(t, m.Redelivered)
		require.True(t, m.Dup)
	})
	both(t, "Contract11 at QoS 1 what waited on a lost connection is handed out once, as it comes again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, durable(v))
		send(t, conn, about("a", 1, 1, "1"), about("a", 0, 0, "loose"))
		s.client.Messages()
		synctest.Wait()
		conn.Close()
		conn = s.resume()
		synctest.Wait()
		require.Equal(t, "loose", string(take(t, s.client.Messages()).Payload), "nobody sends it again")
		empty(t, s.client.Messages())
		again := about("a", 1, 1, "1")
		again.Dup = true
		send(t, conn, again)
		require.Equal(t, "1", string(take(t, s.client.Messages()).Payload))
		mqtttest.Expect[*codec.PubAck](t, conn)
		empty(t, s.client.Messages())
	})
	both(t, "Contract11 when the session is lost what waited is handed out all the same; its acknowledgement is ErrStale", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, manual(v))
		send(t, conn, about("a", 1, 1, "1"), about("a", 2, 2, "2"))
		s.client.Messages()
		synctest.Wait()
		conn.Close()
		conn = s.accept()
		synctest.Wait()
		for _, want := range []string{"1", "2"} {
			m := take(t, s.client.Messages())
			require.Equal(t, want, string(m.Payload))
			require.ErrorIs(t, m.Ack(), mqtt.ErrStale)
		}
		conn.ExpectNothing(t, time.Second)
	})
}

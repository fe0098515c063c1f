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

// counted is what each channel has to hand out, by payload.
func counted(t *testing.T, channels map[string]<-chan *mqtt.Received) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for name, c := range channels {
		for more := true; more; {
			synctest.Wait()
			select {
			case m := <-c:
				all[name] = append(all[name], string(m.Payload))
			default:
				more = false
			}
		}
	}
	return all
}

// overlap is a client with streams for a/b, a/# and both, and Messages.
func overlap(t *testing.T, v mqtt.Version) (conn *mqtttest.Conn, ids map[string]uint32, channels map[string]<-chan *mqtt.Received) {
	t.Helper()
	s, conn := up(t, mqtt.Config{Version: v})
	ids, channels = make(map[string]uint32), make(map[string]<-chan *mqtt.Received)
	for name, filters := range map[string][]string{"exact": {"a/b"}, "wild": {"a/#"}, "both": {"a/b", "a/#"}, "other": {"x"}} {
		channels[name] = s.declare(filters...).Messages()
		for range filters {
			p := mqtttest.Expect[*codec.Subscribe](t, conn)
			send(t, conn, grantOf(p))
			if v == mqtt.V5 {
				require.Len(t, p.Subscriptions, 1)
				ids[p.Subscriptions[0].Filter] = p.Properties.SubscriptionIdentifier
			} else if len(p.Subscriptions) == len(filters) {
				break
			}
		}
	}
	channels["messages"] = s.client.Messages()
	return conn, ids, channels
}

func TestContract10(t *testing.T) {
	bubble(t, "Contract10 on 5.0, one copy that bears each identifier: once for each stream", func(t *testing.T) {
		conn, ids, channels := overlap(t, mqtt.V5)
		send(t, conn, bearing(about("a/b", 0, 0, "1"), ids["a/b"], ids["a/#"]))
		require.Equal(t, map[string][]string{"exact": {"1"}, "wild": {"1"}, "both": {"1"}}, counted(t, channels))
	})
	bubble(t, "Contract10 on 5.0, a copy for each identifier: each to the streams of its filter", func(t *testing.T) {
		conn, ids, channels := overlap(t, mqtt.V5)
		send(t, conn, bearing(about("a/b", 0, 0, "exact"), ids["a/b"]), bearing(about("a/b", 0, 0, "wild"), ids["a/#"]))
		require.Equal(t, map[string][]string{"exact": {"exact"}, "wild": {"wild"}, "both": {"exact", "wild"}}, counted(t, channels))
	})
	bubble(t, "Contract10 on 3.1.1, one copy: once for each stream that matches", func(t *testing.T) {
		conn, _, channels := overlap(t, mqtt.V311)
		send(t, conn, about("a/b", 0, 0, "1"))
		require.Equal(t, map[string][]string{"exact": {"1"}, "wild": {"1"}, "both": {"1"}}, counted(t, channels))
	})
	bubble(t, "Contract10 on 3.1.1, a copy for each subscription: each of them for each stream", func(t *testing.T) {
		conn, _, channels := overlap(t, mqtt.V311)
		send(t, conn, about("a/b", 0, 0, "1"), about("a/b", 0, 0, "2"))
		require.Equal(t, map[string][]string{"exact": {"1", "2"}, "wild": {"1", "2"}, "both": {"1", "2"}}, counted(t, channels))
	})
	both(t, "Contract10 what no stream's filter matches goes to Messages", func(t *testing.T, v mqtt.Version) {
		conn, ids, channels := overlap(t, v)
		send(t, conn, about("a", 0, 0, "wild"), about("y", 0, 0, "messages"), about("$SYS/a", 0, 0, "system"))
		require.NotContains(t, ids, "y")
		require.Equal(t, map[string][]string{"wild": {"wild"}, "both": {"wild"}, "messages": {"messages", "system"}}, counted(t, channels))
	})
	bubble(t, "Contract10 identifiers that this process didn't give out don't count: the filters do", func(t *testing.T) {
		conn, _, channels := overlap(t, mqtt.V5)
		send(t, conn, bearing(about("a/b", 0, 0, "1"), 17))
		require.Equal(t, map[string][]string{"exact": {"1"}, "wild": {"1"}, "both": {"1"}}, counted(t, channels))
	})
	bubble(t, "Contract10 an identifier of a filter that doesn't match the topic leads nowhere", func(t *testing.T) {
		conn, ids, channels := overlap(t, mqtt.V5)
		send(t, conn, bearing(about("a/b", 0, 0, "1"), ids["x"]))
		require.Equal(t, map[string][]string{"messages": {"1"}}, counted(t, channels))
	})
	bubble(t, "Contract10 an identifier that the filter had earlier on this connection counts", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(mqtt.Subscription{Filter: "a", Identifier: 5})
		grant(t, conn)
		require.NoError(t, (<-done).err)
		stream, p := s.stream(conn, "a")
		require.NotEqual(t, uint32(5), p.Properties.SubscriptionIdentifier)
		send(t, conn, bearing(about("a", 0, 0, "old"), 5), bearing(about("a", 0, 0, "new"), p.Properties.SubscriptionIdentifier))
		require.Equal(t, []string{"old", "new"}, payloads(t, stream.Messages(), 2))
	})
	bubble(t, "Contract10 one that was so on an earlier connection alone doesn't: the filter does", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(mqtt.Subscription{Filter: "a", Identifier: 5})
		grant(t, conn)
		require.NoError(t, (<-done).err)
		one, _ := s.stream(conn, "a")
		conn.Close()
		conn = s.resume()
		two, _ := s.stream(conn, "b")
		send(t, conn, bearing(about("a", 0, 0, "a"), 5), bearing(about("b", 0, 0, "b"), 5))
		require.Equal(t, []string{"a"}, payloads(t, one.Messages(), 1))
		require.Equal(t, []string{"b"}, payloads(t, two.Messages(), 1))
	})
	both(t, "Contract10 Subscribe and a stream want the same filter: the stream gets it", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		stream, _ := s.stream(conn, "a")
		send(t, conn, about("a", 0, 0, "1"))
		require.Equal(t, []string{"1"}, payloads(t, stream.Messages(), 1))
		empty(t, s.client.Messages())
	})
	both(t, "Contract10 a stream receives in arrival order, whatever the QoS", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		send(t, conn, about("a", 1, 1, "1"), about("a", 0, 0, "2"), about("a", 2, 2, "3"), about("a", 0, 0, "4"), about("a", 1, 3, "5"))
		require.Equal(t, []string{"1", "2", "3", "4", "5"}, payloads(t, stream.Messages(), 5))
	})
	both(t, "Contract10 a message is acknowledged when the last stream has it", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		one, _ := s.stream(conn, "a")
		two := s.declareAs(mqtt.StreamConfig{Ack: mqtt.AckManual}, "a")
		grant(t, conn)
		send(t, conn, about("a", 1, 1, "1"))
		take(t, one.Messages())
		m := take(t, two.Messages())
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, m.Ack())
		require.Equal(t, uint16(1), mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
	})
	bubble(t, "Contract10 one stream's rejection is the answer", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual})
		one, _ := s.stream(conn, "a")
		two, _ := s.stream(conn, "a")
		send(t, conn, about("a", 1, 1, "1"))
		require.NoError(t, take(t, one.Messages()).Reject(codec.QuotaExceeded, "no"))
		require.NoError(t, take(t, two.Messages()).Ack())
		require.Equal(t, codec.QuotaExceeded, mqtttest.Expect[*codec.PubAck](t, conn).Code)
	})
	both(t, "Contract10 what went to several streams is each one's own", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		one, _ := s.stream(conn, "a")
		two, _ := s.stream(conn, "a")
		send(t, conn, about("a", 0, 0, "mine"))
		clear(take(t, one.Messages()).Payload)
		require.Equal(t, "mine", string(take(t, two.Messages()).Payload))
	})
	bubble(t, "Contract10 $share on 5.0: a copy of its own, by its identifier", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		shared, p := s.stream(conn, "$share/g/a")
		plain, q := s.stream(conn, "a")
		send(t, conn, bearing(about("a", 0, 0, "shared"), p.Properties.SubscriptionIdentifier), bearing(about("a", 0, 0, "plain"), q.Properties.SubscriptionIdentifier))
		require.Equal(t, map[string][]string{"shared": {"shared"}, "plain": {"plain"}},
			counted(t, map[string]<-chan *mqtt.Received{"shared": shared.Messages(), "plain": plain.Messages()}))
	})
	bubble(t, "Contract10 $share on 3.1.1: told apart by nothing, each copy goes to both", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		shared, _ := s.stream(conn, "$share/g/a")
		plain, _ := s.stream(conn, "a")
		send(t, conn, about("a", 0, 0, "1"), about("a", 0, 0, "2"))
		require.Equal(t, map[string][]string{"shared": {"1", "2"}, "plain": {"1", "2"}},
			counted(t, map[string]<-chan *mqtt.Received{"shared": shared.Messages(), "plain": plain.Messages()}))
	})
	both(t, "Regression17 at a server that sends one copy, overlapping filters are one delivery for each stream", func(t *testing.T, v mqtt.Version) {
		h := host(t, mqtt.Config{Version: v}, mqtttest.BrokerConfig{})
		channels := map[string]<-chan *mqtt.Received{}
		for name, filters := range map[string][]string{"exact": {"a/b"}, "wild": {"a/#"}, "both": {"a/b", "+/b"}} {
			var subs []mqtt.Subscription
			for _, f := range filters {
				subs = append(subs, mqtt.Subscription{Filter: f, QoS: 1})
			}
			stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, subs...)
			require.NoError(t, err)
			channels[name] = stream.Messages()
		}
		h.publish("a/b", 1, "1")
		h.publish("a/c", 1, "2")
		require.Equal(t, map[string][]string{"exact": {"1"}, "wild": {"1", "2"}, "both": {"1"}}, counted(t, channels))
		require.Equal(t, 2, h.broker.Stats().Delivered)
		require.Empty(t, h.broker.Violations())
	})
}

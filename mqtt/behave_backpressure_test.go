package mqtt_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// answered takes the next acknowledgement of a PUBLISH, and tells its identifier and code.
func answered(t *testing.T, conn *mqtttest.Conn, qos codec.QoS) (uint16, codec.ReasonCode) {
	t.Helper()
	if qos == codec.AtLeastOnce {
		p := mqtttest.Expect[*codec.PubAck](t, conn)
		return p.PacketID, p.Code
	}
	p := mqtttest.Expect[*codec.PubRec](t, conn)
	return p.PacketID, p.Code
}

// eachQoS runs a subtest for each version and each QoS that is acknowledged.
func eachQoS(t *testing.T, name string, f func(t *testing.T, v mqtt.Version, q codec.QoS)) {
	t.Helper()
	for _, q := range []codec.QoS{codec.AtLeastOnce, codec.ExactlyOnce} {
		both(t, fmt.Sprintf("%s/QoS %d", name, q), func(t *testing.T, v mqtt.Version) { f(t, v, q) })
	}
}

func TestBackpressure(t *testing.T) {
	for _, q := range []codec.QoS{0, 1, 2} {
		both(t, fmt.Sprintf("B148 message n+1 isn't handed over before n was finished/QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			begun, finish := make(chan string), make(chan struct{})
			go func() {
				for m := range s.client.All(soon(t)) {
					begun <- string(m.Payload)
					<-finish
				}
				close(begun)
			}()
			for i := range 10 {
				send(t, conn, about("a", q, uint16(min(q, 1))*uint16(i+1), strconv.Itoa(i)))
			}
			for i := range 10 {
				require.Equal(t, strconv.Itoa(i), within(t, time.Second, begun))
				conn.ExpectNothing(t, time.Second)
				require.Empty(t, begun, "the next has begun")
				finish <- struct{}{}
				if q > 0 {
					id, _ := answered(t, conn, q)
					require.Equal(t, uint16(i+1), id)
				}
			}
		})
	}
	eachQoS(t, "B149 B150 what a loop over All gives back is not acknowledged", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", q, 1, "1"))
		for range s.client.All(soon(t)) {
			break
		}
		conn.ExpectNothing(t, time.Second)
		require.Equal(t, mqtt.StateConnected, s.client.State(), "B151 the connection lives")
	})
	eachQoS(t, "B149 B150 by hand, what isn't acknowledged isn't", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v, Ack: mqtt.AckManual})
		send(t, conn, about("a", q, 1, "1"), about("a", q, 2, "2"))
		m := take(t, s.client.Messages())
		require.NoError(t, take(t, s.client.Messages()).Ack())
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, m.Ack())
		for want := range uint16(2) {
			id, _ := answered(t, conn, q)
			require.Equal(t, want+1, id)
		}
	})
	for _, q := range []codec.QoS{1, 2} {
		bubble(t, fmt.Sprintf("B149 Reject says no, with its words (§3.4.2.1)/QoS %d", q), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual})
			send(t, conn, about("a", q, 1, "1"))
			m := take(t, s.client.Messages())
			require.NoError(t, m.Reject(codec.ImplementationSpecificError, "not today", mqtt.UserProperty{Key: "k", Value: "v"}))
			raw, err := conn.ReadRaw(soon(t))
			require.NoError(t, err)
			d := codec.Dialect{Version: codec.V5, From: codec.FromClient}
			f, _, err := codec.Next(raw, d, 0)
			require.NoError(t, err)
			p, err := codec.Decode(f, d)
			require.NoError(t, err)
			words := &codec.ReasonProperties{ReasonString: "not today", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}
			if q == 1 {
				require.Equal(t, &codec.PubAck{PacketID: 1, Code: codec.ImplementationSpecificError, Properties: words}, p)
			} else {
				require.Equal(t, &codec.PubRec{PacketID: 1, Code: codec.ImplementationSpecificError, Properties: words}, p)
			}
			send(t, conn, about("a", q, 1, "2")) // the identifier is free again, at QoS 2 too (§4.3.3)
			require.Equal(t, "2", string(take(t, s.client.Messages()).Payload))
		})
	}
	for _, q := range []codec.QoS{1, 2} {
		bubble(t, fmt.Sprintf("B149 Reject on 3.1.1 is ErrVersion, and acknowledges nothing/QoS %d", q), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Version: mqtt.V311, Ack: mqtt.AckManual})
			send(t, conn, about("a", q, 1, "1"))
			m := take(t, s.client.Messages())
			require.ErrorIs(t, m.Reject(codec.QuotaExceeded, ""), mqtt.ErrVersion)
			conn.ExpectNothing(t, time.Second)
			require.NoError(t, m.Ack())
			answered(t, conn, q)
		})
	}
	for name, code := range map[string]codec.ReasonCode{
		"a success": codec.Success, "one of SUBACK": codec.WildcardSubscriptionsNotSupported, "one of PUBREL": codec.PacketIdentifierNotFound,
	} {
		bubble(t, "B149 Reject with a code that PUBACK and PUBREC may not carry is an error: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual})
			send(t, conn, about("a", 1, 1, "1"))
			m := take(t, s.client.Messages())
			require.ErrorAs(t, m.Reject(code, ""), new(*mqtt.ArgumentError))
			conn.ExpectNothing(t, time.Second)
			require.NoError(t, m.Ack())
			require.Equal(t, codec.Success, mqtttest.Expect[*codec.PubAck](t, conn).Code)
		})
	}
	eachQoS(t, "B155 Ack may come early, late and twice; the first of Ack and Reject counts", func(t *testing.T, v mqtt.Version, q codec.QoS) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", q, 1, "early"))
		for m := range s.client.All(soon(t)) {
			require.NoError(t, m.Ack()) // before the body's end
			id, code := answered(t, conn, q)
			require.Equal(t, uint16(1), id)
			require.Equal(t, codec.Success, code)
			require.NoError(t, m.Ack())
			break // nothing is given back
		}
		conn.ExpectNothing(t, time.Second)
		send(t, conn, about("a", q, 2, "taken"))
		m := take(t, s.client.Messages())
		answered(t, conn, q)
		require.NoError(t, m.Ack())
		if v == mqtt.V5 {
			require.NoError(t, m.Reject(codec.QuotaExceeded, ""))
		}
		conn.ExpectNothing(t, time.Second)
	})
	bubble(t, "B155 at QoS 0 Ack and Reject do nothing", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual})
		send(t, conn, about("a", 0, 0, "1"))
		m := take(t, s.client.Messages())
		require.NoError(t, m.Ack())
		require.NoError(t, m.Reject(codec.QuotaExceeded, ""))
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "B157 a panic in the body of a loop gives the message back and hurts nothing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		send(t, conn, about("a", 1, 1, "1"), about("a", 1, 2, "2"))
		require.PanicsWithError(t, "oops", func() {
			for range s.client.All(soon(t)) {
				panic(errors.New("oops"))
			}
		})
		m := take(t, s.client.Messages())
		require.Equal(t, "1", string(m.Payload))
		require.True(t, m.Redelivered)
		require.False(t, take(t, s.client.Messages()).Redelivered)
		for want := range uint16(2) {
			require.Equal(t, want+1, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		}
	})
	both(t, "B156 the channels are closed once, after Close, when no more can come", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream, _ := s.stream(conn, "a")
		send(t, conn, about("b", 1, 1, "1"), about("a", 1, 2, "2"))
		synctest.Wait()
		done := later(func() error { return s.client.Close(soon(t)) })
		mqtttest.Expect[*codec.Disconnect](t, conn)
		send(t, conn, about("b", 1, 3, "too late"))
		conn.Close()
		<-done
		ended(t, s.client.Messages())
		ended(t, stream.Messages())
		for range s.client.All(soon(t)) {
			t.Fatal("a message after the end")
		}
	})
}

func TestBackpressureStreams(t *testing.T) {
	both(t, "B158 overlapping filters deliver once to each stream, and each has a pace of its own", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		slow, _ := s.stream(conn, "a/#")
		quick, _ := s.stream(conn, "a/+")
		for i := range uint16(10) {
			send(t, conn, about("a/b", 0, 0, strconv.Itoa(int(i))))
		}
		require.Len(t, payloads(t, quick.Messages(), 10), 10)
		empty(t, quick.Messages())
		require.Len(t, payloads(t, slow.Messages(), 10), 10)
		empty(t, slow.Messages())
	})
	both(t, "B154 with QoS 1 a stalled consumer is sent no more than Receive Maximum", func(t *testing.T, v mqtt.Version) {
		h := host(t, mqtt.Config{Version: v, ReceiveMaximum: 10}, mqtttest.BrokerConfig{})
		stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 1})
		require.NoError(t, err)
		for i := range 10_000 {
			h.publish("a", 1, strconv.Itoa(i))
		}
		synctest.Wait()
		in := h.client.Stats().In
		if v == mqtt.V5 {
			require.EqualValues(t, 10, in.Received)
		} else {
			require.EqualValues(t, 10, in.Received, "on 3.1.1 reading waits")
			require.True(t, in.Held)
		}
		for i := range 10_000 {
			require.Equal(t, strconv.Itoa(i), string(take(t, stream.Messages()).Payload))
		}
		require.Empty(t, h.broker.Violations())
		require.Equal(t, 1, h.broker.Connections())
	})
	for _, c := range []struct {
		overflow mqtt.Overflow
		name     string
		want     []string
		dropped  int
		held     bool
	}{
		{mqtt.OverflowHold, "block the socket", []string{"1", "2", "3", "4", "5"}, 0, true},
		{mqtt.OverflowDropOldest, "drop the oldest", []string{"4", "5"}, 3, false},
		{mqtt.OverflowDropNewest, "drop the newest", []string{"1", "2"}, 3, false},
	} {
		both(t, "B154 QoS 0 without room: "+c.name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 2}, Overflow: c.overflow})
			stream, _ := s.stream(conn, "a")
			for _, p := range []string{"1", "2", "3", "4", "5"} {
				send(t, conn, about("a", 0, 0, p))
			}
			synctest.Wait()
			st := s.client.Stats()
			require.Equal(t, c.held, st.In.Held)
			require.EqualValues(t, c.dropped, st.In.Dropped)
			require.EqualValues(t, c.dropped, st.Streams[1].Dropped)
			require.Equal(t, c.want, payloads(t, stream.Messages(), len(c.want)))
			empty(t, stream.Messages())
			told := 0
			for _, e := range events(s.client) {
				if e, ok := e.(mqtt.EventDropped); ok {
					require.Same(t, stream, e.Stream)
					told += e.Count
				}
			}
			require.Equal(t, c.dropped, told)
		})
	}
	both(t, "B154 the room is bounded in bytes too", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Bytes: 250}, Overflow: mqtt.OverflowDropNewest})
		stream, _ := s.stream(conn, "a")
		for range 3 {
			send(t, conn, about("a", 0, 0, string(make([]byte, 99)))) // 100 with its topic
		}
		synctest.Wait()
		require.Equal(t, mqtt.Bounds{Messages: 2, Bytes: 200}, s.client.Stats().Streams[1].Depth)
		payloads(t, stream.Messages(), 2)
		empty(t, stream.Messages())
	})
}

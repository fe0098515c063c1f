package mqtt_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestRegression12(t *testing.T) {
	const all, window = 10_000, 1000
	// unanswered takes as many messages as the window has room for, from a number on.
	unanswered := func(t *testing.T, conn *mqtttest.Conn, from int, dup bool) (ids []uint16) {
		t.Helper()
		for i := range window {
			p := mqtttest.Expect[*codec.Publish](t, conn)
			require.Equal(t, numbered(from+i), string(p.Payload))
			require.Equal(t, dup, p.Dup)
			ids = append(ids, p.PacketID)
		}
		quiet(t, conn)
		return ids
	}
	for _, c := range []struct {
		name string
		next []codec.Version // refused by the second server, but for the last
	}{
		{"5.0, then 3.1.1", []codec.Version{codec.V5, codec.V311}},
		{"5.0 twice", []codec.Version{codec.V5}},
	} {
		bubble(t, "Regression12 10,000 messages wait: sent at once, in order, valid for the version, paced by the window: "+c.name, func(t *testing.T) {
			s := idle(t, keptSession(mqtt.VersionAuto))
			for i := range all {
				s.async(mqtt.QoS(1+i%2), numbered(i))
			}
			start := time.Now()
			conn := s.connect()
			ids := unanswered(t, conn, 0, false)
			conn.Close()
			elapse(2 * time.Second)
			for _, v := range c.next[:len(c.next)-1] {
				s.refuseVersion(v)
			}
			conn = s.dialled()
			said := conn.Handshake(t, codec.ConnAck{SessionPresent: true})
			require.Equal(t, c.next[len(c.next)-1], said.Version)
			require.Equal(t, ids, unanswered(t, conn, 0, true))
			began := time.Now()
			for i := range window { // the reader takes answers while the writer goes on
				finish(t, conn, &codec.Publish{PacketID: ids[i], QoS: codec.QoS(1 + i%2)})
				require.False(t, expectPayload(t, conn, numbered(window+i)).Dup)
			}
			require.Equal(t, began, time.Now(), "at once")
			require.Less(t, time.Since(start), time.Minute)
			require.Equal(t, window, s.client.Stats().Out.InFlight)
		})
	}
	both(t, "Regression12 all of them arrive, at a server that answers", func(t *testing.T, v mqtt.Version) {
		s := idle(t, keptSession(v))
		for i := range all {
			s.async(mqtt.ExactlyOnce, numbered(i))
		}
		broker := mqtttest.NewBroker(mqtttest.BrokerConfig{Server: s.server, Announce: codec.ConnAckProperties{ReceiveMaximum: 20}})
		defer broker.Close()
		require.NoError(t, s.client.Connect(t.Context()))
		require.NoError(t, broker.Await(t.Context(), func(st mqtttest.BrokerStats) bool { return st.Received > all/2 }))
		broker.Drop()
		require.NoError(t, s.client.Flush(closing(t, time.Minute)))
		received := broker.Received()
		require.Len(t, received, all)
		for i, r := range received {
			require.Equal(t, numbered(i), string(r.Message.Payload))
		}
		require.Empty(t, broker.Violations())
	})
}

func TestRegression13(t *testing.T) {
	const most, topics, publishers, each = 4, 20, 5, 200
	bubble(t, "Regression13 fewer aliases than topics, from many publishers over reconnects: each message has its own topic", func(t *testing.T) {
		s, broker := brokered(t, keptSession(mqtt.V5), mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{TopicAliasMaximum: most}})
		full := map[string]int{}
		broker.OnPacket(func(_ string, from codec.Side, p codec.Packet) mqtttest.Action {
			if m, ok := p.(*codec.Publish); ok && from == codec.FromClient && m.Dup && m.Topic != "" && (m.Properties == nil || m.Properties.TopicAlias == 0) {
				full["sent again"]++
			} else if ok && m.Dup {
				full["sent again without its topic"]++
			}
			return mqtttest.ActionPass
		})
		var crowd sync.WaitGroup
		for w := range publishers {
			random := rand.New(rand.NewPCG(uint64(w), 0))
			crowd.Go(func() {
				for i := range each {
					topic := fmt.Sprintf("t/%d", random.IntN(topics))
					_, err := s.client.PublishAsync(t.Context(), mqtt.Message{
						Topic: topic, QoS: mqtt.QoS(1 + i%2), Payload: fmt.Appendf(nil, "%d/%d/%s", w, i, topic),
						Properties: &mqtt.PublishProperties{TopicAlias: uint16(1 + random.IntN(most))},
					})
					if err != nil {
						t.Error(err)
						return
					}
					elapse(time.Millisecond)
				}
			})
		}
		for range 4 {
			elapse(40 * time.Millisecond)
			broker.Delay(10 * time.Millisecond)
			elapse(5 * time.Millisecond)
			broker.Drop()
			broker.Delay(0)
		}
		crowd.Wait()
		require.NoError(t, s.client.Flush(closing(t, time.Hour)))
		synctest.Wait()
		broker.OnPacket(nil)
		arrived := map[string]int{}
		for _, r := range broker.Received() {
			var w, i, n int
			_, err := fmt.Sscanf(string(r.Message.Payload), "%d/%d/t/%d", &w, &i, &n)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("t/%d", n), r.Message.Topic)
			arrived[string(r.Message.Payload)]++
		}
		require.Len(t, arrived, publishers*each)
		require.Positive(t, full["sent again"])
		require.Zero(t, full["sent again without its topic"])
		require.Empty(t, broker.Violations())
	})
}

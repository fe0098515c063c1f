package mqtt_test

import (
	"fmt"
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

// turnAway answers each connection with answer, or without one not at all, and closes it.
func (s *scene) turnAway(answer ...codec.Packet) {
	for {
		conn, err := s.server.Accept(s.Context())
		if err != nil {
			return
		}
		if len(answer) > 0 {
			conn.Read(s.Context())
			conn.Send(answer...)
		}
		conn.Close()
	}
}

func TestRegression9AcceptThenClose(t *testing.T) {
	for name, answer := range map[string][]codec.Packet{
		"a server that accepts and closes at once":                       nil,
		"a server that accepts, says so in a CONNACK and closes at once": {&codec.ConnAck{}},
	} {
		for run := range 10 {
			bubble(t, fmt.Sprintf("Regression9 %s sees at most 6 connections in 30 s/run=%d", name, run), func(t *testing.T) {
				s := idle(t, mqtt.Config{RetryFirst: true})
				s.connecting()
				go s.turnAway(answer...)
				elapse(30 * time.Second)
				require.LessOrEqual(t, s.server.Dials(), 6)
				require.GreaterOrEqual(t, s.server.Dials(), 5, "it goes on trying")
				s.server.Close()
			})
		}
	}
}

func TestRegression9SameClientID(t *testing.T) {
	bubble(t, "Regression9 two clients with one id: the loser stops with Session Taken Over, the other stays", func(t *testing.T) {
		b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		defer b.Close()
		var clients []*mqtt.Client
		for range 2 {
			client, err := mqtt.Connect(t.Context(), "mqtt://h", mqtt.Config{Dialer: b, ClientID: "same"})
			require.NoError(t, err)
			defer client.Abort()
			clients = append(clients, client)
		}
		elapse(time.Hour)
		require.ErrorIs(t, clients[0].Err(), codec.SessionTakenOver)
		require.NoError(t, clients[1].Err())
		require.Equal(t, 2, b.Connections())
	})
}

func TestReconnectOfAConnectionThatIsEnding(t *testing.T) {
	minute := mqtt.Config{Backoff: mqtt.Backoff{Min: time.Minute, Max: time.Minute}}
	both(t, "the next attempt isn't delayed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Backoff: minute.Backoff})
		stuck(conn, 1)
		s.async(mqtt.AtMostOnce, "hi") // so that nothing more can leave,
		synctest.Wait()
		require.NoError(t, conn.SendBytes([]byte{0xf0, 0})) // and ending for this takes a second
		synctest.Wait()
		done, start := later(func() error { return s.client.Reconnect(t.Context()) }), time.Now()
		pending(t, done)
		s.accept()
		require.NoError(t, <-done)
		require.LessOrEqual(t, time.Since(start), time.Second)
	})
	bubble(t, "one that ends after that is backed off from", func(t *testing.T) {
		s, conn := up(t, minute)
		done := later(func() error { return s.client.Reconnect(t.Context()) })
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		conn = s.accept()
		require.NoError(t, <-done)
		conn.Close()
		s.noDial(29 * time.Second)
	})
}

func TestRegression2OneCloseOneReconnect(t *testing.T) {
	for _, qos := range []mqtt.QoS{mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
		both(t, "Regression2 one server-side close under continuous publishing leads to exactly one reconnect, each Delivery completes once/qos="+qos.String(), func(t *testing.T, v mqtt.Version) {
			const publishers, each = 4, 300
			b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
			defer b.Close()
			client, err := mqtt.Connect(t.Context(), "mqtt://h", mqtt.Config{
				Dialer: b, Version: v, Session: mqtt.SessionDurable, ClientID: "c", MaxInFlight: 20,
			})
			require.NoError(t, err)
			defer client.Abort()
			deliveries := make(chan *mqtt.Delivery, publishers*each)
			var wg sync.WaitGroup
			for p := range publishers {
				wg.Go(func() {
					for n := range each {
						d, err := client.PublishAsync(t.Context(), message(qos, strconv.Itoa(p*each+n)))
						if err == nil {
							deliveries <- d
						}
						elapse(time.Millisecond)
					}
				})
			}
			require.NoError(t, b.Await(t.Context(), func(s mqtttest.BrokerStats) bool { return s.Received > publishers*each/3 }))
			require.Equal(t, 1, b.Drop())
			wg.Wait()
			require.NoError(t, client.Flush(t.Context()))
			require.Len(t, deliveries, publishers*each)
			for range publishers * each {
				require.NoError(t, (<-deliveries).Wait(t.Context()))
			}
			elapse(time.Hour)
			require.Equal(t, 2, b.Connections())
			out := client.Stats().Out
			require.Equal(t, [2]uint64{publishers * each, publishers * each}, [2]uint64{out.Admitted, out.Done})
			arrived := map[string]int{}
			for _, r := range b.Received() {
				arrived[string(r.Message.Payload)]++
			}
			require.Len(t, arrived, publishers*each)
			if qos == mqtt.ExactlyOnce {
				require.Len(t, b.Received(), publishers*each)
			}
			require.Empty(t, b.Violations())
		})
	}
}

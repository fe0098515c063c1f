package mqtt_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// pings counts the PINGREQs that leave.
func pings() (*mqtt.Trace, func() int) {
	n := new(atomic.Int64)
	trace := &mqtt.Trace{PacketSent: func(p mqtt.PacketInfo) {
		if p.Type == "PINGREQ" {
			n.Add(1)
		}
	}}
	return trace, func() int { return int(n.Load()) }
}

func TestRegressionStoppedConsumer(t *testing.T) {
	const keepAlive = 10 * time.Second
	for _, q := range []codec.QoS{0, 1, 2} {
		both(t, fmt.Sprintf("Regression5 B152 a consumer that stops for five keep-alives costs nothing/QoS %d", q), func(t *testing.T, v mqtt.Version) {
			trace, pinged := pings()
			h := host(t, mqtt.Config{Version: v, KeepAlive: keepAlive, ReceiveMaximum: 16, Inbox: mqtt.Bounds{Messages: 16}, Trace: trace},
				mqtttest.BrokerConfig{MaxBacklog: 4096})
			_, err := h.client.Subscribe(soon(t), mqtt.Subscription{Filter: "a", QoS: mqtt.QoS(q)})
			require.NoError(t, err)
			c := h.client.Messages()
			const n = 20_000
			for i := range n {
				h.publish("a", q, strconv.Itoa(i))
			}
			elapse(5 * keepAlive)
			synctest.Wait()
			require.Equal(t, 1, h.broker.Connections())
			require.Equal(t, mqtt.StateConnected, h.client.State())
			require.GreaterOrEqual(t, pinged(), 5)
			depth := h.client.Stats().Streams[0].Depth.Messages
			require.LessOrEqual(t, depth, 16, "memory is bounded")
			for i := range n {
				require.Equal(t, strconv.Itoa(i), string(take(t, c).Payload))
			}
			synctest.Wait()
			require.Equal(t, n, h.broker.Stats().Delivered)
			require.Equal(t, 1, h.broker.Connections())
			require.Empty(t, h.broker.Violations())
		})
	}
	both(t, "Regression5 with a message in hand, and with calls of its own meanwhile", func(t *testing.T, v mqtt.Version) {
		h := host(t, mqtt.Config{Version: v, KeepAlive: keepAlive, ReceiveMaximum: 16}, mqtttest.BrokerConfig{MaxBacklog: 4096})
		stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 1})
		require.NoError(t, err)
		const n = 1000
		for i := range n {
			h.publish("a", 1, strconv.Itoa(i))
		}
		next := 0
		for m := range stream.All(soon(t)) {
			require.Equal(t, strconv.Itoa(next), string(m.Payload))
			require.False(t, m.Redelivered)
			if next == 10 {
				for range 5 {
					elapse(keepAlive)
					require.NoError(t, h.client.Publish(closing(t, time.Second), message(mqtt.AtLeastOnce, "meanwhile")))
				}
			}
			if next++; next == n {
				break
			}
		}
		require.Equal(t, 1, h.broker.Connections())
		require.Empty(t, h.broker.Violations())
	})
}

func TestRegressionFlood(t *testing.T) {
	const n, each = 70_000, 10
	for _, answersFirst := range []bool{false, true} {
		bubble(t, fmt.Sprintf("Regression5 a server that floods 70,000 QoS 1 on 3.1.1 while the consumer publishes QoS 1 from its loop/All %v", answersFirst), func(t *testing.T) {
			h := host(t, mqtt.Config{Version: mqtt.V311, KeepAlive: -1}, mqtttest.BrokerConfig{MaxBacklog: 4096})
			_, err := h.client.Subscribe(soon(t), mqtt.Subscription{Filter: "in", QoS: 1})
			require.NoError(t, err)
			done := later(func() error {
				next := 0
				body := func(m *mqtt.Received) bool {
					if string(m.Payload) != strconv.Itoa(next) {
						t.Errorf("%s came instead of %d", m.Payload, next)
						return false
					}
					if next%each == 0 {
						if err := h.client.Publish(soon(t), message(mqtt.AtLeastOnce, "out")); err != nil {
							t.Error(err)
							return false
						}
					}
					next++
					return next < n
				}
				if answersFirst {
					h.client.All(soon(t))(body)
					return nil
				}
				for m := range h.client.Messages() {
					if !body(m) {
						break
					}
				}
				return nil
			})
			for i := range n {
				h.publish("in", 1, strconv.Itoa(i))
			}
			require.NoError(t, within(t, time.Hour, done))
			require.Len(t, h.broker.Received(), n/each)
			require.Equal(t, 1, h.broker.Connections())
			require.Empty(t, h.broker.Violations())
			require.Zero(t, h.client.Stats().In.Dropped)
		})
	}
}

func TestRegressionSameChannel(t *testing.T) {
	both(t, "Regression10 the same channels deliver after three reconnects, whenever they were asked for", func(t *testing.T, v mqtt.Version) {
		broker := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		client, err := mqtt.New(mqtt.Config{Version: v, Dialer: broker, ClientID: "c"})
		require.NoError(t, err)
		t.Cleanup(func() { client.Abort(); broker.Close() })
		h := &hosted{t, broker, client}
		messages := client.Messages()
		before := later(func() error {
			_, err := client.Subscribe(soon(t), mqtt.Subscription{Filter: "before", QoS: 1})
			return err
		})
		declared, err := client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "declared", QoS: 1})
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, client.Connect(soon(t)))
		require.NoError(t, <-before)

		broker.Drop()
		synctest.Wait()
		require.NotEqual(t, mqtt.StateConnected, client.State())
		during := later(func() error {
			_, err := client.Subscribe(soon(t), mqtt.Subscription{Filter: "during", QoS: 1})
			return err
		})
		outage, err := client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "outage", QoS: 1})
		require.NoError(t, err)
		require.NoError(t, client.AwaitConnected(soon(t)))
		require.NoError(t, <-during)
		_, err = outage.Ready(soon(t))
		require.NoError(t, err)

		for round := range 4 {
			synctest.Wait()
			for topic, c := range map[string]<-chan *mqtt.Received{
				"before": messages, "during": messages, "declared": declared.Messages(), "outage": outage.Messages(),
			} {
				want := fmt.Sprint(topic, round)
				h.publish(topic, 1, want)
				require.Equal(t, want, string(take(t, c).Payload))
			}
			synctest.Wait()
			if round < 3 {
				h.reconnect()
			}
		}
		require.Equal(t, 5, broker.Connections())
		require.Len(t, broker.Subscriptions("c"), 4)
		require.Empty(t, broker.Violations())
	})
}

func TestRegressionManualAck(t *testing.T) {
	both(t, "Regression11 B155 manual acknowledgements before, during and after a reconnect: none is wrong", func(t *testing.T, v mqtt.Version) {
		h := host(t, manual(v), mqtttest.BrokerConfig{})
		stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 1})
		require.NoError(t, err)
		for i := range 3 {
			h.publish("a", 1, strconv.Itoa(i))
		}
		var all []*mqtt.Received
		for range 3 {
			all = append(all, take(t, stream.Messages()))
		}
		require.NoError(t, all[0].Ack(), "before")
		synctest.Wait()
		h.broker.Drop()
		synctest.Wait()
		require.ErrorIs(t, all[1].Ack(), mqtt.ErrStale, "during")
		require.NoError(t, h.client.AwaitConnected(soon(t)))
		require.ErrorIs(t, all[2].Ack(), mqtt.ErrStale, "after")
		for i := range 2 {
			m := take(t, stream.Messages())
			require.Equal(t, strconv.Itoa(i+1), string(m.Payload))
			require.True(t, m.Redelivered)
			require.NoError(t, m.Ack())
		}
		empty(t, stream.Messages())
		require.Equal(t, 3, h.broker.Stats().Delivered)
		require.Zero(t, h.broker.Stats().InFlight)
		require.Empty(t, h.broker.Violations())
	})
	for _, q := range []codec.QoS{1, 2} {
		both(t, fmt.Sprintf("Regression11 Ack, then Close at once, reaches the broker/QoS %d", q), func(t *testing.T, v mqtt.Version) {
			for range 20 {
				h := host(t, manual(v), mqtttest.BrokerConfig{})
				stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 2})
				require.NoError(t, err)
				for i := range 100 {
					h.publish("a", q, strconv.Itoa(i))
				}
				var all []*mqtt.Received
				for range 100 {
					all = append(all, take(t, stream.Messages()))
				}
				acked := make(map[uint16]bool)
				h.broker.OnPacket(func(_ string, _ codec.Side, p codec.Packet) mqtttest.Action {
					switch p := p.(type) {
					case *codec.PubAck:
						acked[p.PacketID] = true
					case *codec.PubRec:
						acked[p.PacketID] = true
					}
					return mqtttest.ActionPass
				})
				for _, m := range all {
					require.NoError(t, m.Ack())
				}
				require.NoError(t, h.client.Close(soon(t)))
				synctest.Wait()
				h.broker.OnPacket(nil)
				require.Len(t, acked, 100)
				require.Empty(t, h.broker.Violations())
			}
		})
	}
	both(t, "Regression11 taken off the channel, then Close at once, reaches the broker", func(t *testing.T, v mqtt.Version) {
		for range 20 {
			h := host(t, durable(v), mqtttest.BrokerConfig{})
			stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 1})
			require.NoError(t, err)
			for i := range 100 {
				h.publish("a", 1, strconv.Itoa(i))
			}
			payloads(t, stream.Messages(), 100)
			require.NoError(t, h.client.Close(soon(t)))
			synctest.Wait()
			require.Equal(t, 100, h.broker.Stats().Delivered)
			require.Empty(t, h.broker.Violations())
		}
	})
}

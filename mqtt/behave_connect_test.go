package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestConnect(t *testing.T) {
	both(t, "B001 CONNACK 0: Connect succeeds and the state is connected", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		require.Equal(t, mqtt.StateIdle, s.client.State())
		done := s.connecting()
		conn := s.dialled()
		pending(t, done)
		require.Equal(t, mqtt.StateConnecting, s.client.State())
		conn.Handshake(t)
		require.NoError(t, <-done)
		require.Equal(t, mqtt.StateConnected, s.client.State())
		require.Equal(t, []string{"Connected"}, s.told())
	})
	both(t, "B009 no host configured: localhost is dialled", func(t *testing.T, v mqtt.Version) {
		_, conn := up(t, mqtt.Config{Version: v})
		network, address := conn.Address()
		require.Equal(t, "tcp localhost:1883", network+" "+address)
	})
	bubble(t, "B010 the content of CONNACK is available", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "c"}, codec.ConnAck{
			SessionPresent: true,
			Properties:     &codec.ConnAckProperties{ReceiveMaximum: 7, ReasonString: "welcome", ResponseInformation: "base"},
		})
		ack, ok := s.client.ConnAck()
		require.True(t, ok)
		require.True(t, ack.SessionPresent)
		require.Equal(t, []any{uint16(7), "welcome", "base", "c", mqtt.V5},
			[]any{ack.ReceiveMaximum, ack.ReasonString, ack.ResponseInformation, ack.ClientID, ack.Version})
		require.Equal(t, ack, awaitEvent[mqtt.EventConnected](s).ConnAck)
	})
	bubble(t, "B010 before the first CONNACK there is none", func(t *testing.T) {
		_, ok := idle(t, mqtt.Config{}).client.ConnAck()
		require.False(t, ok)
	})
	both(t, "B011 session present true, then false: each connection reports its own", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Session: mqtt.SessionDurable, ClientID: "c"}, codec.ConnAck{SessionPresent: true})
		require.True(t, awaitEvent[mqtt.EventConnected](s).ConnAck.SessionPresent)
		conn.Close()
		s.accept()
		require.False(t, awaitEvent[mqtt.EventConnected](s).ConnAck.SessionPresent)
		ack, _ := s.client.ConnAck()
		require.False(t, ack.SessionPresent)
	})
	bubble(t, "B021 New dials nothing, Connect does", func(t *testing.T) {
		s := idle(t, mqtt.Config{Subscriptions: []mqtt.Subscription{{Filter: "a"}}})
		_, err := s.client.PublishAsync(t.Context(), message(mqtt.AtLeastOnce, "hi"))
		require.NoError(t, err)
		s.noDial(time.Hour)
		s.connect()
		require.Equal(t, 1, s.server.Dials())
	})
	both(t, "B020 CONNECT is the first packet, and the only one before CONNACK", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
			_, err := s.client.PublishAsync(t.Context(), message(qos, "early"))
			require.NoError(t, err)
		}
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		conn.ExpectNothing(t, 20*time.Second)
		require.NoError(t, conn.Send(&codec.ConnAck{}))
		require.NoError(t, <-done)
		for _, qos := range []codec.QoS{codec.AtMostOnce, codec.AtLeastOnce, codec.ExactlyOnce} {
			require.Equal(t, qos, mqtttest.Expect[*codec.Publish](t, conn).QoS)
		}
	})
	both(t, "B029 Connect while one runs, and after one succeeded: ErrConnected, one socket", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		done := s.connecting()
		conn := s.dialled()
		require.ErrorIs(t, s.client.Connect(t.Context()), mqtt.ErrConnected)
		conn.Handshake(t)
		require.NoError(t, <-done)
		require.ErrorIs(t, s.client.Connect(t.Context()), mqtt.ErrConnected)
		require.Equal(t, 1, s.server.Dials())
	})
	bubble(t, "B029 Connect while the client reconnects: ErrConnected", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		conn.Close()
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Reconnecting"}, s.told())
		require.ErrorIs(t, s.client.Connect(t.Context()), mqtt.ErrConnected)
		s.accept()
		require.Equal(t, 2, s.server.Dials())
	})
}

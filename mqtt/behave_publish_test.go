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

func TestPublish(t *testing.T) {
	both(t, "B092 online publish arrives with topic, payload, qos 0, no retain, no dup", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hi")))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, codec.Publish{Topic: "a/b", Payload: []byte("hi")}, *p)
	})
	both(t, "B102 completion on PUBACK", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, codec.AtLeastOnce, p.QoS)
		require.False(t, p.Dup)
		pending(t, done)
		require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, <-done)
	})
	both(t, "B119 PUBLISH, PUBREC, PUBREL, PUBCOMP, then completion", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.NoError(t, conn.Send(&codec.PubRec{PacketID: p.PacketID}))
		require.Equal(t, p.PacketID, mqtttest.Expect[*codec.PubRel](t, conn).PacketID)
		pending(t, done)
		require.NoError(t, conn.Send(&codec.PubComp{PacketID: p.PacketID}))
		require.NoError(t, <-done)
	})
	bubble(t, "B109 connection dies before PUBACK: resent with the same id, the first call completes", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		pending(t, done)
		conn = s.resume()
		again := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, p.PacketID, again.PacketID)
		require.True(t, again.Dup)
		require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, <-done)
	})
}

func TestCloseEndsInOrder(t *testing.T) {
	both(t, "B199 graceful close sends DISCONNECT, then tells the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Close(closing(t, time.Minute)) })
		require.Equal(t, codec.NormalDisconnection, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
		conn.Close()
		require.NoError(t, <-done)
		synctest.Wait()
		require.Equal(t, []string{"Connected", "Disconnected", "Closed"}, kinds(events(s.client)))
	})
}

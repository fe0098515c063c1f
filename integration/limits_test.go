//go:build integration

package integration

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// narrow is a mosquitto that takes less than others, and says so on 5.0.
var narrow = place{"mosquitto-narrow", func(t *testing.T) server {
	return &mosquitto{name: "narrow", url: environment(t, "MQTT_NARROW")}
}}

func TestServersLimitsAreKept(t *testing.T) { // §3.2.2.3
	matrix{places: []place{narrow}, versions: v5, qos: once}.run(t, func(c *cell) {
		client := c.connect(c.config())
		ack, _ := client.ConnAck()
		require.EqualValues(c, 500, ack.MaximumPacketSize)
		require.Equal(c, mqtt.AtLeastOnce, ack.MaximumQoS)
		require.False(c, ack.RetainAvailable)
		for _, refused := range []struct {
			code codec.ReasonCode
			m    mqtt.Message
		}{
			{codec.PacketTooLarge, mqtt.Message{Topic: c.topic("a"), Payload: bytes.Repeat([]byte("x"), 500), QoS: c.qos}},
			{codec.QoSNotSupported, mqtt.Message{Topic: c.topic("a"), QoS: mqtt.ExactlyOnce}},
			{codec.RetainNotSupported, mqtt.Message{Topic: c.topic("a"), Retain: true}},
		} {
			err := client.Publish(c.ctx, refused.m)
			require.ErrorIs(c, err, refused.code)
			require.ErrorIs(c, err, mqtt.ErrNotSent)
		}
		c.publish(client, c.topic("a"), "fits")
		require.EqualValues(c, 1, client.Stats().Link.Connections)
	})
}

func TestServersKeepAliveIsKept(t *testing.T) { // §3.2.2.3.14
	matrix{places: []place{narrow}, versions: v5, qos: once, parallel: true}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.KeepAlive = time.Hour
		wire := tap(&cfg)
		client := c.connect(cfg)
		ack, _ := client.ConnAck()
		require.Equal(c, 10*time.Second, ack.KeepAlive)
		wire.untilReceived(c, "PINGRESP", 1) // after three quarters of it
	})
}

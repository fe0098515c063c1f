//go:build integration

package integration

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestTopicsOfAnyScript(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		subscriber, publisher := c.connect(c.config()), c.connect(c.config())
		for _, topic := range []string{
			"Größe/ß", "температура/кухня", "温度/厨房", "درجة/الحرارة", "🌡️/🏠", "e\u0301/\u00e9", "\uFEFF/bom", "\U0010FFFD",
			"a b/ c ", "a//b", "/", "ends/", "$not/at/the/start", strings.Repeat("level/", 60) + "last",
		} {
			c.subscribe(subscriber, c.topic(topic))
			c.publish(publisher, c.topic(topic), topic)
			got := c.next(subscriber.Messages())
			require.Equal(c, c.topic(topic), got.Topic)
			require.Equal(c, topic, string(got.Payload))
		}
	})
}

func TestPayloadsOfAnyBytes(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	matrix{versions: allVersions}.run(t, func(c *cell) {
		subscriber, publisher := c.connect(c.config()), c.connect(c.config())
		c.subscribe(subscriber, c.topic("a"))
		for _, payload := range [][]byte{every, {}, {0}, {0xFF, 0xFE}, bytes.Repeat([]byte{0xC0}, 127), bytes.Repeat(every, 64)} {
			require.NoError(c, publisher.Publish(c.ctx, mqtt.Message{Topic: c.topic("a"), Payload: payload, QoS: c.qos}))
			require.True(c, bytes.Equal(payload, c.next(subscriber.Messages()).Payload))
		}
	})
}

func TestLargePayloads(t *testing.T) {
	for _, size := range []struct {
		name    string
		payload int
		maximum int // Config.MaxPacketSize
	}{
		{"900 KiB", 900 << 10, 0},
		{"5 MiB", 5 << 20, 6 << 20},
	} {
		t.Run(size.name, func(t *testing.T) {
			payload := make([]byte, size.payload)
			rand.NewChaCha8([32]byte{}).Read(payload)
			matrix{places: swift}.run(t, func(c *cell) {
				cfg := c.config()
				cfg.MaxPacketSize = size.maximum
				subscriber, publisher := c.connect(cfg), c.connect(c.config())
				c.subscribe(subscriber, c.topic("large"))
				for range 2 {
					require.NoError(c, publisher.Publish(c.ctx, mqtt.Message{Topic: c.topic("large"), Payload: payload, QoS: c.qos}))
				}
				for range 2 {
					require.True(c, bytes.Equal(payload, c.next(subscriber.Messages()).Payload))
				}
			})
		})
	}
}

func TestServerKeepsTooLargeAway(t *testing.T) { // §3.1.2.11.4
	matrix{versions: v5}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.MaxPacketSize = 1000
		subscriber, publisher := c.connect(cfg), c.connect(c.config())
		c.subscribe(subscriber, c.topic("a"))
		c.publish(publisher, c.topic("a"), strings.Repeat("x", 2000))
		c.publish(publisher, c.topic("a"), "fits")
		require.Equal(c, "fits", string(c.next(subscriber.Messages()).Payload))
		require.EqualValues(c, 1, subscriber.Stats().Link.Connections)
	})
}

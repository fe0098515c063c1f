//go:build integration

package integration

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestOtherWaysToAServer(t *testing.T) { // B291, B308
	matrix{places: otherWays, versions: allVersions}.run(t, func(c *cell) {
		client, err := mqtt.New(c.config())
		require.NoError(c, err)
		defer client.Abort()
		require.NoError(c, client.Connect(c.ctx))
		_, err = client.Subscribe(c.ctx, mqtt.Subscription{Filter: c.topic("a"), QoS: c.qos})
		require.NoError(c, err)
		for _, size := range []int{0, 10, 20_000} { // over WebSocket, mosquitto 2.0.11 reads 4 KiB each 100 ms
			payload := bytes.Repeat([]byte("x"), size)
			require.NoError(c, client.Publish(c.ctx, mqtt.Message{Topic: c.topic("a"), QoS: c.qos, Payload: payload}))
			select {
			case m := <-client.Messages():
				require.True(c, bytes.Equal(payload, m.Payload))
			case <-c.ctx.Done():
				c.Fatal("nothing came back")
			}
		}
		require.NoError(c, client.Close(c.ctx))
	})
}

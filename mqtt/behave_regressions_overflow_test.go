package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestTwoStreamsThatDropTheOldest(t *testing.T) {
	both(t, "Contract12 what comes for both when both are full takes the place of the oldest in each", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Inbox: mqtt.Bounds{Messages: 2}, Overflow: mqtt.OverflowDropOldest})
		one, _ := s.stream(conn, "a/#")
		two, _ := s.stream(conn, "a/b")
		from, and := one.Messages(), two.Messages()
		for i := range 5 {
			send(t, conn, incoming(codec.AtMostOnce, 0, numbered(i)))
			synctest.Wait() // each stream has it, and offers it
		}
		require.Equal(t, []string{"m3", "m4"}, payloads(t, from, 2))
		require.Equal(t, []string{"m3", "m4"}, payloads(t, and, 2))
		require.EqualValues(t, 6, s.client.Stats().In.Dropped)
	})
}

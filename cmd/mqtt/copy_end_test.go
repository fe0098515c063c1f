package main_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// waiting has messages wait at a server for the session of the copy that has the name bridge.
func waiting(t testing.TB, from *keeper, messages ...mqtt.Message) {
	t.Helper()
	bridge := client(t, from.url, mqtt.Config{ClientID: "bridge", Session: mqtt.SessionDurable})
	_, err := bridge.Subscribe(t.Context(), mqtt.Subscription{Filter: "#", QoS: mqtt.AtLeastOnce})
	require.NoError(t, err)
	bridge.Abort()
	publish(t, client(t, from.url, mqtt.Config{}), messages...)
}

// mute is a server that acknowledges nothing. It may refuse.
func mute(t testing.TB, cfg mqtttest.BrokerConfig) *keeper {
	t.Helper()
	k := newKeeper(t, cfg)
	k.OnPacket(func(_ string, from codec.Side, p codec.Packet) mqtttest.Action {
		if ack, ok := p.(*codec.PubAck); ok && from == codec.FromServer && !ack.Code.Failed() {
			return mqtttest.ActionDrop
		}
		return mqtttest.ActionPass
	})
	return k
}

// TestCopyTimesOutWhileItWaitsForRoom has more messages than may be on their way to a destination that stands still.
func TestCopyTimesOutWhileItWaitsForRoom(t *testing.T) {
	t.Parallel()
	from, to := newKeeper(t, mqtttest.BrokerConfig{}), mute(t, mqtttest.BrokerConfig{})
	waiting(t, from, numbers("n", mqtt.AtLeastOnce, 0, 6000)...)
	r := run(t, "copy", "--from", from.url, "--to", to.url, "-t", "#", "-i", "bridge", "-W", "1", "--drain", "100ms")
	require.Equal(t, 27, r.code, r.stderr)
	require.Contains(t, r.stderr, "0 messages copied, 0 refused, 40")
	require.Contains(t, r.stderr, "the time is over")
}

// TestCopyOfARefusedMessageDoesNotWaitForOthers has a destination that refuses one and says nothing of the others.
func TestCopyOfARefusedMessageDoesNotWaitForOthers(t *testing.T) {
	t.Parallel()
	from, to := newKeeper(t, mqtttest.BrokerConfig{}), mute(t, mqtttest.BrokerConfig{Authorize: refusingTopics})
	waiting(t, from, append([]mqtt.Message{{Topic: "no", QoS: 1}}, numbers("n", mqtt.AtLeastOnce, 0, 3)...)...)
	r := run(t, "copy", "--from", from.url, "--to", to.url, "-t", "#", "-i", "bridge", "--drain", "100ms")
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, `the destination can't have the message of topic "no", which stays unacknowledged`)
	require.Contains(t, r.stderr, "0 messages copied, 0 refused, ")
}

// answeringNonsense is a server whose PUBACK has no Reason Code of PUBACK.
func answeringNonsense(t testing.TB) (url string) {
	return puppet(t, func(packet []byte) []byte {
		switch packet[0] >> 4 {
		case 1:
			return []byte{0x20, 3, 0, 0, 0}
		case 3:
			return []byte{0x40, 3, packet[5], packet[6], 1}
		}
		return []byte{}
	})
}

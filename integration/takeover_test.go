//go:build integration

package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestWhoLosesItsSessionStops(t *testing.T) {
	matrix{places: []place{embedded}, versions: v5, qos: once}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.ClientID = c.name("twin")
		loser := c.connect(cfg)
		winner := c.connect(cfg)
		c.ended(loser.Done())
		require.ErrorIs(c, loser.Err(), codec.SessionTakenOver)
		require.NotErrorIs(c, loser.Err(), mqtt.ErrClosed)
		c.publish(winner, c.topic("a"), "undisturbed")
		require.EqualValues(c, 1, winner.Stats().Link.Connections)
	})
}

// A server that closes without a reason leaves nothing to know it by (mosquitto 2.0.11 also on 5.0, 3.1.1 everywhere): both
// come back, each time after a longer delay.
func TestTwinsWithoutAReasonKeepBackingOff(t *testing.T) {
	for _, m := range []matrix{{places: mosquittos, qos: once}, {places: []place{embedded}, versions: []mqtt.Version{mqtt.V311}, qos: once}} {
		m.run(t, func(c *cell) {
			cfg := c.config()
			cfg.ClientID = c.name("twin")
			cfg.Backoff = mqtt.Backoff{Min: 20 * time.Millisecond, Max: time.Minute, NoJitter: true}
			twin := c.connect(cfg)
			other := c.connect(cfg)
			for delay := cfg.Backoff.Min; delay <= 8*cfg.Backoff.Min; delay *= 2 {
				require.Equal(c, delay, await[mqtt.EventReconnecting](c, twin).Delay)
			}
			require.NoError(c, twin.Err())
			require.NoError(c, other.Err())
		})
	}
}

//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestNewestVersionIsFound(t *testing.T) {
	matrix{versions: []mqtt.Version{mqtt.VersionAuto}, qos: once}.run(t, func(c *cell) {
		ack, connected := c.connect(c.config()).ConnAck()
		require.True(c, connected)
		require.Equal(c, mqtt.V5, ack.Version)
	})
}

func TestVersionAsAsked(t *testing.T) {
	matrix{versions: allVersions, qos: once}.run(t, func(c *cell) {
		ack, connected := c.connect(c.config()).ConnAck()
		require.True(c, connected)
		require.Equal(c, c.version, ack.Version)
	})
}

func TestServerChoosesTheIdentifier(t *testing.T) { // §3.1.3.1
	matrix{qos: once}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.NoClientID = true
		client := c.connect(cfg)
		ack, _ := client.ConnAck()
		require.False(c, ack.SessionPresent)
		if c.version == mqtt.V5 {
			require.NotEmpty(c, ack.AssignedClientIdentifier)
			require.Equal(c, ack.AssignedClientIdentifier, ack.ClientID)
			require.NoError(c, client.Reconnect(c.ctx))
			again, _ := client.ConnAck()
			require.Equal(c, ack.ClientID, again.ClientID)
			require.True(c, again.SessionPresent, "the client keeps to the identifier")
		}
	})
}

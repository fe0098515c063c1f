package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestStoreLatestOnly(t *testing.T) {
	latest := func(v mqtt.Version, d *disk) mqtt.Config {
		cfg := stored(v, d)
		cfg.LatestOnly = true
		return cfg
	}
	both(t, "what waits since before a restart is replaced, too", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, latest(v, d))
		<-s.async(mqtt.AtLeastOnce, "old").Stored()
		s, d = s.reborn(d)
		s.async(mqtt.AtLeastOnce, "new")
		conn := s.connected(false)
		expectPayload(t, conn, "new")
		quiet(t, conn)
		require.Equal(t, 2, d.count("mn"))
	})
	both(t, "what has its identifier, and never left, is replaced when the connection is lost", func(t *testing.T, v mqtt.Version) {
		for _, late := range []bool{true, false} {
			d := newDisk()
			s, conn := up(t, latest(v, d))
			synctest.Wait()
			gate := d.slow()
			old := s.async(mqtt.AtLeastOnce, "old")
			synctest.Wait()
			if late {
				conn.Close()
				synctest.Wait()
			}
			other := s.async(mqtt.ExactlyOnce, "new")
			synctest.Wait()
			if !late {
				conn.Close()
				synctest.Wait()
			}
			close(gate)
			require.ErrorIs(t, outcomeOf(t, old), mqtt.ErrSuperseded)
			requireOnly(t, outcomeOf(t, old), mqtt.ErrNotSent)
			conn = s.resume()
			expectPayload(t, conn, "new")
			quiet(t, conn)
			openDelivery(t, other)
			s.client.Abort()
		}
	})
}

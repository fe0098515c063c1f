package mqtt_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
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
	for _, full := range []mqtt.OutboxPolicy{mqtt.OutboxWait, mqtt.OutboxReject, mqtt.OutboxDropOldest} {
		both(t, fmt.Sprintf("a newer message needs no room beside the one that it replaces, policy %d", full), func(t *testing.T, v mqtt.Version) {
			s := idle(t, mqtt.Config{Version: v, LatestOnly: true, OutboxFull: full, Outbox: mqtt.Bounds{Messages: 2}})
			for _, p := range []string{"a1", "b1", "b2", "a2", "a3"} {
				s.asyncMessage(mqtt.Message{Topic: p[:1], QoS: mqtt.AtLeastOnce, Payload: []byte(p)})
			}
			var third <-chan error
			if full == mqtt.OutboxWait {
				third = later(func() error { return s.client.Publish(soon(t), mqtt.Message{Topic: "c", Payload: []byte("c1")}) })
				pending(t, third)
			}
			conn := s.connect()
			id := expectPayload(t, conn, "b2").PacketID
			expectPayload(t, conn, "a3")
			if third != nil {
				pending(t, third)
				reply(t, conn, &codec.PubAck{PacketID: id})
				require.NoError(t, <-third)
				expectPayload(t, conn, "c1")
			}
			quiet(t, conn)
		})
	}
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

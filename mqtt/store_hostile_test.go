package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStoreHostile(t *testing.T) {
	for name, code := range map[string]codec.ReasonCode{"that accepts": codec.Success, "that refuses": codec.QuotaExceeded} {
		both(t, "a PUBREC "+name+" for an identifier that has not left yet breaks a rule, and nothing else", func(t *testing.T, v mqtt.Version) {
			d := newDisk()
			s, conn := up(t, stored(v, d))
			synctest.Wait()
			gate := d.slow()
			del := s.async(mqtt.ExactlyOnce, "m")
			synctest.Wait()
			reply(t, conn, &codec.PubRec{PacketID: 1, Code: code})
			if v == mqtt.V5 {
				require.Equal(t, codec.ProtocolError, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
			}
			conn.ExpectClosed(t)
			close(gate)
			conn = s.resume()
			p := expectPayload(t, conn, "m")
			require.False(t, p.Dup)
			openDelivery(t, del)
		})
	}
}

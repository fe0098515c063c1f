package bench

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// Whatever is done, that a client has ended for good is why the run fails.
func TestAClientThatEndsIsAnError(t *testing.T) {
	for _, work := range []string{"sub", "conn", "rtt"} {
		t.Run(work, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
				defer b.Close()
				b.Delay(20 * time.Millisecond)
				o := &options{work: work, saturate: true, qos: 1, topic: "a/%c", size: stampSize, clients: 2, duration: app.Seconds(time.Minute)}
				m := measuring(o, b)
				m.cfg.ClientID = "client"
				time.AfterFunc(time.Second, func() {
					b.Refuse(codec.NotAuthorized)
					b.Drop("client-1")
				})
				f, err := m.measure(t.Context())
				require.Equal(t, app.ExitNotAuthorised, app.ExitCode(err), "%v", err)
				if f != nil {
					require.Equal(t, f.Offered, f.Acknowledged+f.Failed)
				}
			})
		})
	}
}

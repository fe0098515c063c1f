package bench

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// stretchOf is a stretch as fast as it goes, with a ledger that has begun.
func stretchOf(o options, length time.Duration) *stretch {
	o.saturate, o.size = true, stampSize
	c := newClock()
	s := &stretch{
		options: &o, app: &app.App{Drain: time.Minute}, clock: c, pace: newPace(c), length: length,
		ledger: newLedger(c, 1, func() int64 { return 0 }, nil),
	}
	s.ledger.begin()
	s.deadline = s.ledger.start + length
	return s
}

// offline is a client that queues what is published until it is connected, and a server for it.
func offline(t *testing.T, outbox int) (*mqtt.Client, *mqtttest.Broker) {
	b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
	c, err := mqtt.New(mqtt.Config{Servers: []string{"mqtt://broker"}, Dialer: b, Outbox: mqtt.Bounds{Messages: outbox}})
	require.NoError(t, err)
	return c, b
}

// The outbox has room for some messages of a burst. While the publisher waits for more, the end comes; later the server takes all.
func TestABurstThatTheEndCutsShortIsCountedOnce(t *testing.T) {
	for qos := range 3 {
		synctest.Test(t, func(t *testing.T) {
			c, b := offline(t, 44)
			defer b.Close()
			defer c.Close(context.Background())
			later := time.AfterFunc(2*time.Second, func() { c.Connect(context.Background()) })
			defer later.Stop()
			s := stretchOf(options{qos: qos, topic: "a"}, time.Second)
			require.NoError(t, s.publish(t.Context(), []*mqtt.Client{c}))
			s.ledger.finish()
			require.Equal(t, counts{Offered: 44, Acknowledged: 44}, s.ledger.sum)
		})
	}
}

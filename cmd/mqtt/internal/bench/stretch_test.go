package bench

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// stretchOf is a stretch as fast as it goes, with a ledger that has begun.
func stretchOf(o options, length time.Duration) *stretch {
	o.saturate, o.size = true, stampSize
	c := newClock()
	s := &stretch{
		options: &o, app: &app.App{Drain: time.Minute}, grace: context.Background(), clock: c, pace: newPace(c), length: length,
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

// measuring is a bench of one work against a server of the test's.
func measuring(o *options, b *mqtttest.Broker) *bench {
	a := &app.App{Stdout: os.Stdout, Stderr: os.Stderr, Drain: time.Minute}
	m := &bench{options: o, app: a, cfg: mqtt.Config{Servers: []string{"mqtt://broker"}, Dialer: b}, live: newLive(a, o.work, false)}
	for _, k := range works {
		if k.name == o.work {
			m.kind = k
		}
	}
	return m
}

// Else the server may acknowledge them in the time that is measured, in which nobody offered them.
func TestNothingIsMeasuredWhenTheWarmUpStaysUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		defer b.Close()
		b.OnPacket(func(_ string, _ codec.Side, p codec.Packet) mqtttest.Action {
			if _, ack := p.(*codec.PubAck); ack {
				return mqtttest.ActionDrop
			}
			return mqtttest.ActionPass
		})
		o := &options{work: "pub", saturate: true, qos: 1, topic: "a", size: stampSize, clients: 2, warmup: app.Seconds(time.Second), duration: app.Seconds(time.Second)}
		_, err := measuring(o, b).measure(t.Context())
		require.ErrorContains(t, err, "messages of the warm-up have no acknowledgement 1m0s after its end")
		require.Equal(t, app.ExitUnacknowledged, app.ExitCode(err))
	})
}

// --drain is for all of an end that an interrupt has asked for, and not for each of its parts.
func TestAnInterruptedRunTakesDrainOnce(t *testing.T) {
	for _, work := range []string{"pub", "e2e", "rtt"} {
		t.Run(work, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
				defer b.Close()
				b.OnPacket(func(_ string, from codec.Side, p codec.Packet) mqtttest.Action {
					switch p.(type) {
					case *codec.Publish, *codec.PubAck:
						if from == codec.FromServer {
							return mqtttest.ActionDrop
						}
					}
					return mqtttest.ActionPass
				})
				o := &options{work: work, saturate: true, qos: 1, topic: "a", size: stampSize, clients: 1, subscribers: 1, duration: app.Seconds(time.Hour)}
				m := measuring(o, b)
				m.app.Drain = 3 * time.Second
				ctx, interrupt := context.WithCancelCause(t.Context())
				begun := time.Now()
				time.AfterFunc(time.Minute, func() { interrupt(app.ErrInterrupted) })
				f, err := m.measure(ctx)
				require.NoError(t, err)
				require.True(t, f.Interrupted)
				require.Equal(t, time.Minute+m.app.Drain, time.Since(begun).Round(100*time.Millisecond))
			})
		})
	}
}

package conformance

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// keepAlive311 is about signs of life: chapters 3.1.2.10 and 3.12.
var keepAlive311 = rows{
	"MQTT-3.1.2-23": func(s *scene) {
		require.Equal(s, "00 01 00 01 63", afterFlags(hello(s, mqtt.Config{KeepAlive: time.Second})))
		_, l := wired(s, mqtt.Config{KeepAlive: time.Second})
		for range 20 { // idle
			require.Equal(s, "C0 00", l.withinGap(time.Second))
			l.says("D0 00")
		}
		p, l := wired(s, mqtt.Config{KeepAlive: time.Second})
		go func() { // busy, and at times not
			for i := range 100 {
				elapse(time.Duration(i) * 17 * time.Millisecond)
				p.client.Publish(p.Context(), mqtt.Message{Topic: "a"})
			}
		}()
		for pings, others := 0, 0; others < 100; {
			if l.withinGap(time.Second) != "C0 00" {
				others++
				continue
			}
			if pings++; pings%3 != 0 {
				elapse(300 * time.Millisecond)
			}
			l.says("D0 00")
		}
		require.Equal(s, "00 00 00 01 63", afterFlags(hello(s, mqtt.Config{KeepAlive: -1})))
		_, l = wired(s, mqtt.Config{KeepAlive: -1})
		_, err := l.read(10 * 24 * time.Hour)
		require.ErrorIs(s, err, context.DeadlineExceeded, "with Keep Alive off")
	},
	"MQTT-3.1.2-24": func(s *scene) {
		// The server would drop the client after one and a half; here also while the application doesn't take what has come.
		p, l := wired(s, mqtt.Config{KeepAlive: 10 * time.Second, Inbox: mqtt.Bounds{Messages: 1}, ReceiveMaximum: 1})
		l.says("30 03 00 01 61", "30 03 00 01 61", published(0x32, "a", 1, ""), published(0x32, "a", 2, ""))
		for range 10 {
			require.Equal(s, "C0 00", l.withinGap(15*time.Second))
			l.says("D0 00")
		}
		require.Equal(s, mqtt.StateConnected, p.client.State())
		require.EqualValues(s, 1, p.client.Stats().Link.Connections)
	},
	"no-id:3.1.2.10/a": func(s *scene) {
		for patience, cfg := range map[time.Duration]mqtt.Config{
			30 * time.Second: {}, 7 * time.Second: {PingTimeout: 7 * time.Second}, 5 * time.Second: {KeepAlive: 4 * time.Second},
		} {
			p, l := wired(s, cfg)
			require.Equal(s, "C0 00", l.withinGap(time.Minute))
			start := time.Now()
			var err error
			for err == nil { // with a short Keep Alive another PINGREQ is due before that
				_, err = l.read(time.Hour)
			}
			require.NotErrorIs(s, err, context.DeadlineExceeded)
			require.Equal(s, patience, time.Since(start))
			require.ErrorIs(s, p.why(), mqtt.ErrNoPingResp)
		}
	},
	"MQTT-3.12.4-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for range 3 { // PINGRESP in the last moment
			require.Equal(s, "C0 00", l.withinGap(time.Minute))
			elapse(30*time.Second - 1)
			l.says("D0 00")
		}
		require.Equal(s, "C0 00", l.withinGap(time.Minute))
		l.says("30 03 00 01 61") // something else isn't the answer
		p.takes()
		elapse(29 * time.Second)
		l.shut("PINGREQ without PINGRESP")
		require.ErrorIs(s, p.why(), mqtt.ErrNoPingResp)
		p.answered(accepted).quiet()
	},
}

// withinGap gives the next packet, which must come within d.
func (l *line) withinGap(d time.Duration) string {
	l.Helper()
	b, err := l.read(d + 1)
	require.NoError(l, err, "no packet for %v", d)
	return spaced(b)
}

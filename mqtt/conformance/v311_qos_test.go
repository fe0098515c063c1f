package conformance

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// qos311 is about sessions and delivery: chapters 4.1 and 4.3 to 4.5.
var qos311 = rows{
	"MQTT-4.1.0-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		one, two := p.publishes(1, "x"), p.publishes(2, "y")
		l.hears("32 06 00 01 61 00 01 78", "34 06 00 01 61 00 02 79")
		l.says(published(0x34, "a", 9, "z"))
		p.takes()
		l.hears("50 02 00 09")
		for range 3 { // each part of the session lives as long as it does
			p.server.HoldDials(true)
			l.cut()
			elapse(24 * time.Hour)
			p.server.HoldDials(false)
			l = p.answered(resumed)
			l.hears("3A 06 00 01 61 00 01 78", "3C 06 00 01 61 00 02 79")
			l.says(published(0x3C, "a", 9, "z"))
			l.hears("50 02 00 09")
			p.takesNothing()
		}
		l.says("40 02 00 01", "50 02 00 02", "62 02 00 09")
		l.hears("62 02 00 02", "70 02 00 09")
		require.NoError(s, settled(s, one))
		l.cut()
		l = p.answered(resumed)
		l.hears("62 02 00 02")
		l.says("70 02 00 02")
		require.NoError(s, settled(s, two))
		l.cut()
		p.answered(resumed).quiet()
	},
	"MQTT-4.1.0-2": func(s *scene) {
		// A full outbox makes room at the cost of what hasn't left, not of what the session holds.
		p := pairUp(s, kept(mqtt.Config{MaxInFlight: 3, Outbox: mqtt.Bounds{Messages: 4}, OutboxFull: mqtt.OutboxDropOldest}))
		l := p.connected(accepted)
		for i := range 3 {
			p.publishes(1, fmt.Sprint(i))
			require.Equal(s, published(0x32, "a", i+1, fmt.Sprint(i)), packetHex(l.packet()))
		}
		l.says(published(0x34, "a", 9, "z"))
		p.takes()
		l.hears("50 02 00 09")
		var waits []*mqtt.Delivery
		for range 50 {
			waits = append(waits, p.publishes(1, "pressure"))
			l.says(published(0x30, "a", 0, "pressure"))
			p.takes()
		}
		require.ErrorIs(s, settled(s, waits[0]), mqtt.ErrNotSent)
		l.says(published(0x3C, "a", 9, "z"))
		l.hears("50 02 00 09")
		p.takesNothing()
		l.cut()
		l = p.answered(resumed)
		l.hears(published(0x3A, "a", 1, "0"), published(0x3A, "a", 2, "1"), published(0x3A, "a", 3, "2"))
	},
	"MQTT-4.3.1-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		d := p.publishes(0, "x")
		l.hears("30 04 00 01 61 78")
		require.NoError(s, settled(s, d))
		l.quiet()
		l.cut()
		p.answered(resumed).quiet()
	},
	"MQTT-4.3.2-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		one, two := p.publishes(1, "x"), p.publishes(1, "y")
		l.hears("32 06 00 01 61 00 01 78", "32 06 00 01 61 00 02 79")
		undecided(s, one)
		l.quiet()
		l.says("40 02 00 03", "40 02 00 02")
		require.NoError(s, settled(s, two))
		undecided(s, one)
		l.says("40 02 00 01")
		require.NoError(s, settled(s, one))
	},
	"MQTT-4.3.2-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{Ack: mqtt.AckManual})
		for _, first := range []byte{0x32, 0x3A, 0x32} {
			l.says(published(first, "a", 7, "x"))
			m := p.takes()
			l.quiet() // before it is accepted
			require.NoError(s, m.Ack())
			l.hears("40 02 00 07")
		}
	},
	"MQTT-4.3.3-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		next := func() *line { l.cut(); return p.answered(resumed) }
		d, other := p.publishes(2, "x"), p.publishes(2, "y")
		l.hears("34 06 00 01 61 00 01 78", "34 06 00 01 61 00 02 79")
		l.quiet()
		l = next() // before PUBREC
		l.hears("3C 06 00 01 61 00 01 78", "3C 06 00 01 61 00 02 79")
		l.says("50 02 00 01")
		l.hears("62 02 00 01")
		undecided(s, d)
		l = next() // after PUBREC: no PUBLISH any more
		l.hears("62 02 00 01", "3C 06 00 01 61 00 02 79")
		l.quiet()
		l.says("70 02 00 01")
		require.NoError(s, settled(s, d))
		undecided(s, other)
		l = next() // after PUBCOMP: nothing of it
		l.hears("3C 06 00 01 61 00 02 79")
		l.quiet()
	},
	"MQTT-4.3.3-2": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		l.says(published(0x34, "a", 9, "x"))
		require.Equal(s, "x", string(p.takes().Payload))
		l.hears("50 02 00 09")
		l.says(published(0x3C, "a", 9, "x"))
		l.hears("50 02 00 09")
		p.takesNothing()
		l.cut()
		l = p.answered(resumed)
		l.says(published(0x3C, "a", 9, "x"))
		l.hears("50 02 00 09")
		p.takesNothing()
		l.says("62 02 00 09")
		l.hears("70 02 00 09")
		l.says("62 02 00 09") // its answer may have been lost
		l.hears("70 02 00 09")
		l.says(published(0x3C, "a", 9, "y"))
		require.Equal(s, "y", string(p.takes().Payload))
		l.hears("50 02 00 09")
	},
	"MQTT-4.4.0-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		for i := range 9 {
			p.publishes(mqtt.QoS(i%3), fmt.Sprint(i))
			l.packet()
		} // QoS 1: 1, 3, 5; QoS 2: 2, 4, 6
		l.says("40 02 00 03", "50 02 00 02", "50 02 00 04", "70 02 00 04")
		l.hears("62 02 00 02", "62 02 00 04")
		l.cut()
		l = p.answered(resumed)
		var got []string
		for range 4 {
			got = append(got, packetHex(l.packet()))
		}
		l.quiet()
		slices.Sort(got)
		want := []string{published(0x3A, "a", 1, "1"), packetOf(0x62, 2), published(0x3A, "a", 5, "7"), published(0x3C, "a", 6, "8")}
		slices.Sort(want)
		require.Equal(s, want, got)
	},
	"MQTT-4.5.0-2": func(s *scene) {
		p := strangers(s, mqtt.Config{StallAfter: 7 * time.Second})
		l := p.connected(accepted)
		l.says(published(0x32, "nobody", 1, ""), published(0x34, "nobody", 2, "")) // nobody asks for it
		l.quiet()
		elapse(3 * time.Second)
		l.hears("40 02 00 01", "50 02 00 02")

		stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 2})
		require.NoError(s, err)
		l.says(packetOf(0x90, identifier(l.packet()), []byte{2}), published(0x32, "a", 3, ""), published(0x34, "a", 4, ""))
		l.quiet() // it waits for its reader, who leaves
		gone := later(func() error { return stream.Close(p.soon()) })
		seen := map[string]bool{}
		for range 3 {
			b := l.packet()
			if seen[spaced(b[:1])+spaced(b[2:4])] = true; b[0] == 0xA2 {
				l.says(published(0x32, "a", 5, ""), packetOf(0xB0, identifier(b)))
			}
		}
		l.hears("40 02 00 05")
		require.True(s, seen["4000 03"] && seen["5000 04"], "%v", seen)
		require.NoError(s, <-gone)
	},
}

// answersInOrder has messages be acknowledged in the reverse of their order, and checks that the answers leave in it, all but the
// first of them behind the first.
func answersInOrder(s *scene, first, answer byte) {
	s.Helper()
	p, l := wired(s, mqtt.Config{Ack: mqtt.AckManual})
	var all []*mqtt.Received
	ids := []int{7, 3, 9, 1, 65_535}
	for _, id := range ids {
		l.says(published(first, "a", id, ""))
		all = append(all, p.takes())
	}
	for i := len(all) - 1; i > 0; i-- {
		require.NoError(s, all[i].Ack())
	}
	l.quiet()
	require.NoError(s, all[0].Ack())
	for _, id := range ids {
		l.hears(packetOf(answer, id))
	}
	// And where two readers share the work, of whom one is slow.
	p, l = wired(s, mqtt.Config{})
	for range 2 {
		go func() {
			for m := range p.client.All(p.Context()) {
				if m.Topic == "slow" {
					elapse(time.Second)
				}
			}
		}()
	}
	l.says(published(first, "slow", 2, ""), published(first, "fast", 1, ""), published(first, "fast", 3, ""))
	require.Equal(s, spaced(bytesOf(packetOf(answer, 2))), l.withinGap(2*time.Second))
	l.hears(packetOf(answer, 1), packetOf(answer, 3))
}

package conformance

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// unsubscribe311 is about UNSUBSCRIBE and UNSUBACK: chapters 3.10 and 3.11.
var unsubscribe311 = rows{
	"MQTT-3.10.1-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		p.unsubscribing("f")
		b := l.packet()
		require.Equal(s, byte(0xA2), b[0])
		p.client.Abort()
		p = pairUp(s, kept(mqtt.Config{}))
		l = p.connected(accepted)
		p.unsubscribing("f")
		l.packet()
		l.cut()
		require.Equal(s, byte(0xA2), p.answered(resumed).packet()[0], "no DUP either when it is asked again")
	},
	"MQTT-3.10.3-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for range 10 { // until the identifier is the example's
			d := p.publishes(1, "")
			l.says(packetOf(0x40, identifier(l.packet())))
			require.NoError(s, settled(s, d))
		}
		p.unsubscribing("a/b", "c/d")
		l.hears("A2 0C 00 0B 00 03 61 2F 62 00 03 63 2F 64")
		unaskable(s, "", "a\xFF")
	},
	"MQTT-3.10.3-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		as[*mqtt.ArgumentError](s, p.client.Unsubscribe(p.soon()))
		_, err := p.client.UnsubscribeWith(p.soon(), mqtt.Unsubscription{})
		as[*mqtt.ArgumentError](s, err)
		l.quiet()
	},
	"MQTT-3.10.4-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		streams := map[string]*mqtt.Stream{}
		for _, filter := range []string{"a/b", "a/+", "A/b", "a/b/"} {
			stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter})
			require.NoError(s, err)
			l.says(packetOf(0x90, identifier(l.packet()), []byte{0}))
			streams[filter] = stream
		}
		gone := later(func() error { return streams["a/b"].Close(p.soon()) })
		b := l.packet()
		require.Equal(s, []string{"a/b"}, fields(b))
		l.says(packetOf(0xB0, identifier(b)))
		require.NoError(s, <-gone)
		l.says(published(0x30, "a/b", 0, "1"), published(0x30, "A/b", 0, "2"), published(0x30, "a/b/", 0, "3"))
		for filter, payload := range map[string]string{"a/+": "1", "A/b": "2", "a/b/": "3"} {
			require.Equal(s, payload, string((<-streams[filter].Messages()).Payload))
		}
		l.cut()
		wanted := fields(p.answered(accepted).packet())
		slices.Sort(wanted)
		require.Equal(s, []string{"A/b", "a/+", "a/b/"}, wanted)
	},
	"MQTT-3.10.4-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(2, "f")
		l.says(packetOf(0x90, identifier(l.packet()), []byte{2}))
		require.NoError(s, (<-sub).err)
		unsub := p.unsubscribing("f")
		id := identifier(l.packet())
		l.says(published(0x32, "f", 1, "on its way"), published(0x34, "f", 2, "too")) // both still come, and are answered
		p.takes()
		p.takes()
		l.hears("40 02 00 01", "50 02 00 02")
		waiting(s, unsub)
		l.says(packetOf(0xB0, id))
		require.NoError(s, <-unsub)
		l.cut()
		p.answered(accepted).quiet() // it isn't asked for again
	},
	"MQTT-3.10.4-3": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.says(published(0x34, "f", 7, ""))
		p.takes()
		l.hears("50 02 00 07")
		d := p.publishes(2, "")
		mine := identifier(l.packet())
		unsub := p.unsubscribing("f")
		l.says(packetOf(0xB0, identifier(l.packet())))
		require.NoError(s, <-unsub)
		l.says("62 02 00 07", packetOf(0x50, mine))
		l.hears(packetOf(0x62, mine), "70 02 00 07")
		l.says(packetOf(0x70, mine))
		require.NoError(s, settled(s, d))
	},
	"MQTT-3.10.4-4": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		one, two := p.unsubscribing("f"), (<-chan error)(nil)
		id := identifier(l.packet())
		two = p.unsubscribing("g")
		other := identifier(l.packet())
		l.says(packetOf(0xB0, 65_535))
		waiting(s, one)
		waiting(s, two)
		l.says(packetOf(0xB0, other))
		require.NoError(s, <-two)
		waiting(s, one)
		l.says(packetOf(0xB0, id))
		require.NoError(s, <-one)
	},
	"MQTT-3.10.4-5": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		unsub := p.unsubscribing("never/subscribed")
		b := l.packet()
		require.Equal(s, []string{"never/subscribed"}, fields(b))
		l.quiet()
		waiting(s, unsub)
		l.says(packetOf(0xB0, identifier(b)))
		require.NoError(s, <-unsub)
	},
	"MQTT-3.10.4-6": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		filters := []string{"a", "b", "c", "d"}
		codes := make(chan []mqtt.ReasonCode, 1)
		unsub := later(func() error {
			got, err := p.client.UnsubscribeWith(p.soon(), mqtt.Unsubscription{Filters: filters})
			codes <- got
			return err
		})
		b := l.packet()
		require.Equal(s, filters, fields(b))
		l.quiet()
		l.says(packetOf(0xB0, identifier(b)))
		require.NoError(s, <-unsub)
		require.Len(s, <-codes, 4)
		unsub = p.unsubscribing("a", "b", "c")
		answer := packetOf(0xB0, identifier(l.packet()), []byte{0, 0, 0}) // that of 5.0
		l.says(answer)
		l.shut(answer)
		as[*mqtt.ProtocolError](s, p.why())
		waiting(s, unsub)
	},
}

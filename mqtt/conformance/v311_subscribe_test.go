package conformance

import (
	"context"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// subscribe311 is about SUBSCRIBE and SUBACK: chapters 3.8 and 3.9.
var subscribe311 = rows{
	"MQTT-3.8.1-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(1, "f")
		l.hears("82 06 00 01 00 01 66 01")
		l.cut() // no DUP either when it is asked again, for want of an answer and then of a session
		for range 2 {
			l = p.answered(accepted)
			b := l.packet()
			require.Equal(s, packetOf(0x82, identifier(b), "f", []byte{1}), packetHex(b))
			l.says(packetOf(0x90, identifier(b), []byte{1}))
			synctest.Wait()
			l.cut()
		}
		require.NoError(s, (<-sub).err)
	},
	"MQTT-3.8.3-1": func(s *scene) {
		for _, bad := range []string{"\xED\xA0\x80", "a/\xFF", "\xC0\xAF/#"} {
			unaskable(s, "", bad)
		}
		p, l := wired(s, mqtt.Config{})
		p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "\u00e9/#", QoS: 2}, mqtt.Subscription{Filter: "b"})
		l.hears("82 0D 00 01 00 04 C3 A9 2F 23 02 00 01 62 00")
	},
	"MQTT-3.8.3-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(1, "a/+", "a/b")
		synctest.Wait()
		l.says(packetOf(0x90, identifier(l.packet()), []byte{0x80, 1}))
		got := <-sub
		require.Len(s, as[*mqtt.SubscribeError](s, got.err).Grants, 2)
		require.ErrorIs(s, got.err, codec.UnspecifiedError)
		require.Equal(s, []bool{true, false}, []bool{got.grants[0].Code.Failed(), got.grants[1].Code.Failed()})
		l.cut()
		require.Equal(s, []string{"a/b"}, fields(p.answered(accepted).packet()), "what was refused isn't wanted")
	},
	"MQTT-3.8.3-3": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		_, err := p.client.Subscribe(p.soon())
		as[*mqtt.ArgumentError](s, err)
		_, err = p.client.Declare(mqtt.StreamConfig{})
		as[*mqtt.ArgumentError](s, err)
		_, err = p.client.Stream(p.soon(), mqtt.StreamConfig{})
		as[*mqtt.ArgumentError](s, err)
		l.cut()
		p.answered(accepted).quiet() // nothing wanted, and so no SUBSCRIBE
	},
	"MQTT-3-8.3-4": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for qos := range byte(3) {
			p.subscribing(mqtt.QoS(qos), fmt.Sprint(qos))
			b := l.packet()
			require.Equal(s, qos, b[len(b)-1])
			l.says(packetOf(0x90, identifier(b), []byte{qos}))
		}
		for _, qos := range []mqtt.QoS{3, 4, 0x80, 255} {
			_, err := p.client.Subscribe(p.soon(), mqtt.Subscription{Filter: "a", QoS: qos})
			as[*mqtt.ArgumentError](s, err)
		}
		s.refusedConfig(mqtt.Config{Subscriptions: []mqtt.Subscription{{Filter: "a", QoS: 3}}}, "Subscriptions[0].QoS")
		for _, options := range []mqtt.Subscription{{NoLocal: true}, {RetainAsPublished: true}, {RetainHandling: 2}} { // reserved bits here
			options.Filter = "a"
			_, err := p.client.Subscribe(p.soon(), options)
			require.ErrorIs(s, err, mqtt.ErrVersion)
		}
		l.quiet()
	},
	"MQTT-3.8.4-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{MaxInFlight: 100})
		ctx, stop := context.WithTimeout(s.Context(), time.Second)
		defer stop()
		_, err := p.client.Subscribe(ctx, mqtt.Subscription{Filter: "f"})
		require.ErrorIs(s, err, context.DeadlineExceeded)
		l.hears("82 06 00 01 00 01 66 00")
		require.Zero(s, l.turn()[1], "the identifier is used again")
		l.says("90 03 00 01 00")
		require.Equal(s, byte(0xA2), l.packet()[0], "the filter isn't wanted any more")
	},
	"MQTT-3.8.4-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(1, "f")
		id := identifier(l.packet())
		for _, other := range []int{id + 1, id << 8, 65_535} {
			l.says(packetOf(0x90, other, []byte{1}))
			waiting(s, sub)
		}
		l.says(packetOf(0x90, id, []byte{1}))
		require.NoError(s, (<-sub).err)

		for _, answer := range []byte{0x40, 0x50, 0x70, 0xB0} { // the identifier, and not the packet
			p, l := wired(s, mqtt.Config{})
			sub := p.subscribing(1, "g")
			l.says(packetOf(answer, identifier(l.packet())))
			l.shut("another packet than SUBACK")
			waiting(s, sub)
			l = p.answered(accepted)
			l.says(packetOf(0x90, identifier(l.packet()), []byte{0}))
			require.NoError(s, (<-sub).err)
		}
	},
	"MQTT-3.8.4-3": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for qos, word := range []string{"before", "between", "after"} {
			sub := p.subscribing(mqtt.QoS(qos), "f")
			b := l.packet()
			require.Equal(s, packetOf(0x82, identifier(b), "f", []byte{byte(qos)}), packetHex(b))
			l.says(published(0x30, "f", 0, word), packetOf(0x90, identifier(b), []byte{byte(qos)}), published(0x30, "f", 0, word))
			require.Equal(s, mqtt.QoS(qos), (<-sub).grants[0].QoS)
			for range 2 {
				require.Equal(s, word, string(p.takes().Payload))
			}
			p.takesNothing()
		}
		l.cut()
		b := p.answered(accepted).packet()
		require.Equal(s, packetOf(0x82, identifier(b), "f", []byte{2}), packetHex(b), "one subscription, the last")
	},
	"MQTT-3.8.4-4": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		var filters []string
		for i := range 10 {
			filters = append(filters, fmt.Sprint("f", i))
		}
		sub := p.subscribing(2, filters...)
		b := l.packet()
		require.Equal(s, filters, fields(b))
		waiting(s, sub)
		l.says(packetOf(0x90, identifier(b), []byte{2, 1, 0, 2, 1, 0, 2, 1, 0, 2}))
		got := <-sub
		require.NoError(s, got.err)
		for i, g := range got.grants {
			require.Equal(s, filters[i], g.Filter)
			require.Equal(s, mqtt.QoS(2-i%3), g.QoS)
		}
	},
	"MQTT-3.8.4-5": func(s *scene) {
		for _, codes := range [][]byte{{1}, {1, 1}, {1, 1, 1, 1}, {}} {
			p, l := wired(s, mqtt.Config{})
			sub := p.subscribing(1, "a", "b", "c")
			answer := packetOf(0x90, identifier(l.packet()), codes)
			l.says(answer)
			l.shut(answer)
			p.blames(answer)
			waiting(s, sub)
			l = p.answered(accepted)
			b := l.packet()
			require.Equal(s, []string{"a", "b", "c"}, fields(b), "it is asked again")
			l.says(packetOf(0x90, identifier(b), []byte{1, 1, 1}))
			require.NoError(s, (<-sub).err)
		}
	},
	"MQTT-3.8.4-6": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(2, "f")
		l.says(packetOf(0x90, identifier(l.packet()), []byte{0}))
		got := <-sub
		require.NoError(s, got.err)
		require.Equal(s, mqtt.AtMostOnce, got.grants[0].QoS)
		l.says(published(0x32, "f", 5, ""), published(0x34, "f", 6, "")) // what comes tells how it is answered, not what was granted
		p.takes()
		p.takes()
		l.hears("40 02 00 05", "50 02 00 06")
	},
	"MQTT-3.9.3-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(2, "one", "two", "three")
		l.says(packetOf(0x90, identifier(l.packet()), []byte{0x01, 0x80, 0x02}))
		got := <-sub
		var told []string
		for _, g := range got.grants {
			told = append(told, fmt.Sprintf("%s %d %v", g.Filter, g.QoS, g.Code.Failed()))
		}
		require.Equal(s, []string{"one 1 false", "two 0 true", "three 2 false"}, told)
		require.Error(s, got.err)
	},
	"MQTT-3.9.3-2": func(s *scene) {
		for _, code := range []byte{3, 4, 0x7F, 0x81, 0x87, 0xFF} {
			p, l := wired(s, mqtt.Config{})
			sub := p.subscribing(2, "f")
			answer := packetOf(0x90, identifier(l.packet()), []byte{code})
			l.says(answer)
			l.shut(answer)
			p.blames(answer)
			waiting(s, sub)
		}
	},
	"no-id:3.8.4/a": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "f", QoS: 1})
		require.NoError(s, err)
		id := identifier(l.packet())
		l.says(published(0x32, "f", 3, "early"))
		require.Equal(s, "early", string((<-stream.Messages()).Payload))
		l.hears("40 02 00 03")
		l.says(packetOf(0x90, id, []byte{1}))
		_, err = stream.Ready(p.soon())
		require.NoError(s, err)
		require.Empty(s, stream.Messages(), "it came once")
		p.takesNothing()
	},
}

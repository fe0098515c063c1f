package conformance

import (
	"fmt"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// publish311 is about PUBLISH and its answers: chapters 3.3 and 3.6.
var publish311 = rows{
	"MQTT-3.3.1-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{MaxInFlight: 4}))
		l := p.connected(accepted)
		for _, m := range []mqtt.Message{{QoS: 1}, {QoS: 2}, {QoS: 1, Retain: true}, {QoS: 2, Retain: true}, {QoS: 1}} {
			m.Topic = "a"
			p.sends(m)
		}
		l.hears("32 05 00 01 61 00 01", "34 05 00 01 61 00 02", "33 05 00 01 61 00 03", "35 05 00 01 61 00 04")
		for range 3 { // each time that they are delivered again; the fifth hasn't been sent yet
			l.cut()
			l = p.answered(resumed)
			l.hears("3A 05 00 01 61 00 01", "3C 05 00 01 61 00 02", "3B 05 00 01 61 00 03", "3D 05 00 01 61 00 04")
		}
		l.says("40 02 00 01")
		l.hears("32 05 00 01 61 00 05")
	},
	"MQTT-3.3.1-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.conn.Stall()
		l.conn.Pipe().In().SetSize(1)
		p.publishes(0, "can't be written")
		p.sends(mqtt.Message{Topic: "a", Retain: true})
		synctest.Wait()
		l.cut()
		l = p.answered(accepted)
		l.hears(published(0x30, "a", 0, "can't be written"), "31 03 00 01 61") // for the first time, as a whole
		l.cut()
		l = p.answered(accepted)
		l.quiet()
		l = l.refused("38 03 00 01 61")
		l.refused("39 03 00 01 61")
	},
	"MQTT-3.3.1-3": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for qos, answer := range map[byte]string{1: "40 02 00 07", 2: "50 02 00 07"} {
			l.says(published(0x38|qos<<1, "a", 7, "x"))
			m := p.takes()
			require.True(s, m.Dup)
			l.hears(answer)
			p.sends(m.Message)
			require.Equal(s, 0x30|qos<<1, l.packet()[0])
		}
	},
	"MQTT-3.3.1-4": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		as[*mqtt.ArgumentError](s, p.client.Publish(p.soon(), mqtt.Message{Topic: "a", QoS: 3}))
		_, err := p.client.Subscribe(p.soon(), mqtt.Subscription{Filter: "a", QoS: 3})
		as[*mqtt.ArgumentError](s, err)
		l.quiet()
		for _, packet := range []string{"36 05 00 01 61 00 01", "37 05 00 01 61 00 01", "3E 05 00 01 61 00 01", "36 03 00 01 61"} {
			l = l.refused(packet)
		}
	},
	"MQTT-3.3.1-5": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for qos := range byte(3) {
			for retain, bit := range map[bool]byte{true: 1, false: 0} {
				p.sends(mqtt.Message{Topic: "a", QoS: mqtt.QoS(qos), Retain: retain})
				require.Equal(s, 0x30|qos<<1|bit, l.packet()[0])
			}
		}
	},
	"MQTT-3.3.1-6": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a/+", QoS: 1})
		require.NoError(s, err)
		id := identifier(l.packet())
		l.says(published(0x31, "a/b", 0, "before SUBACK"), packetOf(0x90, id, []byte{1}), published(0x33, "a/c", 5, "after it"))
		for _, want := range []string{"before SUBACK", "after it"} {
			m := <-stream.Messages()
			require.True(s, m.Retain)
			require.Equal(s, want, string(m.Payload))
		}
		l.hears("40 02 00 05")
	},
	"MQTT-3.3.1-8": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.says("31 03 00 01 61", "33 05 00 01 61 00 01", "35 05 00 01 61 00 02")
		for qos := range mqtt.QoS(3) {
			m := p.takes()
			require.Equal(s, qos, m.QoS)
			require.True(s, m.Retain, "QoS %d", qos)
		}
	},
	"MQTT-3.3.1-9": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.says("31 03 00 01 61", "30 03 00 01 61", "32 05 00 01 61 00 01", "3A 05 00 01 61 00 02", "34 05 00 01 61 00 03")
		require.True(s, p.takes().Retain, "it was there when the subscription was made")
		for range 4 {
			require.False(s, p.takes().Retain, "it has come since")
		}
	},
	"MQTT-3.3.1-10": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		p.sends(mqtt.Message{Topic: "a", Retain: true})
		l.hears("31 03 00 01 61")
		p.sends(mqtt.Message{Topic: "a", QoS: 1, Retain: true, Payload: []byte{}})
		l.hears("33 05 00 01 61 00 01")
		l.says("30 03 00 01 61", "31 03 00 01 61", "32 05 00 01 61 00 09")
		for range 3 {
			m := p.takes()
			require.Equal(s, "a", m.Topic)
			require.Empty(s, m.Payload)
		}
		l.hears("40 02 00 09")
	},
	"MQTT-3.3.2-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		p.sends(mqtt.Message{Topic: "\u00e9/b", QoS: 1, Payload: []byte{0, 0xFF}})
		l.hears("32 0A 00 04 C3 A9 2F 62 00 01 00 FF")
		l.says("40 02 00 01")
		for _, packet := range []string{"30 02 00 05", "30 03 00 02 61", "30 01 00", "30 00", "32 04 00 01 61 00", "32 03 00 01 61", "30 03 FF FF 61"} {
			l = l.refused(packet)
		}
	},
	"MQTT-3.3.2-2": func(s *scene) {
		_, l := wired(s, mqtt.Config{})
		for _, topic := range []string{"a/+", "#", "+", "a/#", "a+b", "a#", "#/a"} {
			unaskable(s, topic, "")
			l = l.refused(published(0x30, topic, 0, "x"))
			l = l.refused(published(0x34, topic, 7, "x"))
		}
	},
	"MQTT-3.3.2-3": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 2})
		require.NoError(s, err)
		l.says(packetOf(0x90, identifier(l.packet()), []byte{2}))
		l.says(published(0x30, "b", 0, "0"), published(0x32, "b", 1, "1"), published(0x34, "b", 2, "2"))
		for i := range 3 { // a message that matches no filter isn't the stream's, and ends nothing
			require.Equal(s, fmt.Sprint(i), string(p.takes().Payload))
		}
		l.hears("40 02 00 01", "50 02 00 02")
		require.Empty(s, stream.Messages())
		l.says(published(0x30, "a", 0, "goes on"))
		require.Equal(s, "goes on", string((<-stream.Messages()).Payload))
	},
	"MQTT-3.3.4-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for first, answer := range map[byte]string{0x30: "", 0x32: "40 02 00 05", 0x34: "50 02 00 05"} {
			l.says(published(first, "a", 5, "x"))
			p.takes()
			if answer != "" {
				l.hears(answer)
			}
			l.quiet()
		}
	},
	"MQTT-3.3.5-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		var streams []*mqtt.Stream
		for _, filter := range []string{"a/#", "a/+"} {
			stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter, QoS: 2})
			require.NoError(s, err)
			streams = append(streams, stream)
			l.says(packetOf(0x90, identifier(l.packet()), []byte{2}))
		}
		for _, ids := range [][]int{{1}, {2, 3}} { // one copy; a copy for each of the two
			for _, id := range ids {
				l.says(published(0x32, "a/b", id, fmt.Sprint(id)))
			}
			for _, id := range ids {
				for _, stream := range streams {
					require.Equal(s, fmt.Sprint(id), string((<-stream.Messages()).Payload))
				}
				l.hears(packetOf(0x40, id))
			}
			l.quiet()
			require.Empty(s, streams[0].Messages())
			require.Empty(s, streams[1].Messages())
		}
		p.takesNothing()
	},
	"MQTT-3.3.5-2": func(s *scene) {
		p, l := wired(s, kept(mqtt.Config{}))
		one, two := p.publishes(1, "x"), p.publishes(2, "y")
		l.packet()
		l.packet()
		l.cut() // a server's one way to refuse them
		undecided(s, one)
		undecided(s, two)
		l = p.answered(resumed)
		l.hears("3A 06 00 01 61 00 01 78", "3C 06 00 01 61 00 02 79")
		l.says("40 02 00 01", "50 02 00 02", "70 02 00 02") // and the other: the answers say nothing of a right to publish
		require.NoError(s, settled(s, one))
		require.NoError(s, settled(s, two))
	},
	"MQTT-3.6.1-1": func(s *scene) {
		p, l := wired(s, kept(mqtt.Config{}))
		p.publishes(2, "x")
		l.packet()
		l.says("50 02 00 01")
		l.hears("62 02 00 01")
		l.cut()
		l = p.answered(resumed)
		l.hears("62 02 00 01") // no DUP either when it is sent again
		for _, flags := range []string{"60", "61", "63", "66", "6A", "6F"} {
			l.says(flags + " 02 00 01")
			l.shut(flags)
			p.blames(flags)
			l = p.answered(resumed)
			l.hears("62 02 00 01")
		}
	},
}

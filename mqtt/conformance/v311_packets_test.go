package conformance

import (
	"fmt"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// packets311 is about the fixed header and identifiers: chapter 2.
var packets311 = rows{
	"MQTT-2.2.2-1": func(s *scene) {
		p := pairUp(s, mqtt.Config{})
		done := p.connecting()
		l := p.dialled()
		first := map[byte]bool{l.packet()[0]: true} // CONNECT
		l.says(accepted, published(0x32, "a", 1, ""), published(0x34, "a", 2, ""))
		require.NoError(s, <-done)
		p.takes()
		p.takes()
		p.publishes(2, "x")
		synctest.Wait()
		p.subscribing(1, "f")
		p.unsubscribing("g")
		for range 7 { // PUBACK, PUBREC, PUBCOMP, PUBLISH, PUBREL, SUBSCRIBE, UNSUBSCRIBE
			b := l.packet()
			first[b[0]] = true
			switch b[0] >> 4 {
			case 3:
				l.says(packetOf(0x50, identifier(b)))
			case 5:
				l.says("62 02 00 02")
			case 6:
				l.says(packetOf(0x70, identifier(b)))
			case 8:
				l.says(packetOf(0x90, identifier(b), []byte{1}))
			case 10:
				l.says(packetOf(0xB0, identifier(b)))
			}
		}
		b, err := l.read(time.Minute)
		require.NoError(s, err)
		first[b[0]] = true // PINGREQ
		l.says("D0 00")
		closed := later(func() error { return p.client.Close(p.soon()) })
		first[l.packet()[0]] = true // DISCONNECT
		l.cut()
		require.NoError(s, <-closed)
		require.Equal(s, map[byte]bool{0x10: true, 0x34: true, 0x40: true, 0x50: true, 0x62: true, 0x70: true, 0x82: true, 0xA2: true,
			0xC0: true, 0xE0: true}, first)
	},
	"MQTT-2.2.2-2": func(s *scene) {
		_, l := wired(s, mqtt.Config{})
		for _, packet := range []string{"41 02 00 01", "52 02 00 01", "60 02 00 01", "63 02 00 01", "71 02 00 01", "91 03 00 01 00",
			"B2 02 00 01", "D1 00", "D8 00"} {
			l = l.refused(packet)
		}
		l.quiet()
		for _, connack := range []string{"21 02 00 00", "22 02 00 00", "28 02 00 00"} {
			p := pairUp(s, mqtt.Config{})
			done := p.connecting()
			l := p.dialled()
			l.packet()
			l.says(connack)
			l.shut(connack)
			var fault *mqtt.ProtocolError
			require.ErrorAs(s, <-done, &fault)
		}
	},
	"MQTT-2.3.1-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{MaxInFlight: 500})
		const operations = 70_000
		counted := later(func() error { return l.counts(operations) })
		for i := range operations {
			switch {
			case i%100 == 50:
				require.NoError(s, (<-p.subscribing(0, "f")).err)
			case i%100 == 51:
				require.NoError(s, <-p.unsubscribing("f"))
			default:
				_, err := p.client.PublishAsync(p.Context(), mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce})
				require.NoError(s, err)
			}
		}
		require.NoError(s, <-counted)
		for _, packet := range []string{"32 05 00 01 61 00 00", "34 05 00 01 61 00 00"} {
			l = l.refused(packet)
		}
	},
	"MQTT-2.3.1-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{MaxInFlight: 65_535, Outbox: mqtt.Bounds{Messages: 70_000}})
		sub := p.subscribing(0, "f")
		synctest.Wait()
		unsub := p.unsubscribing("g")
		synctest.Wait()
		go func() {
			for i := range 65_533 {
				p.client.PublishAsync(p.Context(), mqtt.Message{Topic: "a", QoS: mqtt.QoS(1 + i%2)})
			}
		}()
		used := map[int]byte{}
		for range 65_535 {
			b, err := l.read(time.Minute)
			require.NoError(s, err)
			if used[identifier(b)] != 0 {
				s.Fatalf("% X has an identifier in use", b)
			}
			used[identifier(b)] = b[0]
		}
		require.Len(s, used, 65_535)
		late := p.publishes(1, "waits for an identifier")
		other := p.subscribing(0, "waits too")
		l.quiet()
		for id, first := range used {
			if first&0xF6 == 0x32 {
				l.says(packetOf(0x40, id))
				require.Equal(s, id, identifier(l.packet()), "the one that is free")
				break
			}
		}
		undecided(s, late)
		waiting(s, other)
		waiting(s, sub)
		waiting(s, unsub)
	},
	"MQTT-2.3.1-3": func(s *scene) {
		p, l := wired(s, kept(mqtt.Config{MaxInFlight: 100}))
		p.publishes(1, "x")
		p.publishes(2, "y")
		p.publishes(2, "z")
		l.hears("32 06 00 01 61 00 01 78", "34 06 00 01 61 00 02 79", "34 06 00 01 61 00 03 7A")
		l.cut()
		l = p.answered(resumed)
		l.hears("3A 06 00 01 61 00 01 78", "3C 06 00 01 61 00 02 79", "3C 06 00 01 61 00 03 7A")
		l.says("40 02 00 01", "50 02 00 02", "50 02 00 03")
		l.hears("62 02 00 02", "62 02 00 03")
		l.says("70 02 00 03")
		used := l.turn() // a whole turn of the others
		require.NotZero(s, used[1], "PUBACK frees it")
		require.Zero(s, used[2], "PUBREC doesn't")
		require.NotZero(s, used[3], "PUBCOMP does")
	},
	"MQTT-2.3.1-4": func(s *scene) {
		p, l := wired(s, kept(mqtt.Config{Ack: mqtt.AckManual}))
		l.says(published(0x32, "a", 0x1234, "x"), published(0x34, "a", 0x4321, "y"))
		p.takes()
		second := p.takes()
		l.cut()
		l = p.answered(resumed)
		l.says(published(0x3A, "a", 0x1234, "x"), published(0x3C, "a", 0x4321, "y"))
		require.NoError(s, p.takes().Ack())
		l.hears("40 02 12 34")
		require.NoError(s, second.Ack()) // what was delivered already isn't delivered again
		l.hears("50 02 43 21")
		l.says("62 02 43 21")
		l.hears("70 02 43 21")
	},
	"MQTT-2.3.1-5": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		p.sends(mqtt.Message{Topic: "a/b", Payload: []byte("hi")})
		l.hears("30 07 00 03 61 2F 62 68 69")
		l.says("30 07 00 03 61 2F 62 68 69")
		m := p.takes()
		require.Equal(s, "a/b hi", m.Topic+" "+string(m.Payload))
	},
	"MQTT-2.3.1-6": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.says(published(0x32, "a", 0x1234, ""), published(0x34, "a", 0x1235, ""))
		p.takes()
		p.takes()
		l.hears("40 02 12 34", "50 02 12 35")
		for range 300 { // one whose two bytes differ
			p.publishes(1, "")
			l.says(packetOf(0x40, identifier(l.packet())))
		}
		p.publishes(2, "")
		id := identifier(l.packet())
		l.says(packetOf(0x50, id))
		l.hears(packetOf(0x62, id))
	},
	"MQTT-2.3.1-7": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		one, two := p.subscribing(1, "one"), (<-chan answer)(nil)
		first := identifier(l.packet())
		two = p.subscribing(2, "two")
		second := identifier(l.packet())
		gone := p.unsubscribing("three")
		third := identifier(l.packet())
		l.says(packetOf(0x90, 999, []byte{0}), packetOf(0xB0, 998))
		waiting(s, one)
		waiting(s, two)
		waiting(s, gone)
		l.says(packetOf(0xB0, third), packetOf(0x90, second, []byte{0}))
		require.NoError(s, <-gone)
		require.Equal(s, mqtt.AtMostOnce, (<-two).grants[0].QoS)
		waiting(s, one)
		l.says(packetOf(0x90, first, []byte{1}))
		require.Equal(s, mqtt.AtLeastOnce, (<-one).grants[0].QoS)
	},
	"no-id:2.2.1/a": func(s *scene) {
		_, l := wired(s, mqtt.Config{})
		for _, packet := range []string{"00 00", "F0 00", "E0 00", "C0 00", "82 06 00 01 00 01 61 00", "A2 05 00 01 00 01 61",
			"10 0D 00 04 4D 51 54 54 04 02 00 3C 00 01 63"} {
			l = l.refused(packet)
		}
		l.quiet()
	},
	"no-id:2.2.3/a": func(s *scene) {
		p, l := wired(s, mqtt.Config{MaxPacketSize: 268_435_460, InboxHard: mqtt.Bounds{Bytes: 1 << 30}, Inbox: mqtt.Bounds{Bytes: 1 << 30}})
		l = l.refused("30 80 80 80 80")
		l = l.refused("30 FF FF FF FF 01 00")
		for _, size := range []int{127, 128, 16_383, 16_384, 2_097_151, 2_097_152} { // where a byte more is needed
			payload := string(make([]byte, size-3))
			packet := published(0x30, "a", 0, payload)
			sent := later(func() error { return l.conn.SendBytes(bytesOf(packet)) })
			require.Len(s, p.takes().Payload, size-3)
			require.NoError(s, <-sent)
			p.publishes(0, payload)
			require.Equal(s, bytesOf(packet), l.packet(), "%d bytes", size)
		}
	},
	"no-id:2.3.1/a": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for _, qos := range []mqtt.QoS{1, 2} {
			d := p.publishes(qos, "x")
			id := identifier(l.packet())
			l.says(published(0x30|byte(qos)<<1, "a", id, "y"))
			p.takes()
			if qos == 1 {
				l.hears(packetOf(0x40, id))
				l.says(packetOf(0x40, id))
			} else {
				l.hears(packetOf(0x50, id))
				l.says(packetOf(0x62, id), packetOf(0x50, id))
				l.hears(packetOf(0x62, id), packetOf(0x70, id))
				l.says(packetOf(0x70, id))
			}
			require.NoError(s, settled(s, d))
		}
	},
}

// identifier reads the Packet Identifier of a packet of the client, which is no PUBLISH of QoS 0.
func identifier(packet []byte) int {
	at := 1
	for packet[at]&0x80 != 0 {
		at++
	}
	at++
	if packet[0]>>4 == 3 {
		at += 2 + int(packet[at])<<8 + int(packet[at+1])
	}
	return int(packet[at])<<8 + int(packet[at+1])
}

// counts answers so many SUBSCRIBE, UNSUBSCRIBE and PUBLISH of QoS 1, and looks at their identifiers.
func (l *line) counts(operations int) error {
	for range operations {
		b, err := l.read(time.Minute)
		if err != nil {
			return err
		}
		id := identifier(b)
		if id == 0 {
			return fmt.Errorf("identifier 0: % X", b)
		}
		answer := []byte{0x40, 2, byte(id >> 8), byte(id)}
		switch b[0] >> 4 {
		case 8:
			answer = []byte{0x90, 3, byte(id >> 8), byte(id), 0}
		case 10:
			answer[0] = 0xB0
		}
		if err := l.conn.SendBytes(answer); err != nil {
			return err
		}
	}
	return nil
}

// turn publishes until each identifier had its chance, and counts those that were used.
func (l *line) turn() (used map[int]int) {
	used = map[int]int{}
	for range 65_600 / 50 {
		var answers strings.Builder
		for range 50 {
			l.publishes(1, "")
		}
		for range 50 {
			id := identifier(l.packet())
			used[id]++
			answers.WriteString(packetOf(0x40, id))
		}
		l.says(answers.String())
	}
	return used
}

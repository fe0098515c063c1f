package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// order311 is about order, and errors: chapters 4.6 and 4.8.
var order311 = rows{
	"MQTT-4.6.0-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		for range 65_530 / 10 { // until the identifiers begin anew
			var acks strings.Builder
			for range 10 {
				p.publishes(1, "")
			}
			for range 10 {
				acks.WriteString(packetOf(0x40, identifier(l.packet())))
			}
			l.says(acks.String())
		}
		var order, again []int
		for i := range 20 {
			p.publishes(mqtt.QoS(1+i%2), fmt.Sprint(i))
			order = append(order, identifier(l.packet()))
		}
		require.False(s, slices.IsSorted(order), "they haven't begun anew: %v", order)
		l.cut()
		l = p.answered(resumed)
		for i := range 20 {
			b := l.packet()
			require.Equal(s, fmt.Sprint(i), string(b[len(b)-len(fmt.Sprint(i)):]))
			again = append(again, identifier(b))
		}
		require.Equal(s, order, again)
	},
	"MQTT-4.6.0-2": func(s *scene) { answersInOrder(s, 0x32, 0x40) },
	"MQTT-4.6.0-3": func(s *scene) { answersInOrder(s, 0x34, 0x50) },
	"MQTT-4.6.0-4": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for range 5 {
			p.publishes(2, "")
			l.packet()
		}
		l.says("50 02 00 03", "50 02 00 01", "50 02 00 05", "50 02 00 02")
		l.hears("62 02 00 03", "62 02 00 01", "62 02 00 05", "62 02 00 02")
		l.says("50 02 00 04")
		l.hears("62 02 00 04")
	},
	"MQTT-4.6.0-6": func(s *scene) {
		// The server's order is the one that the application sees.
		p, l := wired(s, mqtt.Config{Inbox: mqtt.Bounds{Messages: 5000}, ReceiveMaximum: 5000})
		stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "#", QoS: 2})
		require.NoError(s, err)
		l.says(packetOf(0x90, identifier(l.packet()), []byte{2}))
		var all strings.Builder
		for i := range 1000 {
			all.WriteString(published([]byte{0x30, 0x32, 0x34}[i*i%3], "a", 1+i, fmt.Sprint(i)))
		}
		l.says(all.String())
		for i := range 1000 {
			require.Equal(s, fmt.Sprint(i), string((<-stream.Messages()).Payload))
		}
	},
	"no-id:4.3/a": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for i := range 10 {
			p.publishes(1, fmt.Sprint(i))
		}
		for i := range 10 {
			require.Equal(s, published(0x32, "a", i+1, fmt.Sprint(i)), packetHex(l.packet()))
		}
	},
	"MQTT-4.8.0-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{Will: &mqtt.Will{Topic: "w"}})
		for i, packet := range []string{"00 00", "20 02 00 00", "30 02 00 00", "32 05 00 01 61 00 00", "36 05 00 01 61 00 01", "40 02 00 00",
			"60 02 00 01", "82 06 00 01 00 01 61 00", "90 02 00 01", "90 03 00 00 00", "C0 00", "E0 00", "F0 00", "30 FF FF FF FF"} {
			l.says(packet + "30 03 00 01 61") // what follows isn't looked at
			l.shut(packet)
			p.blames(packet)
			told := awaitEvent[mqtt.EventDisconnected](&scene{T: s.T, v: s.v, client: p.client})
			as[*mqtt.ProtocolError](s, told.Err)
			p.takesNothing()
			start := time.Now()
			l = p.dialled()
			require.GreaterOrEqual(s, time.Since(start), min(time.Second<<i, time.Minute)/2-100*time.Millisecond, "the next connection comes by Backoff")
			require.Equal(s, byte(0x10), l.packet()[0])
			l.says(accepted)
			synctest.Wait()
		}
		l.quiet()
	},
	"MQTT-4.8.0-2": func(s *scene) {
		store := &frail{Store: mqtt.NewMemoryStore()}
		p := pairUp(s, mqtt.Config{Store: store})
		l := p.connected(accepted)
		l.says(published(0x34, "a", 1, "kept"))
		p.takes()
		l.hears("50 02 00 01")
		store.broken.Store(true)
		l.says(published(0x34, "a", 2, "can't be kept"))
		synctest.Wait()
		select {
		case <-p.client.Messages():
		default:
		}
		elapse(time.Minute)
		l.shut("the store has failed") // without PUBREC
	},
}

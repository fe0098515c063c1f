package conformance

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// What 3.1.1 says goes for 3.1 too, but for what is different there.
func TestMQTT31(t *testing.T) {
	ids := map[string]bool{}
	for _, part := range suite311.rows {
		for id, test := range part {
			ids[id] = true
			if not31[id] == "" {
				bubble31(t, id, test)
			}
		}
	}
	for id := range not31 {
		require.True(t, ids[id], "%s has no test to leave out", id)
	}
	for name, test := range only31 {
		bubble31(t, name, test)
	}
}

func bubble31(t *testing.T, name string, test func(s *scene)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(&scene{T: t, v: mqtt.V31}) })
	})
}

// not31 is what 3.1 has otherwise, and how.
var not31 = map[string]string{
	"MQTT-3.1.2-1":    "its protocol name is MQIsdp",
	"MQTT-3.1.2-2":    "its level is 3",
	"MQTT-3.1.2-9":    "the example is a whole CONNECT of 3.1.1",
	"MQTT-3.1.3-3":    "it has no empty Client Identifier",
	"MQTT-3.1.3-6":    "it has no empty Client Identifier",
	"MQTT-3.1.3-7":    "it has no empty Client Identifier",
	"MQTT-3.1.3-8":    "it has no empty Client Identifier",
	"MQTT-3.2.2-1":    "its CONNACK has no Session Present",
	"MQTT-3.2.2-2":    "its CONNACK has no Session Present",
	"MQTT-3.2.2-3":    "its CONNACK has no Session Present",
	"MQTT-3.2.2-4":    "its CONNACK has no Session Present",
	"no-id:3.2.2.1/a": "that byte of CONNACK is reserved, and not to be looked at",
	"MQTT-3.6.1-1":    "its PUBREL may have DUP",
	"MQTT-3.8.3-2":    "its SUBACK can't refuse",
	"MQTT-3.9.3-1":    "its SUBACK can't refuse",
}

// only31 is what 3.1 has otherwise.
var only31 = rows{
	"protocol name MQIsdp, level 3": func(s *scene) {
		require.Equal(s, "10 0F 00 06 4D 51 49 73 64 70 03 02 00 3C 00 01 63", spaced(hello(s, mqtt.Config{})))
		b := hello(s, mqtt.Config{Will: &mqtt.Will{Topic: "w", Payload: []byte("m"), QoS: 1, Retain: true}, Username: "u", Password: []byte("p")})
		require.Equal(s, greeting(s, 0xEE, "c", "w", "m", "u", "p"), packetHex(b))
		_, err := turnedAway(s, mqtt.Config{}, "20 02 00 01")
		require.Equal(s, byte(1), as[*mqtt.ReasonError](s, err).Raw)
	},
	"Client Identifiers have 1 to 23 characters": func(s *scene) {
		longest := strings.Repeat("x", 23)
		require.Equal(s, greeting(s, 2, longest), packetHex(hello(s, mqtt.Config{ClientID: longest})))
		s.refusedConfig(mqtt.Config{ClientID: longest + "x"}, "ClientID")
		s.refusedConfig(mqtt.Config{NoClientID: true}, "NoClientID")
		s.refusedConfig(mqtt.Config{Servers: []string{"mqtt://h?clientId="}}, "NoClientID")
		require.Equal(s, greeting(s, 2, longest+"x"), packetHex(hello(s, mqtt.Config{ClientID: longest + "x", Lenient: true})))
	},
	"there is no Session Present: with CleanSession 0 the session is taken to be there": func(s *scene) {
		for _, answer := range []string{"20 02 00 00", "20 02 01 00", "20 02 FF 00"} { // a reserved byte
			p := pairUp(s, kept(mqtt.Config{}))
			l := p.connected(answer)
			p.publishes(1, "x")
			p.publishes(2, "y")
			l.hears("32 06 00 01 61 00 01 78", "34 06 00 01 61 00 02 79")
			l.says("50 02 00 02")
			l.hears("62 02 00 02")
			l.cut()
			l = p.answered(answer)
			ack, _ := p.client.ConnAck()
			require.False(s, ack.SessionPresent)
			l.hears("3A 06 00 01 61 00 01 78", "62 02 00 02")
		}
	},
	"there is no Session Present: with CleanSession 1 the session is new": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		d := p.publishes(2, "y")
		l.packet()
		l.cut()
		l = p.answered("20 02 01 00")
		require.ErrorIs(s, settled(s, d), mqtt.ErrUncertain)
		l.quiet()
	},
	"a PUBREL that comes again may have DUP": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.says(published(0x34, "a", 9, "x"))
		p.takes()
		l.hears("50 02 00 09")
		l.says("62 02 00 09")
		l.hears("70 02 00 09")
		l.says("6A 02 00 09")
		l.hears("70 02 00 09")
		for _, flags := range []string{"60", "63", "66", "6B"} {
			l = l.refused(flags + " 02 00 09")
		}
	},
	"SUBACK can't refuse": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		sub := p.subscribing(1, "f")
		answer := packetOf(0x90, identifier(l.packet()), []byte{0x80})
		l.says(answer)
		l.shut(answer)
		p.blames(answer)
		waiting(s, sub)
	},
}

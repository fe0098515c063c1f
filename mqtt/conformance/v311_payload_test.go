package conformance

import (
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// payload311 is about the payload of CONNECT: chapter 3.1.3.
var payload311 = rows{
	"MQTT-3.1.3-1": func(s *scene) {
		b := hello(s, mqtt.Config{ClientID: "id", Username: "user", Password: []byte("pass"),
			Will: &mqtt.Will{Topic: "will/topic", Payload: []byte("message")}})
		require.Equal(s, greeting(s, 0xC6, "id", "will/topic", "message", "user", "pass"), packetHex(b))
	},
	"MQTT-3.1.3-2": func(s *scene) {
		store := mqtt.NewMemoryStore()
		p := pairUp(s, mqtt.Config{ClientID: "one", Store: store})
		l := p.connected(accepted)
		p.publishes(1, "x")
		l.hears("32 06 00 01 61 00 01 78")
		p.client.Abort()
		other, err := mqtt.New(mqtt.Config{Version: s.v, ClientID: "two", Store: store, Dialer: p.server})
		if err == nil {
			other.Abort()
		}
		require.ErrorContains(s, err, "one", "the session of another")
		p = pairUp(s, mqtt.Config{ClientID: "two", Store: mqtt.NewMemoryStore()})
		p.connected(resumed).quiet()
		p = pairUp(s, mqtt.Config{ClientID: "one", Store: store})
		p.connected(resumed).hears("3A 06 00 01 61 00 01 78")
	},
	"MQTT-3.1.3-3": func(s *scene) {
		require.Equal(s, "10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00", spaced(hello(s, mqtt.Config{NoClientID: true})))
		for _, cfg := range everyConfig() {
			b := hello(s, cfg)
			require.Contains(s, afterFlags(b), "00 3C 00 01 63", "the first field")
		}
	},
	"MQTT-3.1.3-4": func(s *scene) {
		for _, bad := range []string{"\xED\xA0\x80", "a\xFF", "\x00"} {
			s.refusedConfig(mqtt.Config{ClientID: bad}, "ClientID")
		}
		s.refusedConfig(mqtt.Config{Servers: []string{"mqtt://h?clientId=%ED%A0%80"}}, "Servers[0]")
		require.Equal(s, greeting(s, 0x02, "\u00e9/\u4e2d"), packetHex(hello(s, mqtt.Config{ClientID: "\u00e9/\u4e2d"})))
	},
	"MQTT-3.1.3-5": func(s *scene) {
		lawful := regexp.MustCompile(`^[0-9a-zA-Z]{1,23}$`)
		seen := map[string]bool{}
		for range 200 {
			b := hello(s, mqtt.Config{Servers: []string{"mqtt://h"}})
			_, id, _ := strings.Cut(string(b), "\x00\x3C\x00")
			require.Equal(s, len(id)-1, int(id[0]))
			id = id[1:]
			require.Regexp(s, lawful, id)
			seen[id] = true
		}
		require.Len(s, seen, 200, "each client has its own")
	},
	"MQTT-3.1.3-6": func(s *scene) {
		p := pairUp(s, mqtt.Config{NoClientID: true})
		l := p.connected(accepted)
		ack, _ := p.client.ConnAck()
		require.Empty(s, ack.ClientID, "3.1.1 doesn't tell it")
		d := p.publishes(1, "x")
		l.says(packetOf(0x40, identifier(l.packet())))
		require.NoError(s, settled(s, d))
		l.cut()
		l = p.dialled()
		require.Equal(s, "00 3C 00 00", afterFlags(l.packet()))
	},
	"MQTT-3.1.3-7": func(s *scene) {
		s.refusedConfig(mqtt.Config{NoClientID: true, Session: mqtt.SessionDurable}, "ClientID")
		s.refusedConfig(mqtt.Config{Session: mqtt.SessionDurable}, "ClientID")
		s.refusedConfig(mqtt.Config{NoClientID: true, Store: mqtt.NewMemoryStore()}, "ClientID")
		s.refusedConfig(mqtt.Config{Servers: []string{"mqtt://h?clientId="}, Session: mqtt.SessionDurable}, "ClientID")
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection} {
			require.Equal(s, byte(2), flagsOf(hello(s, mqtt.Config{NoClientID: true, Session: session})))
		}
	},
	"MQTT-3.1.3-10": func(s *scene) {
		for _, bad := range []string{"\xED\xA0\x80", "a\xFF", "a\x00", ""} {
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: bad}}, "Will.Topic")
		}
		b := hello(s, mqtt.Config{Will: &mqtt.Will{Topic: "\u00e9"}})
		require.Equal(s, "00 02 C3 A9 00 00", spaced(b[len(b)-6:]))
	},
	"MQTT-3.1.3-11": func(s *scene) {
		for _, bad := range []string{"\xED\xA0\x80", "a\xFF", "a\x00"} {
			s.refusedConfig(mqtt.Config{Username: bad}, "Username")
		}
		s.refusedConfig(mqtt.Config{Servers: []string{"mqtt://%ED%A0%80@h"}}, "Servers[0]")
		b := hello(s, mqtt.Config{Username: "\u00e9"})
		require.Equal(s, "00 02 C3 A9", spaced(b[len(b)-4:]))
	},
}

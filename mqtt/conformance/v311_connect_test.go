package conformance

import (
	"io"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// connect311 is about CONNECT up to its payload: chapters 3.1 to 3.1.2.
var connect311 = rows{
	"MQTT-3.1.0-1": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		p.publishes(0, "before")
		p.publishes(1, "before")
		p.subscribing(0, "f")
		synctest.Wait()
		done := p.connecting()
		l := p.dialled()
		require.Equal(s, byte(0x10), l.packet()[0])
		l.says(accepted)
		require.NoError(s, <-done)
		for range 5 { // each new connection, with things in flight and things that wait
			l.cut()
			l = p.dialled()
			p.publishes(0, "meanwhile")
			require.Equal(s, byte(0x10), l.packet()[0])
			l.says(resumed)
			synctest.Wait()
		}
	},
	"MQTT-3.1.0-2": func(s *scene) {
		p := pairUp(s, mqtt.Config{})
		first := p.connecting()
		l := p.dialled()
		l.packet()
		require.ErrorIs(s, p.client.Connect(p.soon()), mqtt.ErrConnected, "while the first runs")
		l.says(accepted)
		require.NoError(s, <-first)
		require.ErrorIs(s, p.client.Connect(p.soon()), mqtt.ErrConnected)
		l.quiet()
		require.Equal(s, 1, p.server.Dials())
	},
	"MQTT-3.1.2-1": func(s *scene) {
		require.Equal(s, "00 04 4D 51 54 54", spaced(hello(s, mqtt.Config{})[2:8]))
		p := pairUp(s, mqtt.Config{})
		done := p.connecting()
		l := p.dialled()
		l.packet()
		l.cut()
		err := <-done
		require.ErrorIs(s, err, io.EOF)
		require.Equal(s, "connack", as[*mqtt.ConnectError](s, err).Stage)
	},
	"MQTT-3.1.2-2": func(s *scene) {
		require.Equal(s, byte(4), hello(s, mqtt.Config{})[8])
		p, err := turnedAway(s, mqtt.Config{}, "20 02 00 01")
		refused(s, err, "CONNACK", codec.UnsupportedProtocolVersion)
		p.staysAway()
		auto := &scene{T: s.T, v: mqtt.VersionAuto}
		p = pairUp(auto, mqtt.Config{})
		p.connecting()
		for _, level := range []byte{5, 4, 3} { // downwards, at once
			l := p.dialled()
			l.conn.SetVersion(codec.Version(level))
			b := l.packet()
			require.Equal(s, level, b[2+2+int(b[3])])
			l.says("20 02 00 01")
			l.shut("20 02 00 01")
		}
	},
	"MQTT-3.1.2-3": func(s *scene) {
		for _, cfg := range everyConfig() {
			b := hello(s, cfg)
			require.Zero(s, flagsOf(b)&1, spaced(b))
		}
	},
	"MQTT-3.1.2-4": func(s *scene) {
		store := mqtt.NewMemoryStore()
		p := pairUp(s, mqtt.Config{Store: store})
		l := p.connected(accepted)
		p.publishes(1, "x")
		l.hears("32 06 00 01 61 00 01 78")
		l.cut()
		l = p.dialled()
		require.Zero(s, flagsOf(l.packet())&2, "CleanSession")
		l.says(resumed)
		l.hears("3A 06 00 01 61 00 01 78")
		p.client.Abort()

		p = pairUp(s, mqtt.Config{Store: store}) // the next process
		l = p.connected(resumed)
		l.hears("3A 06 00 01 61 00 01 78")
		l.says("40 02 00 01")
		l.cut()
		p.answered(resumed).quiet()
	},
	"MQTT-3.1.2-5": func(s *scene) {
		p := strangers(s, kept(mqtt.Config{}))
		stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 1})
		require.NoError(s, err)
		done := p.connecting()
		l := p.dialled()
		l.packet()
		l.says(resumed, published(0x32, "a", 1, "while you were away"), published(0x32, "b", 2, "for another"))
		require.NoError(s, <-done)
		require.Equal(s, "while you were away", string((<-stream.Messages()).Payload))
		p.client.Messages()
		require.Equal(s, "for another", string(p.takes().Payload), "it waits for whoever asks")
	},
	"MQTT-3.1.2-6": func(s *scene) {
		for _, lost := range []mqtt.SessionLost{mqtt.LostRepublish, mqtt.LostFail} {
			p, l := wired(s, mqtt.Config{Session: mqtt.SessionConnection, OnSessionLost: lost})
			one, two := p.publishes(1, "x"), p.publishes(2, "y")
			l.hears("32 06 00 01 61 00 01 78", "34 06 00 01 61 00 02 79")
			l.says(published(0x34, "a", 9, "old"))
			p.takes()
			l.hears("50 02 00 09")
			l.cut()
			l = p.dialled()
			require.Equal(s, byte(2), flagsOf(l.packet())&2, "CleanSession")
			l.says(accepted)
			synctest.Wait()
			require.ErrorIs(s, settled(s, two), mqtt.ErrUncertain)
			if lost == mqtt.LostFail {
				require.ErrorIs(s, settled(s, one), mqtt.ErrUncertain)
			} else { // its message is published anew; the packet isn't sent again
				b := l.packet()
				require.Equal(s, packetOf(0x32, "a", identifier(b), []byte("x")), packetHex(b), "DUP is 0")
				l.says(packetOf(0x40, identifier(b)))
				require.NoError(s, settled(s, one))
			}
			l.quiet()
			l.says(published(0x34, "a", 9, "new"))
			require.Equal(s, "new", string(p.takes().Payload), "the received identifier is forgotten")
		}
	},
	"MQTT-3.1.2-8": func(s *scene) {
		will := mqtt.Config{Will: &mqtt.Will{Topic: "w"}}
		p, l := wired(s, will)
		closed := later(func() error { return p.client.Close(p.soon()) })
		l.farewell()
		require.NoError(s, <-closed)

		p, l = wired(s, will)
		p.client.Abort()
		l.shut("Abort")

		_, l = wired(s, will)
		l.says("00 00")
		l.shut("a protocol violation")

		_, l = wired(s, will)
		l.conn.Pipe().CloseWrite()
		l.shut("the end of what the server says")

		_, l = wired(s, will)
		b, err := l.read(time.Minute)
		require.NoError(s, err)
		require.Equal(s, "C0 00", spaced(b))
		elapse(29 * time.Second)
		l.shut("no PINGRESP")
	},
	"MQTT-3.1.2-9": func(s *scene) {
		will := &mqtt.Will{Topic: "w/t", Payload: []byte{0, 0xFF, 'x'}, QoS: 1, Retain: true}
		require.Equal(s, "10 17 00 04 4D 51 54 54 04 2E 00 3C 00 01 63 00 03 77 2F 74 00 03 00 FF 78", spaced(hello(s, mqtt.Config{Will: will})))
		for qos, flags := range []byte{0x06, 0x0E, 0x16} {
			b := hello(s, mqtt.Config{Will: &mqtt.Will{Topic: "w", QoS: mqtt.QoS(qos)}})
			require.Equal(s, flags, flagsOf(b))
			require.Equal(s, "00 01 77 00 00", spaced(b[len(b)-5:]), "an empty message has its length")
		}
	},
	"MQTT-3.1.2-11": func(s *scene) {
		for _, cfg := range everyConfig() {
			if b := hello(s, cfg); cfg.Will == nil {
				require.Zero(s, flagsOf(b)&0x3C, spaced(b))
				require.Equal(s, payloadOf(s, cfg), afterFlags(b))
			}
		}
		s.refusedConfig(mqtt.Config{Will: &mqtt.Will{QoS: 1}}, "Will.Topic")
		s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Retain: true, Payload: []byte("x")}}, "Will.Topic")
	},
	"MQTT-3.1.2-13": func(s *scene) {
		for _, cfg := range everyConfig() {
			b := hello(s, cfg)
			require.Equal(s, cfg.Will != nil, flagsOf(b)&4 != 0)
			if flagsOf(b)&4 == 0 {
				require.Zero(s, flagsOf(b)&0x18, spaced(b))
			}
		}
	},
	"MQTT-3.1.2-14": func(s *scene) {
		for _, qos := range []mqtt.QoS{3, 4, 255} {
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: "w", QoS: qos}}, "Will.QoS")
		}
		for _, cfg := range everyConfig() {
			require.NotEqual(s, byte(0x18), flagsOf(hello(s, cfg))&0x18)
		}
	},
	"MQTT-3.1.2-15": func(s *scene) {
		for _, cfg := range everyConfig() {
			b := hello(s, cfg)
			require.Equal(s, cfg.Will != nil && cfg.Will.Retain, flagsOf(b)&0x20 != 0, spaced(b))
		}
	},
	"MQTT-3.1.2-18": func(s *scene) {
		require.Equal(s, greeting(s, 0x02, "c"), packetHex(hello(s, mqtt.Config{})))
		will := &mqtt.Will{Topic: "w", Payload: []byte("m")}
		require.Equal(s, greeting(s, 0x06, "c", "w", "m"), packetHex(hello(s, mqtt.Config{Will: will})))
	},
	"MQTT-3.1.2-19": func(s *scene) {
		require.Equal(s, greeting(s, 0x82, "c", "u"), packetHex(hello(s, mqtt.Config{Username: "u"})))
		require.Equal(s, greeting(s, 0x82, "c", "u"), packetHex(hello(s, mqtt.Config{ClientID: "c", Servers: []string{"mqtt://u@h"}})))
		require.Equal(s, greeting(s, 0xC2, "c", "", "p"), packetHex(hello(s, mqtt.Config{ClientID: "c", Servers: []string{"mqtt://:p@h"}})))
	},
	"MQTT-3.1.2-20": func(s *scene) {
		b := hello(s, mqtt.Config{Username: "u"})
		require.Zero(s, flagsOf(b)&0x40)
		require.Equal(s, "00 01 63 00 01 75", spaced(b[len(b)-6:]), "it ends with the user name")
		require.Equal(s, greeting(s, 0x02, "c"), packetHex(hello(s, mqtt.Config{Password: nil})))
	},
	"MQTT-3.1.2-21": func(s *scene) {
		b := hello(s, mqtt.Config{Username: "u", Password: []byte{0, 0xFF}})
		require.Equal(s, greeting(s, 0xC2, "c", "u", "\x00\xFF"), packetHex(b))
		require.Equal(s, greeting(s, 0xC2, "c", "u", ""), packetHex(hello(s, mqtt.Config{Username: "u", Password: []byte{}})), "set, and empty")
		s.refusedConfig(mqtt.Config{Username: "u", Password: make([]byte, 65_536)}, "Password")
	},
	"MQTT-3.1.2-22": func(s *scene) {
		s.refusedConfig(mqtt.Config{Password: []byte("p")}, "Password")
		s.refusedConfig(mqtt.Config{Password: []byte{}}, "Password")
		for _, cfg := range everyConfig() {
			if flags := flagsOf(hello(s, cfg)); flags&0x80 == 0 {
				require.Zero(s, flags&0x40)
			}
		}
	},
}

// turnedAway has a client's first CONNECT be refused, or whatever the answer is, by a server that leaves the connection open. It gives
// what Connect said. The client closes the connection.
func turnedAway(s *scene, cfg mqtt.Config, answer string) (*pair, error) {
	s.Helper()
	p := pairUp(s, cfg)
	done := p.connecting()
	l := p.dialled()
	l.packet()
	l.says(answer)
	l.shut(answer)
	synctest.Wait()
	select {
	case err := <-done:
		return p, err
	default:
		s.Fatalf("%s: Connect goes on", answer)
		return nil, nil
	}
}

// staysAway says that the client doesn't dial any more.
func (p *pair) staysAway() {
	p.Helper()
	before := p.server.Dials()
	elapse(24 * time.Hour)
	require.Equal(p, before, p.server.Dials(), "the client dials again")
}

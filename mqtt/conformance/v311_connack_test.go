package conformance

import (
	"errors"
	"io"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// connack311 is about the answer to CONNECT: chapters 3.1.4 and 3.2.
var connack311 = rows{
	"MQTT-3.1.3-8": func(s *scene) {
		p, err := turnedAway(s, mqtt.Config{NoClientID: true}, "20 02 00 02")
		refused(s, err, "CONNACK", codec.ClientIdentifierNotValid)
		p.staysAway()
	},
	"MQTT-3.1.3-9": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.cut()
		l = p.answered("20 02 00 02")
		l.shut("20 02 00 02")
		p.staysAway()
		require.Equal(s, mqtt.StateClosed, p.client.State(), "no retry can mend it")
		refused(s, p.client.Err(), "CONNACK", codec.ClientIdentifierNotValid)
	},
	"MQTT-3.1.4-1": func(s *scene) {
		p := pairUp(s, mqtt.Config{})
		done := p.connecting()
		l := p.dialled()
		l.packet()
		l.cut()
		require.ErrorIs(s, <-done, io.EOF)
		p.staysAway() // the first connection is the caller's to try again
		l = p.connected(accepted)
		l.cut()
		for i := range 7 {
			start := time.Now()
			l := p.dialled()
			full := min(time.Second<<i, time.Minute)
			require.GreaterOrEqual(s, time.Since(start), full/2, "delays grow, attempt %d", i)
			require.LessOrEqual(s, time.Since(start), full)
			l.packet()
			l.cut()
		}
	},
	"MQTT-3.1.4-2": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		for i := range 7 { // two of one name that throw each other out
			l.cut()
			require.ErrorIs(s, p.why(), io.EOF)
			start := time.Now()
			l = p.dialled()
			require.GreaterOrEqual(s, time.Since(start), min(time.Second<<i, time.Minute)/2, "no storm, round %d", i)
			l.packet()
			l.says(accepted)
			synctest.Wait()
		}
	},
	"MQTT-3.1.4-4": func(s *scene) {
		p := pairUp(s, mqtt.Config{})
		done := p.connecting()
		l := p.dialled()
		l.packet()
		waiting(s, done)
		require.Equal(s, mqtt.StateConnecting, p.client.State())
		l.says("20 02")
		waiting(s, done)
		l.says("00 00")
		synctest.Wait()
		require.NoError(s, <-done)
		require.Equal(s, mqtt.StateConnected, p.client.State())
		p.publishes(0, "x")
		l.hears("30 04 00 01 61 78")
	},
	"MQTT-3.1.4-5": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		zero, one, two := p.publishes(0, "x"), p.publishes(1, "y"), p.publishes(2, "z")
		sub, unsub := p.subscribing(1, "f"), p.unsubscribing("g")
		done := p.connecting()
		l := p.dialled()
		l.packet()
		l.says("20 02 00 03")
		l.shut("20 02 00 03")
		refused(s, <-done, "CONNACK", codec.ServerUnavailable)
		for _, d := range []*mqtt.Delivery{zero, one, two} {
			undecided(s, d)
		}
		waiting(s, sub)
		waiting(s, unsub)
		l = p.connected(accepted) // they are sent when a server takes them, for the first time
		first := map[byte]int{}
		for range 5 {
			first[l.packet()[0]]++
		}
		require.Equal(s, map[byte]int{0x30: 1, 0x32: 1, 0x34: 1, 0x82: 1, 0xA2: 1}, first)
	},
	"no-id:3.1.4/a": func(s *scene) {
		// The client doesn't use the permission: what follows CONNECT waits for CONNACK.
		p := pairUp(s, mqtt.Config{})
		p.publishes(0, "x")
		p.subscribing(0, "f")
		synctest.Wait()
		done := p.connecting()
		l := p.dialled()
		l.packet()
		p.publishes(1, "y")
		l.quiet()
		l.says(accepted)
		l.hears("30 04 00 01 61 78", "82 06 00 01 00 01 66 00", "32 06 00 01 61 00 02 79")
		require.NoError(s, <-done)
	},
	"no-id:3.2/a": func(s *scene) {
		for limit, cfg := range map[time.Duration]mqtt.Config{30 * time.Second: {}, 3 * time.Second: {ConnectTimeout: 3 * time.Second}} {
			p := pairUp(s, cfg)
			done := p.connecting()
			l := p.dialled()
			l.packet()
			l.says("20 02") // not the whole of it
			start := time.Now()
			require.Error(s, <-done)
			require.Equal(s, limit, time.Since(start))
			l.shut("no CONNACK")
		}
	},
	"MQTT-3.2.0-1": func(s *scene) {
		for _, first := range []string{"30 03 00 01 61", "32 05 00 01 61 00 01", "34 05 00 01 61 00 01", "D0 00", "40 02 00 01", "50 02 00 01",
			"62 02 00 01", "70 02 00 01", "90 03 00 01 00", "B0 02 00 01"} {
			p, err := turnedAway(s, mqtt.Config{}, first+accepted)
			as[*mqtt.ProtocolError](s, err)
			p.takesNothing()
		}
	},
	"MQTT-3.2.2-1": func(s *scene) {
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection} {
			p, err := turnedAway(s, mqtt.Config{Session: session}, resumed)
			as[*mqtt.ProtocolError](s, err)
			l := p.connected(accepted)
			ack, _ := p.client.ConnAck()
			require.False(s, ack.SessionPresent)
			l.cut()
			l = p.answered(resumed)
			l.shut("Session Present on a later connection")
			p.blames(resumed)
		}
	},
	"MQTT-3.2.2-2": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		p.publishes(1, "x")
		p.publishes(2, "y")
		l.hears("32 06 00 01 61 00 01 78", "34 06 00 01 61 00 02 79")
		l.cut()
		l = p.answered(resumed)
		ack, _ := p.client.ConnAck()
		require.True(s, ack.SessionPresent)
		l.hears("3A 06 00 01 61 00 01 78", "3C 06 00 01 61 00 02 79")
	},
	"MQTT-3.2.2-3": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		sub := p.subscribing(1, "f")
		synctest.Wait()
		l.says(packetOf(0x90, identifier(l.packet()), []byte{1}))
		require.NoError(s, (<-sub).err)
		one, two := p.publishes(1, "x"), p.publishes(2, "y")
		l.packet()
		l.packet()
		l.cut()
		l = p.answered(accepted)
		ack, _ := p.client.ConnAck()
		require.False(s, ack.SessionPresent)
		told := awaitEvent[mqtt.EventSessionLost](&scene{T: s.T, v: s.v, client: p.client})
		require.Equal(s, [2]int{1, 1}, [2]int{told.Republished, told.Uncertain})
		require.ErrorIs(s, settled(s, two), mqtt.ErrUncertain)
		undecided(s, one)
		again := map[byte]bool{l.packet()[0]: true, l.packet()[0]: true}
		require.Equal(s, map[byte]bool{0x32: true, 0x82: true}, again, "the message as a new one, the filter again")
		l.quiet()
	},
	"MQTT-3.2.2-4": func(s *scene) {
		p := pairUp(s, kept(mqtt.Config{}))
		l := p.connected(accepted)
		d := p.publishes(1, "x")
		l.packet()
		l.cut()
		l = p.answered("20 02 01 05")
		l.shut("20 02 01 05")
		p.blames("20 02 01 05")
		undecided(s, d)
		for _, answer := range []string{"20 02 01 01", "20 02 01 02", "20 02 01 03", "20 02 01 04", "20 02 01 05"} {
			p, err := turnedAway(s, kept(mqtt.Config{}), answer)
			as[*mqtt.ProtocolError](s, err)
			require.NotEqual(s, mqtt.StateConnected, p.client.State())
		}
	},
	"MQTT-3.2.2-5": func(s *scene) {
		for answer, code := range map[string]codec.ReasonCode{
			"20 02 00 01": codec.UnsupportedProtocolVersion, "20 02 00 02": codec.ClientIdentifierNotValid, "20 02 00 03": codec.ServerUnavailable,
			"20 02 00 04": codec.BadUserNameOrPassword, "20 02 00 05": codec.NotAuthorized,
		} {
			_, err := turnedAway(s, mqtt.Config{}, answer) // the server leaves the socket open
			require.Equal(s, bytesOf(answer)[3], refused(s, err, "CONNACK", code).Raw)
		}
	},
	"MQTT-3.2.2-6": func(s *scene) {
		p := pairUp(s, mqtt.Config{})
		done := p.connecting()
		l := p.dialled()
		l.packet()
		l.cut()
		err := <-done
		_, coded := errors.AsType[*mqtt.ReasonError](err)
		require.False(s, coded, "%v", err)
		require.ErrorIs(s, err, io.EOF)
		require.ErrorContains(s, err, "CONNACK")
	},
	"no-id:3.2.2.1/a": func(s *scene) {
		for _, answer := range []string{"20 02 02 00", "20 02 03 00", "20 02 80 00", "20 02 FE 00"} {
			for _, cfg := range []mqtt.Config{{}, kept(mqtt.Config{})} {
				_, err := turnedAway(s, cfg, answer)
				as[*mqtt.ProtocolError](s, err)
			}
		}
	},
	"no-id:3.2.2.2/a": func(s *scene) {
		// With CleanSession 1 it disconnects (MQTT-3.2.2-1). With 0 it goes on, and asks for what it wants, since it can't know
		// whether that session has it.
		p := pairUp(s, kept(mqtt.Config{}))
		_, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "f"})
		require.NoError(s, err)
		l := p.connected(resumed)
		b := l.packet()
		require.Equal(s, []string{"f"}, fields(b))
		l.says(packetOf(0x90, identifier(b), []byte{0}))
		l.quiet()
		l.cut()
		p.answered(resumed).quiet() // this one has it
	},
	"no-id:3.2.2.3/a": func(s *scene) {
		for _, raw := range []byte{6, 7, 0x7F, 0x80, 0x87, 0xFF} {
			p, err := turnedAway(s, mqtt.Config{}, packetOf(0x20, []byte{0, raw}))
			require.Equal(s, raw, refused(s, err, "CONNACK", codec.UnspecifiedError).Raw)
			require.Equal(s, mqtt.StateIdle, p.client.State())
		}
	},
	"no-id:3.4/a": func(s *scene) {
		_, l := wired(s, mqtt.Config{})
		for _, packet := range []string{"40 03 00 01 00", "50 03 00 01 00", "62 03 00 01 00", "70 03 00 01 00", "B0 03 00 01 00", "D0 01 00",
			"40 01 00", "50 00", "62 01 00", "70 00", "B0 01 00"} {
			l = l.refused(packet)
		}
		l.quiet()
		for _, answer := range []string{"20 03 00 00 00", "20 01 00", "20 00"} {
			_, err := turnedAway(s, mqtt.Config{}, answer)
			as[*mqtt.ProtocolError](s, err)
		}
	},
	"MQTT-7.0.0-2": func(s *scene) {
		// With nothing but its defaults the client works with a server that knows 3.1.1 alone; it asks for 5.0 first.
		client, b := brokered(s, mqtt.Config{}, mqtttest.BrokerConfig{Versions: []codec.Version{codec.Version(s.v)}})
		stream, err := client.Stream(s.Context(), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 2})
		require.NoError(s, err)
		for qos := range mqtt.QoS(3) {
			require.NoError(s, client.Publish(s.Context(), mqtt.Message{Topic: "a", QoS: qos}))
			require.Equal(s, qos, (<-stream.Messages()).QoS)
		}
		require.Empty(s, b.Violations())
	},
}

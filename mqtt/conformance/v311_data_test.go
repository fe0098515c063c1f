package conformance

import (
	"fmt"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// data311 is about strings: chapter 1.5.
var data311 = rows{
	"MQTT-1.5.3-1": func(s *scene) {
		for _, bad := range []string{"\xED\xA0\x80", "\xED\xBF\xBF", "\xC0\xAF", "\xFF", "a\xC3"} {
			unsayable(s, bad)
			p, l := wired(s, mqtt.Config{})
			for _, first := range []byte{0x30, 0x32, 0x34} {
				l = l.refused(published(first, bad, 7, "x"))
			}
			l.quiet()
			p.client.Abort()
		}
	},
	"MQTT-1.5.3-2": func(s *scene) {
		for _, bad := range []string{"\x00", "a\x00b", "a\x00"} {
			unsayable(s, bad)
			p, l := wired(s, mqtt.Config{})
			for _, first := range []byte{0x30, 0x32, 0x34} {
				l = l.refused(published(first, bad, 7, "x"))
			}
			l.quiet()
			p.client.Abort()
		}
	},
	"MQTT-1.5.3-3": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		l.says("30 06 00 04 EF BB BF 61", "30 07 00 05 61 EF BB BF 62")
		require.Equal(s, "\xEF\xBB\xBFa", p.takes().Topic)
		require.Equal(s, "a\xEF\xBB\xBFb", p.takes().Topic)
		p.sends(mqtt.Message{Topic: "\xEF\xBB\xBFa"})
		l.hears("30 06 00 04 EF BB BF 61")
		p.subscribing(0, "\xEF\xBB\xBFa")
		require.Equal(s, "\xEF\xBB\xBFa", fields(l.packet())[0])
	},
	"no-id:1.5.3/a": func(s *scene) {
		// One who refuses them lets any publisher cut off each subscriber: they are let through, both ways.
		p, l := wired(s, mqtt.Config{})
		for _, odd := range []string{"a\x01", "a\x1F", "a\x7F", "a\u0080", "a\u009F", "a\uFFFE", "a\uFFFF", "a\U0010FFFF", "\uFDD0"} {
			l.says(published(0x32, odd, 5, "x"))
			require.Equal(s, odd, p.takes().Topic)
			l.hears("40 02 00 05")
			p.sends(mqtt.Message{Topic: odd, Payload: []byte("x")})
			l.hears(published(0x30, odd, 0, "x"))
		}
	},
}

// published is a PUBLISH; its identifier is there when the first byte says so.
func published(first byte, topic string, id int, payload string) string {
	if first&6 == 0 {
		return packetOf(first, topic, []byte(payload))
	}
	return packetOf(first, topic, id, []byte(payload))
}

// fields reads the filters of a SUBSCRIBE or UNSUBSCRIBE of less than 128 bytes.
func fields(packet []byte) (filters []string) {
	for rest := packet[4:]; len(rest) > 0; {
		n := 2 + int(rest[0])<<8 + int(rest[1])
		filters = append(filters, string(rest[2:n]))
		if rest = rest[n:]; packet[0] == 0x82 {
			rest = rest[1:]
		}
	}
	return filters
}

// unsayable checks that no text of the API leaves with this in it: a Config isn't dialled for, and a call sends nothing.
func unsayable(s *scene, bad string) {
	s.Helper()
	will := func(topic string) *mqtt.Will { return &mqtt.Will{Topic: topic} }
	for field, cfg := range map[string]mqtt.Config{
		"ClientID": {ClientID: bad}, "Username": {Username: bad}, "Will.Topic": {Will: will(bad)},
		"Subscriptions[0].Filter": {Subscriptions: []mqtt.Subscription{{Filter: bad}}},
	} {
		s.refusedConfig(cfg, field)
	}
	unaskable(s, bad, bad)
}

// unaskable checks that a topic and a filter are errors of the calls that are given them, and that nothing is sent for them.
// An empty one isn't tried.
func unaskable(s *scene, topic, filter string) {
	s.Helper()
	p, l := wired(s, mqtt.Config{})
	calls := map[string]error{}
	if topic != "" {
		for qos := range mqtt.QoS(3) {
			calls[fmt.Sprintf("Publish, QoS %d", qos)] = p.client.Publish(p.soon(), mqtt.Message{Topic: topic, QoS: qos})
		}
	}
	if filter != "" {
		_, calls["Subscribe"] = p.client.Subscribe(p.soon(), mqtt.Subscription{Filter: filter})
		_, calls["Declare"] = p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter})
		calls["Unsubscribe"] = p.client.Unsubscribe(p.soon(), filter)
	}
	for call, err := range calls {
		var fault *mqtt.ArgumentError
		require.ErrorAs(s, err, &fault, "%s with %q %q", call, topic, filter)
	}
	synctest.Wait()
	l.quiet()
	p.client.Abort()
}

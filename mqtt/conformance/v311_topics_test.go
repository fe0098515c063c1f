package conformance

import (
	"strings"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// topics311 is about topic names and filters: chapter 4.7.
var topics311 = rows{
	"MQTT-4.7.1-1": func(s *scene) {
		for _, topic := range []string{"+", "#", "a/+/b", "a/#", "a+", "#a"} {
			unaskable(s, topic, "")
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: topic}}, "Will.Topic")
			_, l := wired(s, mqtt.Config{})
			l.refused(published(0x32, topic, 1, "x"))
		}
	},
	"MQTT-4.7.1-2": func(s *scene) {
		for _, filter := range []string{"a#", "a/#/b", "#/a", "##", "a/##", "#a", "/#/", "+#"} {
			unaskable(s, "", filter)
		}
		askable(s, "#", "a/#", "/#", "a/b/#", "+/#")
		routes(s, "a/#", map[string]bool{"a": true, "a/b": true, "a/b/c": true, "a/": true, "b": false, "ab": false, "/a": false})
		routes(s, "/#", map[string]bool{"/": true, "/a": true, "a": false})
	},
	"MQTT-4.7.1-3": func(s *scene) {
		for _, filter := range []string{"a+", "+a", "+a/b", "a/b+", "a/+b/c", "++", "a/++/b"} {
			unaskable(s, "", filter)
		}
		askable(s, "+", "+/+", "a/+/b", "/+", "+/", "a/+")
		routes(s, "a/+", map[string]bool{"a/b": true, "a/": true, "a": false, "a/b/c": false, "b/a": false})
		routes(s, "+/+", map[string]bool{"/a": true, "a/b": true, "a": false, "a/b/c": false})
		routes(s, "a/+/b", map[string]bool{"a/x/b": true, "a//b": true, "a/b": false, "a/x/y/b": false})
	},
	"MQTT-4.7.2-1": func(s *scene) {
		routes(s, "#", map[string]bool{"$SYS/x": false, "$": false, "a": true, "a/$SYS": true})
		routes(s, "+/x", map[string]bool{"$SYS/x": false, "SYS/x": true})
		routes(s, "+", map[string]bool{"$SYS": false, "a": true})
		routes(s, "$SYS/#", map[string]bool{"$SYS/x": true, "$SYS": true, "a": false})
		routes(s, "$SYS/+/y", map[string]bool{"$SYS/x/y": true, "$sys/x/y": false})
	},
	"MQTT-4.7.3-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		as[*mqtt.ArgumentError](s, p.client.Publish(p.soon(), mqtt.Message{}))
		_, err := p.client.Subscribe(p.soon(), mqtt.Subscription{})
		as[*mqtt.ArgumentError](s, err)
		as[*mqtt.ArgumentError](s, p.client.Unsubscribe(p.soon(), ""))
		_, err = p.client.Subscribe(p.soon(), mqtt.Subscription{Filter: "a"}, mqtt.Subscription{})
		as[*mqtt.ArgumentError](s, err)
		l.quiet()
		s.refusedConfig(mqtt.Config{Will: &mqtt.Will{}}, "Will.Topic")
		l = l.refused("30 02 00 00")
		l.refused("32 05 00 00 00 01 78")
		askable(s, "/")
	},
	"MQTT-4.7.3-2": func(s *scene) {
		for _, bad := range []string{"\x00", "a/\x00/b", "a\x00"} {
			unaskable(s, bad, bad)
			unaskable(s, "", bad+"/#")
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: bad}}, "Will.Topic")
			_, l := wired(s, mqtt.Config{})
			l.refused(published(0x30, bad, 0, "x"))
		}
	},
	"MQTT-4.7.3-3": func(s *scene) {
		longest := strings.Repeat("\u00e9", 32_767) + "a"
		require.Len(s, longest, 65_535)
		unaskable(s, longest+"a", longest+"a")
		unaskable(s, "", longest[:65_534]+"/#")
		s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: longest + "a"}}, "Will.Topic")
		p, l := wired(s, mqtt.Config{})
		l.conn.Pipe().In().SetSize(1 << 20)
		l.conn.Pipe().Out().SetSize(1 << 20)
		p.sends(mqtt.Message{Topic: longest})
		require.Equal(s, published(0x30, longest, 0, ""), packetHex(l.packet()))
		l.says(published(0x30, longest, 0, "x"))
		require.Equal(s, longest, p.takes().Topic)
		p.subscribing(0, longest)
		b := l.packet()
		require.Equal(s, packetOf(0x82, 1, longest, []byte{0}), packetHex(b))
		p.unsubscribing(longest)
		require.Equal(s, byte(0xA2), l.packet()[0])
	},
	"MQTT-4.7.3-4": func(s *scene) {
		routes(s, "\u00e9", map[string]bool{"\u00e9": true, "e\u0301": false, "\u00c9": false})
		routes(s, "e\u0301/x", map[string]bool{"\u00e9/x": false, "e\u0301/x": true})
		routes(s, "a/b", map[string]bool{"a/b": true, "A/b": false, "a//b": false, "a/b/": false, "/a/b": false, "a/b ": false, "a%2Fb": false})
		routes(s, "a//b", map[string]bool{"a//b": true, "a/b": false})
		routes(s, "a/./b", map[string]bool{"a/./b": true, "a/b": false})
		p, l := wired(s, mqtt.Config{})
		for _, topic := range []string{"e\u0301", "\u00e9", "A//b/", "a/../b", " a ", "\u212b", "\ufb01"} { // and nothing is put in order on its way
			p.sends(mqtt.Message{Topic: topic})
			l.hears(published(0x30, topic, 0, ""))
			l.says(published(0x30, topic, 0, ""))
			require.Equal(s, topic, p.takes().Topic)
		}
	},
}

// askable checks that filters are asked for as they are.
func askable(s *scene, filters ...string) {
	s.Helper()
	p, l := wired(s, mqtt.Config{})
	for _, filter := range filters {
		p.subscribing(0, filter)
		require.Equal(s, []string{filter}, fields(l.packet()))
	}
	p.client.Abort()
}

// routes checks which topics go to the stream of a filter; the others go to Messages.
func routes(s *scene, filter string, topics map[string]bool) {
	s.Helper()
	p, l := wired(s, mqtt.Config{})
	stream, err := p.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter})
	require.NoError(s, err)
	l.says(packetOf(0x90, identifier(l.packet()), []byte{0}))
	for topic, match := range topics {
		l.says(published(0x30, topic, 0, "x"))
		synctest.Wait()
		var got bool
		select {
		case m := <-stream.Messages():
			require.Equal(s, topic, m.Topic)
			got = true
		case m := <-p.client.Messages():
			require.Equal(s, topic, m.Topic)
		}
		require.Equal(s, match, got, "%q for %q", topic, filter)
	}
	p.client.Abort()
}

package conformance

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// takesFilters checks that subscriptions of these filters leave.
func (s *scene) takesFilters(filters ...string) {
	s.Helper()
	conn := s.up(mqtt.Config{})
	for _, filter := range filters {
		p, _ := s.subscribing(conn, mqtt.Subscription{Filter: filter})
		require.Equal(s, filter, p.Subscriptions[0].Filter)
	}
}

// refusesFilters checks that no call takes these filters.
func (s *scene) refusesFilters(filters ...string) {
	s.Helper()
	conn := s.up(mqtt.Config{})
	for _, filter := range filters {
		_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: filter})
		argument(s, err, "Subscriptions[0].Filter")
		_, err = s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter})
		argument(s, err, "Subscriptions[0].Filter")
		argument(s, s.client.Unsubscribe(s.Context(), filter), "Unsubscription.Filters[0]")
		s.refusedConfig(mqtt.Config{Subscriptions: []mqtt.Subscription{{Filter: filter}}}, "Subscriptions[0].Filter")
	}
	quiet(s, conn)
}

// routes checks which topics come to a stream of a filter; the others go to Messages.
func (s *scene) routes(filter string, matching, others []string) {
	s.Helper()
	conn := s.up(mqtt.Config{})
	stream := s.declared(conn, filter, 0)
	for _, topic := range matching {
		reply(s, conn, &codec.Publish{Topic: topic})
		require.Equal(s, topic, s.nextOf(stream).Topic)
	}
	for _, topic := range others {
		reply(s, conn, &codec.Publish{Topic: topic})
		require.Equal(s, topic, s.next().Topic, "%s must not match %s", filter, topic)
	}
	s.noneOf(stream)
}

// topics5 is about topic names, filters and shared subscriptions (§4.7, §4.8).
var topics5 = rows{
	"MQTT-4.7.0-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, bad := range []string{"+", "#", "a/+", "a/#", "a+b", "a#"} {
			argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: bad}), "Message.Topic")
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: bad}}, "Will.Topic")
			if s.v == mqtt.V5 {
				p := &mqtt.PublishProperties{ResponseTopic: bad}
				argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a", Properties: p}), "Message.Properties.ResponseTopic")
			}
		}
		quiet(s, conn)
	},
	"MQTT-4.7.1-1": func(s *scene) {
		s.refusesFilters("a#", "a/#/b", "#/a", "a/b#", "##", "a/#b")
		s.takesFilters("#", "a/#", "/#", "+/#")
		s.routes("a/#", []string{"a", "a/", "a/b", "a/b/c"}, []string{"ab", "b/a", "/a"})
	},
	"MQTT-4.7.1-2": func(s *scene) {
		s.refusesFilters("a+", "+a", "a/b+", "++", "a/+b/c")
		s.takesFilters("+", "a/+/b", "/+", "+/+", "+/a/#")
		s.routes("a/+/c", []string{"a/b/c", "a//c"}, []string{"a/c", "a/b/b/c", "a/b", "a/b/c/d"})
	},
	"MQTT-4.7.2-1": func(s *scene) {
		s.routes("#", []string{"a", "a/$SYS"}, []string{"$SYS", "$SYS/x", "$a"})
		s.routes("+/x", []string{"a/x"}, []string{"$SYS/x"})
		s.routes("$SYS/#", []string{"$SYS", "$SYS/x"}, []string{"SYS/x"})
	},
	"MQTT-4.7.3-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Publish(s.Context(), mqtt.Message{}), "Message.Topic")
		quiet(s, conn)
		s.refusesFilters("")
		s.takesFilters("/", "a", " ")
		s.drops(mqtt.Config{TopicAliasMaximum: 1}, "30 03 00 00 00", 0x82, "3.3.2.1")
		conn = s.up(mqtt.Config{TopicAliasMaximum: 1})
		feed(s, conn, "30 07 00 01 61 03 23 00 01", "30 06 00 00 03 23 00 01") // but with an alias
		s.next()
		require.Equal(s, "a", s.next().Topic)
	},
	"MQTT-4.7.3-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a\x00"}), "Message.Topic")
		quiet(s, conn)
		s.refusesFilters("\x00", "a/\x00/b")
		s.drops(mqtt.Config{}, "30 06 00 03 61 00 62 00", 0x81, "3.3.2.1")
	},
	"MQTT-4.7.3-3": func(s *scene) {
		longest := strings.Repeat("t", 65_535)
		s.takesFilters(longest)
		s.refusesFilters(longest + "t")
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: longest + "t"}), "Message.Topic")
		quiet(s, conn)
		s.asyncMessage(mqtt.Message{Topic: longest})
		require.Equal(s, longest, expectNow[*codec.Publish](s, conn).Topic)
	},
	"MQTT-4.7.3-4": func(s *scene) {
		s.routes("a/é", []string{"a/é"}, []string{"a/e\u0301", "A/é", "a/É", "a/é/", "/a/é", "a//é", "a/é ", "\ufeffa/é"})
		s.routes("a//b", []string{"a//b"}, []string{"a/b", "a///b"})
	},
	"MQTT-4.8.2-1": func(s *scene) {
		s.refusesFilters("$share//a", "$share", "$share/", "$share//")
		s.takesFilters("$share/g/a", "$share/group one/a/+/#", "$shared/a", "$sharex")
	},
	"MQTT-4.8.2-2": func(s *scene) {
		s.refusesFilters("$share/g", "$share/g/", "$share/+/a", "$share/g#/a", "$share/#", "$share/g+/a")
		s.takesFilters("$share/g//finance", "$share/g/#", "$share/g/+/a")
		s.routes("$share/g//finance", []string{"/finance"}, []string{"finance", "g/finance"})
	},
	"MQTT-4.8.2-3": func(s *scene) { // what a client sees of it: the QoS that was granted, and that of each message
		conn := s.up(mqtt.Config{})
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "$share/g/a/b", QoS: mqtt.ExactlyOnce})
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.GrantedQoS1}})
		require.Equal(s, mqtt.AtLeastOnce, (<-done).grants[0].QoS)
		reply(s, conn, incoming(codec.AtLeastOnce, 7, ""))
		require.Equal(s, mqtt.AtLeastOnce, s.next().QoS)
		leaves(s, conn, "40 02 00 07")
	},
	"MQTT-4.8.2-4": func(s *scene) {
		conn := s.kept(mqtt.Config{Ack: mqtt.AckManual})
		s.subscribe(conn, "$share/g/a/b", mqtt.ExactlyOnce)
		begun := incoming(codec.ExactlyOnce, 9, "begun")
		reply(s, conn, begun)
		m := s.next()
		conn = s.resume(conn)
		begun.Dup = true
		reply(s, conn, begun)
		require.NoError(s, m.Ack())
		require.Equal(s, uint16(9), mqtttest.Expect[*codec.PubRec](s, conn).PacketID)
		conn = s.resume(conn)
		reply(s, conn, &codec.PubRel{PacketID: 9})
		require.Equal(s, codec.PubComp{PacketID: 9}, *mqtttest.Expect[*codec.PubComp](s, conn))
		s.none()
	},
	"MQTT-4.8.2-6": func(s *scene) { // so a refusal is never the client's own idea
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		s.subscribe(conn, "$share/g/a/b", mqtt.ExactlyOnce)
		reply(s, conn, incoming(codec.AtLeastOnce, 7, ""), incoming(codec.ExactlyOnce, 8, ""))
		one, two := s.next(), s.next()
		quiet(s, conn)
		require.NoError(s, one.Reject(codec.ImplementationSpecificError, "not mine"))
		require.NoError(s, two.Ack())
		require.Equal(s, codec.ImplementationSpecificError, mqtttest.Expect[*codec.PubAck](s, conn).Code)
		require.Equal(s, codec.Success, mqtttest.Expect[*codec.PubRec](s, conn).Code)
	},
}

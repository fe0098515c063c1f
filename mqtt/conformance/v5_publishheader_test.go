package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// header5 is about the variable header of PUBLISH and its properties (§3.3.2).
var header5 = rows{
	"MQTT-3.3.2-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.asyncMessage(mqtt.Message{Topic: "中/b", QoS: mqtt.AtLeastOnce, Payload: []byte("hi")})
		leaves(s, conn, "32 0C 00 05 E4 B8 AD 2F 62 00 01 00 68 69")
		s.drops(mqtt.Config{}, "30 03 00 05 61", 0x81, "3.3.2.1")
		s.drops(mqtt.Config{}, "30 01 00", 0x81, "3.3.2.1")
	},
	"MQTT-3.3.2-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, bad := range []string{"a/+", "#", "a#", "+"} {
			argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: bad}), "Message.Topic")
		}
		quiet(s, conn)
		s.drops(mqtt.Config{}, "30 05 00 02 61 23 00", 0x82, "3.3.2.1")
		s.drops(mqtt.Config{}, "30 06 00 03 61 2F 2B 00", 0x82, "3.3.2.1")
	},
	"MQTT-3.3.2-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.subscribe(conn, "x", mqtt.AtLeastOnce)
		reply(s, conn, incoming(codec.AtLeastOnce, 7, "matches nothing"))
		require.Equal(s, "a/b", s.next().Topic)
		leaves(s, conn, "40 02 00 07")
	},
	"MQTT-3.3.2-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, format := range []byte{1, 0} {
			reply(s, conn, &codec.Publish{Topic: "a", Properties: &codec.PublishProperties{PayloadFormatIndicator: format, ContentType: "t"}})
			require.Equal(s, format, s.next().Properties.PayloadFormatIndicator)
		}
		feed(s, conn, header(0x30, "00 01 61 "+sized("01 01")), header(0x30, "00 01 61 00"))
		require.Equal(s, byte(1), s.next().Properties.PayloadFormatIndicator)
		require.Nil(s, s.next().Properties)
	},
	"MQTT-3.3.2-6": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, left := range []uint32{0, 1, 77, 4_294_967_295} {
			reply(s, conn, &codec.Publish{Topic: "a", Properties: &codec.PublishProperties{MessageExpiryInterval: new(left)}})
			require.Equal(s, time.Duration(left)*time.Second, *s.next().Properties.MessageExpiryInterval)
		}
		feed(s, conn, "30 04 00 01 61 00")
		require.Nil(s, s.next().Properties)
	},
	"MQTT-3.3.2-7": func(s *scene) {
		conn := s.kept(mqtt.Config{TopicAliasMaximum: 5}, announcing(codec.ConnAckProperties{TopicAliasMaximum: 5}))
		feed(s, conn, "30 07 00 01 61 03 23 00 01", "30 06 00 00 03 23 00 01")
		require.Equal(s, "a", s.next().Topic)
		require.Equal(s, "a", s.next().Topic)
		s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce, Properties: &mqtt.PublishProperties{TopicAlias: 1}})
		require.Equal(s, "a", mqtttest.Expect[*codec.Publish](s, conn).Topic)
		s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce, Properties: &mqtt.PublishProperties{TopicAlias: 1}})
		mqtttest.Expect[*codec.Publish](s, conn)
		conn = s.resume(conn, codec.ConnAckProperties{TopicAliasMaximum: 5})
		for range 2 {
			p := expectNow[*codec.Publish](s, conn)
			require.Equal(s, "a", p.Topic)
			require.True(s, p.Properties == nil || p.Properties.TopicAlias == 0)
		}
		feed(s, conn, "30 06 00 00 03 23 00 01")
		s.reproached(conn, codec.ProtocolError)

		conn = s.kept(mqtt.Config{TopicAlias: mqtt.AliasAuto}, announcing(codec.ConnAckProperties{TopicAliasMaximum: 5}))
		for _, topic := range []string{"a/long/topic", ""} { // by its alias the second time
			s.asyncMessage(mqtt.Message{Topic: "a/long/topic", QoS: mqtt.AtLeastOnce})
			require.Equal(s, topic, expectNow[*codec.Publish](s, conn).Topic)
		}
		conn = s.resume(conn, codec.ConnAckProperties{TopicAliasMaximum: 5})
		require.Equal(s, "a/long/topic", expectNow[*codec.Publish](s, conn).Topic)
		again := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [2]any{"a/long/topic", true}, [2]any{again.Topic, again.Dup}, "what is sent again has its whole topic")
	},
	"MQTT-3.3.2-8": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{TopicAliasMaximum: 5}))
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Properties: &mqtt.PublishProperties{TopicAlias: 0}}), "Message.Topic")
		s.asyncMessage(mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{TopicAlias: 0}})
		leaves(s, conn, "30 04 00 01 61 00") // 0 is none
		s.drops(mqtt.Config{TopicAliasMaximum: 5}, "30 07 00 01 61 03 23 00 00", 0x94, "3.3.2.3.4")
	},
	"MQTT-3.3.2-10": func(s *scene) {
		for most, vector := range map[int]string{10: "00 0A", 65_535: "FF FF"} {
			conn := s.up(mqtt.Config{TopicAliasMaximum: most})
			feed(s, conn, "30 07 00 01 61 03 23 00 01", "30 07 00 01 62 03 23 "+vector, "30 06 00 00 03 23 00 01", "30 06 00 00 03 23 "+vector)
			for _, topic := range []string{"a", "b", "a", "b"} {
				require.Equal(s, topic, s.next().Topic)
			}
		}
	},
	"MQTT-3.3.2-11": func(s *scene) {
		s.drops(mqtt.Config{TopicAliasMaximum: 10}, "30 07 00 01 61 03 23 00 0B", 0x94, "3.3.2.3.4")
		s.drops(mqtt.Config{TopicAliasMaximum: 10}, "30 07 00 01 61 03 23 FF FF", 0x94, "3.3.2.3.4")
	},
	"MQTT-3.3.2-13": func(s *scene) {
		s.badProperty(func(p *mqtt.PublishProperties) { p.ResponseTopic = "\xff" }, "ResponseTopic")
		s.drops(mqtt.Config{}, header(0x30, "00 01 61 "+sized("08 00 01 FF")), 0x81, "3.3.2.3.5")
	},
	"MQTT-3.3.2-14": func(s *scene) {
		for _, bad := range []string{"reply/#", "+"} {
			s.badProperty(func(p *mqtt.PublishProperties) { p.ResponseTopic = bad }, "ResponseTopic")
			s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: "w", Properties: &mqtt.WillProperties{ResponseTopic: bad}}}, "Will.Properties.ResponseTopic")
		}
		s.drops(mqtt.Config{}, header(0x30, "00 01 61 "+sized("08 00 03 61 2F 23")), 0x82, "3.3.2.3.5")
	},
	"MQTT-3.3.2-15": func(s *scene) {
		require.Equal(s, "r/é", s.echoed(codec.PublishProperties{ResponseTopic: "r/é"}).ResponseTopic)
	},
	"MQTT-3.3.2-16": func(s *scene) {
		data := make([]byte, 256)
		for i := range data {
			data[i] = byte(i)
		}
		require.Equal(s, data, s.echoed(codec.PublishProperties{CorrelationData: data}).CorrelationData)
		require.Equal(s, []byte{}, s.echoed(codec.PublishProperties{CorrelationData: []byte{}}).CorrelationData)
	},
	"MQTT-3.3.2-17": func(s *scene) {
		pairs := []codec.UserProperty{{Key: "a", Value: ""}, {Key: "a", Value: "1"}, {Key: "", Value: ""}, {Key: "a", Value: "1"}}
		require.Len(s, s.echoed(codec.PublishProperties{UserProperties: pairs}).UserProperties, 4)
	},
	"MQTT-3.3.2-18": func(s *scene) {
		got := s.echoed(codec.PublishProperties{UserProperties: []codec.UserProperty{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}, {Key: "b", Value: "0"}}})
		require.Equal(s, []mqtt.UserProperty{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}, {Key: "b", Value: "0"}}, got.UserProperties)
	},
	"MQTT-3.3.2-19": func(s *scene) {
		s.badProperty(func(p *mqtt.PublishProperties) { p.ContentType = "\xff" }, "ContentType")
		s.drops(mqtt.Config{}, header(0x30, "00 01 61 "+sized("03 00 01 FF")), 0x81, "3.3.2.3.9")
	},
	"MQTT-3.3.2-20": func(s *scene) {
		require.Equal(s, "text/plain", s.echoed(codec.PublishProperties{ContentType: "text/plain"}).ContentType)
	},
	"no-id:3.3.2.1/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Publish(s.Context(), mqtt.Message{}), "Message.Topic")
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Properties: &mqtt.PublishProperties{ContentType: "t"}}), "Message.Topic")
		quiet(s, conn)
		s.drops(mqtt.Config{TopicAliasMaximum: 5}, "30 03 00 00 00", 0x82, "3.3.2.1")
	},
	"no-id:3.3.2.3.2/a": func(s *scene) { // a client may check, and this one leaves it to the application
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		feed(s, conn, header(0x32, "00 01 61 00 07 "+sized("01 01")+" FF"))
		m := s.next()
		require.Equal(s, [2]any{byte(1), []byte{0xFF}}, [2]any{m.Properties.PayloadFormatIndicator, m.Payload})
		require.NoError(s, m.Reject(codec.PayloadFormatInvalid, ""))
		leaves(s, conn, "40 03 00 07 99")
	},
	"no-id:3.3.2.3.8/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a", Identifier: 268_435_456})
		argument(s, err, "Subscriptions[0].Identifier")
		quiet(s, conn)
		go s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a"}) // 0 is none
		require.NotContains(s, string(raw(s, conn)), "\x0B\x00")
		s.drops(mqtt.Config{}, "30 06 00 01 61 02 0B 00", 0x82, "3.3.2.3.8")
		conn = s.up(mqtt.Config{})
		feed(s, conn, header(0x30, "00 01 61 "+sized("0B FF FF FF 7F 0B 01")))
		require.Contains(s, s.next().SubscriptionIdentifiers, uint32(1), "up to 268,435,455 they are lawful")
	},
}

// badProperty checks that a publish with a property is refused, and that nothing leaves.
func (s *scene) badProperty(set func(*mqtt.PublishProperties), name string) {
	s.Helper()
	conn := s.up(mqtt.Config{})
	p := &mqtt.PublishProperties{}
	set(p)
	for q := range mqtt.QoS(3) {
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a", QoS: q, Properties: p}), "Message.Properties."+name)
	}
	quiet(s, conn)
}

// echoed is what the application gets of properties that the server sends; it also checks that they leave as they are.
func (s *scene) echoed(p codec.PublishProperties) *mqtt.PublishProperties {
	s.Helper()
	conn := s.up(mqtt.Config{})
	reply(s, conn, &codec.Publish{Topic: "a", Properties: &p})
	m := s.next()
	s.asyncMessage(m.Message)
	require.Equal(s, &p, mqtttest.Expect[*codec.Publish](s, conn).Properties)
	return m.Properties
}

package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// options are the option bytes with which subscriptions leave.
func (s *scene) options(subs ...mqtt.Subscription) (bytes []byte) {
	s.Helper()
	conn := s.up(mqtt.Config{})
	for _, sub := range subs {
		sub.Filter = "a"
		go s.client.Subscribe(s.Context(), sub)
		b := raw(s, conn)
		bytes = append(bytes, b[len(b)-1])
	}
	return bytes
}

// publish5 is about PUBLISH (§3.3).
var publish5 = rows{
	"MQTT-3.3.1-1": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		s.inFlight(conn, mqtt.AtLeastOnce, "1")
		s.inFlight(conn, mqtt.ExactlyOnce, "2")
		s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce, Retain: true})
		require.Equal(s, byte(0x33), raw(s, conn)[0])
		for range 2 {
			conn = s.resume(conn)
			for _, first := range []byte{0x3A, 0x3C, 0x3B} {
				require.Equal(s, first, raw(s, conn)[0])
			}
		}
	},
	"MQTT-3.3.1-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.async(mqtt.AtMostOnce, "")
		require.Equal(s, byte(0x30), raw(s, conn)[0])
		s.asyncMessage(mqtt.Message{Topic: "a", Retain: true})
		require.Equal(s, byte(0x31), raw(s, conn)[0])
		s.drops(mqtt.Config{}, "38 04 00 01 61 00", 0x81, "3.3.1.1")
	},
	"MQTT-3.3.1-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		again := incoming(codec.AtLeastOnce, 7, "m")
		again.Dup = true
		reply(s, conn, again)
		m := s.next()
		require.True(s, m.Dup)
		require.Equal(s, uint16(7), mqtttest.Expect[*codec.PubAck](s, conn).PacketID)
		s.asyncMessage(m.Message)
		require.Equal(s, byte(0x32), raw(s, conn)[0])
	},
	"MQTT-3.3.1-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		argument(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a", QoS: 3}), "Message.QoS")
		quiet(s, conn)
		for _, first := range []byte{0x36, 0x37, 0x3E, 0x3F} {
			s.drops(mqtt.Config{}, header(first, "00 01 61 00 01 00"), 0x81, "3.3.1.2")
		}
	},
	"MQTT-3.3.1-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for q := range mqtt.QoS(3) {
			for retain, bit := range map[bool]byte{false: 0, true: 1} {
				s.asyncMessage(mqtt.Message{Topic: "a", QoS: q, Retain: retain})
				require.Equal(s, 0x30|byte(q)<<1|bit, raw(s, conn)[0])
			}
		}
	},
	"MQTT-3.3.1-6": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.asyncMessage(mqtt.Message{Topic: "a", Retain: true})
		leaves(s, conn, "31 04 00 01 61 00")
	},
	"MQTT-3.3.1-9": func(s *scene) {
		require.Equal(s, byte(0x00), s.options(mqtt.Subscription{RetainHandling: mqtt.RetainSend})[0]&0x30)
	},
	"MQTT-3.3.1-10": func(s *scene) {
		require.Equal(s, byte(0x10), s.options(mqtt.Subscription{RetainHandling: mqtt.RetainSendIfNew})[0]&0x30)
	},
	"MQTT-3.3.1-11": func(s *scene) {
		require.Equal(s, byte(0x20), s.options(mqtt.Subscription{RetainHandling: mqtt.RetainDontSend})[0]&0x30)
	},
	"MQTT-3.3.1-12": func(s *scene) {
		require.Zero(s, s.options(mqtt.Subscription{})[0]&0x08)
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.AtMostOnce, 0, ""))
		require.False(s, s.next().Retain)
	},
	"MQTT-3.3.1-13": func(s *scene) {
		require.Equal(s, byte(0x08), s.options(mqtt.Subscription{RetainAsPublished: true})[0]&0x08)
		conn := s.up(mqtt.Config{})
		feed(s, conn, "31 04 00 01 61 00")
		require.True(s, s.next().Retain)
	},
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
	"MQTT-3.3.4-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.AtMostOnce, 0, ""))
		s.next()
		quiet(s, conn)
		reply(s, conn, incoming(codec.AtLeastOnce, 1, ""))
		s.next()
		leaves(s, conn, "40 02 00 01")
		reply(s, conn, incoming(codec.ExactlyOnce, 2, ""))
		s.next()
		leaves(s, conn, "50 02 00 02")
		quiet(s, conn)
	},
	"MQTT-3.3.4-2": func(s *scene) { // two subscriptions of one filter here are one with the higher QoS there
		conn := s.up(mqtt.Config{})
		s.subscribe(conn, "a/b", mqtt.ExactlyOnce)
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a/b", QoS: mqtt.AtMostOnce})
		require.Equal(s, codec.ExactlyOnce, p.Subscriptions[0].QoS)
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.GrantedQoS2}})
		require.NoError(s, (<-done).err)
		reply(s, conn, incoming(codec.ExactlyOnce, 1, "")) // for overlapping ones it comes with the highest
		require.Equal(s, mqtt.ExactlyOnce, s.next().QoS)
	},
	"MQTT-3.3.4-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, header(0x30, "00 01 61 "+sized("0B 07")))
		require.Equal(s, []uint32{7}, s.next().SubscriptionIdentifiers)
	},
	"MQTT-3.3.4-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		first, second := s.declared(conn, "a/+", 1), s.declared(conn, "+/b", 300)
		feed(s, conn, header(0x30, "00 03 61 2F 62 "+sized("0B 01 0B AC 02")))
		for _, stream := range []*mqtt.Stream{first, second} {
			require.Equal(s, []uint32{1, 300}, s.nextOf(stream).SubscriptionIdentifiers)
			s.noneOf(stream)
		}
	},
	"MQTT-3.3.4-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		first, second := s.declared(conn, "a/+", 1), s.declared(conn, "+/b", 300)
		feed(s, conn, header(0x30, "00 03 61 2F 62 "+sized("0B 01")+" 31"), header(0x30, "00 03 61 2F 62 "+sized("0B AC 02")+" 32"))
		require.Equal(s, "1", string(s.nextOf(first).Payload))
		require.Equal(s, "2", string(s.nextOf(second).Payload))
		s.noneOf(first)
		s.noneOf(second)
	},
	"MQTT-3.3.4-6": func(s *scene) { // what is published has no field for one
		conn := s.up(mqtt.Config{})
		feed(s, conn, header(0x30, "00 01 61 "+sized("0B 07 03 00 01 74")))
		m := s.next()
		require.Equal(s, []uint32{7}, m.SubscriptionIdentifiers)
		s.asyncMessage(m.Message)
		leaves(s, conn, header(0x30, "00 01 61 "+sized("03 00 01 74")))
	},
	"MQTT-3.3.4-7": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{ReceiveMaximum: 2}))
		_, one := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		_, two := s.inFlight(conn, mqtt.ExactlyOnce, "2")
		next := func(payload string, by codec.Packet) {
			s.Helper()
			s.async(mqtt.AtLeastOnce, payload)
			quiet(s, conn)
			reply(s, conn, by)
			require.Equal(s, payload, string(expectNow[*codec.Publish](s, conn).Payload))
		}
		next("3", &codec.PubAck{PacketID: one.PacketID})
		reply(s, conn, &codec.PubRec{PacketID: two.PacketID})
		expectNow[*codec.PubRel](s, conn)
		next("4", &codec.PubComp{PacketID: two.PacketID}) // PUBREC wasn't enough
	},
	"MQTT-3.3.4-8": func(s *scene) {
		conn := s.up(mqtt.Config{KeepAlive: 10 * time.Second}, announcing(codec.ConnAckProperties{ReceiveMaximum: 2}))
		s.inFlight(conn, mqtt.AtLeastOnce, "1")
		_, two := s.inFlight(conn, mqtt.ExactlyOnce, "2")
		s.async(mqtt.AtLeastOnce, "waits")
		s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		s.unsubscribing(conn, "b")
		s.async(mqtt.AtMostOnce, "0")
		require.Equal(s, "0", string(expectNow[*codec.Publish](s, conn).Payload))
		reply(s, conn, incoming(codec.AtLeastOnce, 7, ""), &codec.PubRec{PacketID: two.PacketID})
		s.next()
		kinds := map[codec.Type]bool{}
		for range 3 {
			p, err := conn.Read(s.Context())
			require.NoError(s, err)
			kinds[p.Type()] = true
		}
		require.Equal(s, map[codec.Type]bool{codec.TypePubRel: true, codec.TypePubAck: true, codec.TypePingReq: true}, kinds)
		reply(s, conn, &codec.PingResp{})
		go s.client.CloseWith(canceled(s), mqtt.Disconnect{Code: codec.DisconnectWithWill})
		require.Equal(s, codec.DisconnectWithWill, mqtttest.Expect[*codec.Disconnect](s, conn).Code)
	},
	"MQTT-3.3.4-9": func(s *scene) {
		conn := s.up(mqtt.Config{ReceiveMaximum: 2, Ack: mqtt.AckManual})
		reply(s, conn, incoming(codec.AtLeastOnce, 1, "1"), incoming(codec.ExactlyOnce, 2, "2"))
		s.next()
		s.next()
		quiet(s, conn)
		reply(s, conn, incoming(codec.AtLeastOnce, 3, "3"))
		s.reproached(conn, codec.ReceiveMaximumExceeded)
	},
	"MQTT-3.3.4-10": func(s *scene) { // what a client sees of it: it takes what the server needn't delay
		conn := s.up(mqtt.Config{ReceiveMaximum: 1, Ack: mqtt.AckManual})
		reply(s, conn, incoming(codec.AtLeastOnce, 1, "fills the window"))
		s.next()
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		reply(s, conn, &codec.PubAck{PacketID: p.PacketID}, &codec.Publish{Topic: "a"})
		require.NoError(s, outcome(s, d))
		require.Equal(s, "a", s.next().Topic)
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
	"no-id:3.3.4/a": func(s *scene) {
		conn := s.up(mqtt.Config{TopicAliasMaximum: 2})
		feed(s, conn,
			"30 07 00 01 61 03 23 00 01", // 1 is a
			"30 06 00 00 03 23 00 01",
			"30 07 00 01 62 03 23 00 01", // 1 is b
			"30 06 00 00 03 23 00 01",
			"30 04 00 01 63 00")
		for _, topic := range []string{"a", "a", "b", "b", "c"} {
			m := s.next()
			require.Equal(s, topic, m.Topic)
			require.True(s, m.Properties == nil || m.Properties.TopicAlias == 0)
		}
		feed(s, conn, "30 06 00 00 03 23 00 02")
		s.expelled(conn, codec.ProtocolError, "3.3.4")
		for _, bad := range []string{"00 00", "00 03"} {
			s.drops(mqtt.Config{TopicAliasMaximum: 2}, "30 07 00 01 61 03 23 "+bad, 0x94, "3.3.2.3.4")
			s.drops(mqtt.Config{TopicAliasMaximum: 2}, "30 06 00 00 03 23 "+bad, 0x94, "3.3.2.3.4")
		}
	},
	"no-id:3.3.4/b": func(s *scene) {
		conn := s.up(mqtt.Config{ReceiveMaximum: 1, Ack: mqtt.AckManual})
		for range 3 { // each of these gives the place back
			reply(s, conn, incoming(codec.AtLeastOnce, 1, ""))
			require.NoError(s, s.next().Ack())
			mqtttest.Expect[*codec.PubAck](s, conn)
			reply(s, conn, incoming(codec.ExactlyOnce, 2, ""))
			require.NoError(s, s.next().Reject(codec.QuotaExceeded, ""))
			mqtttest.Expect[*codec.PubRec](s, conn)
			reply(s, conn, incoming(codec.ExactlyOnce, 2, ""))
			require.NoError(s, s.next().Ack())
			mqtttest.Expect[*codec.PubRec](s, conn)
			reply(s, conn, &codec.PubRel{PacketID: 2})
			mqtttest.Expect[*codec.PubComp](s, conn)
		}
		reply(s, conn, incoming(codec.ExactlyOnce, 3, ""))
		require.NoError(s, s.next().Ack())
		mqtttest.Expect[*codec.PubRec](s, conn)
		reply(s, conn, incoming(codec.AtLeastOnce, 4, "")) // the exchange of 3 isn't over
		s.reproached(conn, codec.ReceiveMaximumExceeded)
	},
	"no-id:3.8.4/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a/b"})
		reply(s, conn, incoming(codec.AtMostOnce, 0, "early"))
		require.Equal(s, "early", string(s.next().Payload))
		waiting(s, done)
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, (<-done).err)
	},
	"no-id:3.8.4/b": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		s.client.Messages()
		stream := s.declared(conn, "a/+", 5)
		marked := header(0x30, "00 03 61 2F 62 "+sized("0B 05"))
		feed(s, conn, marked)
		s.nextOf(stream)
		done := later(func() error { return stream.Close(s.Context()) })
		p := mqtttest.Expect[*codec.Unsubscribe](s, conn)
		reply(s, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-done)
		feed(s, conn, marked)
		require.Equal(s, "a/b", s.next().Topic)
		stream = s.declared(conn, "x/+", 6)
		conn.Close()
		conn = s.accept(codec.ConnAck{})
		sub := mqtttest.Expect[*codec.Subscribe](s, conn)
		reply(s, conn, &codec.SubAck{PacketID: sub.PacketID, Codes: []codec.ReasonCode{0}})
		feed(s, conn, marked)
		require.Equal(s, "a/b", s.next().Topic)
		s.noneOf(stream)
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

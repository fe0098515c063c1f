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

// publish5 is about what PUBLISH does (§3.3.4, §3.8.4).
var publish5 = rows{
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
		next := func(payload string, by codec.Packet) uint16 {
			s.Helper()
			s.async(mqtt.AtLeastOnce, payload)
			quiet(s, conn)
			reply(s, conn, by)
			p := expectNow[*codec.Publish](s, conn)
			require.Equal(s, payload, string(p.Payload))
			return p.PacketID
		}
		next("3", &codec.PubAck{PacketID: one.PacketID})
		reply(s, conn, &codec.PubRec{PacketID: two.PacketID})
		expectNow[*codec.PubRel](s, conn)
		next("4", &codec.PubComp{PacketID: two.PacketID}) // PUBREC wasn't enough
		conn = s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{ReceiveMaximum: 1}))
		for _, code := range []codec.ReasonCode{0x80, 0x97} { // but one that refuses is
			_, refused := s.inFlight(conn, mqtt.ExactlyOnce, "refused")
			id := next("5", &codec.PubRec{PacketID: refused.PacketID, Code: code})
			reply(s, conn, &codec.PubAck{PacketID: id})
		}
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

package conformance

import (
	"bytes"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// connack5 is about CONNACK (§3.2).
var connack5 = rows{
	"MQTT-3.2.0-1": func(s *scene) {
		for _, packet := range []string{
			"30 04 00 01 61 00", "90 04 00 01 00 00", "D0 00", "40 02 00 01", "62 02 00 01", "B0 04 00 01 00 00",
		} {
			s.rejected(mqtt.Config{}, packet, codec.ProtocolError)
			s.rejected(mqtt.Config{}, packet+"20 03 00 00 00", codec.ProtocolError)
		}
	},
	"MQTT-3.2.0-2": func(s *scene) {
		s.expels(mqtt.Config{}, "20 03 00 00 00", codec.ProtocolError, "3.2")
		conn, done := s.answered(mqtt.Config{}, "20 03 00 00 00 20 03 00 00 00")
		require.NoError(s, <-done)
		s.expelled(conn, codec.ProtocolError, "3.2")
	},
	"MQTT-3.2.2-1": func(s *scene) {
		for bit := 1; bit < 8; bit++ {
			s.rejected(mqtt.Config{}, fmt.Sprintf("20 03 %02X 00 00", 1<<bit), codec.MalformedPacket)
		}
	},
	"MQTT-3.2.2-2": func(s *scene) {
		packet, _ := s.connectPacket(mqtt.Config{})
		require.True(s, packet.CleanStart)
		s.rejected(mqtt.Config{}, "20 03 01 00 00", codec.ProtocolError)
	},
	"MQTT-3.2.2-3": func(s *scene) {
		for _, present := range []bool{true, false} {
			conn := s.kept(mqtt.Config{})
			s.inFlight(conn, mqtt.AtLeastOnce, "m")
			conn.Close()
			conn = s.accept(codec.ConnAck{SessionPresent: present})
			require.Equal(s, present, expectNow[*codec.Publish](s, conn).Dup, "resumed, or anew")
			ack, _ := s.client.ConnAck()
			require.Equal(s, present, ack.SessionPresent)
		}
	},
	// A client without SessionDurable or a Store has no session before its first connection, and says so by Clean Start.
	// With one of them the application has declared that a session of the server's is its own.
	"MQTT-3.2.2-4": func(s *scene) {
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection} {
			s.rejected(mqtt.Config{Session: session}, "20 03 01 00 00", codec.ProtocolError)
		}
		conn := s.up(mqtt.Config{Session: mqtt.SessionConnection})
		conn.Close()
		conn = s.accept(codec.ConnAck{SessionPresent: true}) // the last session ended with its connection
		s.reproached(conn, codec.ProtocolError)
		conn = s.kept(mqtt.Config{}, codec.ConnAck{SessionPresent: true})
		s.works(conn)
	},
	"MQTT-3.2.2-5": func(s *scene) {
		conn := s.kept(mqtt.Config{OnSessionLost: mqtt.LostFail})
		s.subscribe(conn, "a/b", mqtt.ExactlyOnce)
		one, _ := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		two, _ := s.inFlight(conn, mqtt.ExactlyOnce, "2")
		three, _ := s.released(conn, "3")
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "in"))
		s.next()
		leaves(s, conn, "50 02 00 09")
		conn.Close()
		conn = s.accept(codec.ConnAck{})
		require.Equal(s, "a/b", mqtttest.Expect[*codec.Subscribe](s, conn).Subscriptions[0].Filter, "the subscription is gone")
		quiet(s, conn) // and so is what was in flight
		for _, d := range []*mqtt.Delivery{one, two, three} {
			require.ErrorIs(s, outcome(s, d), mqtt.ErrUncertain)
		}
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "another"))
		require.Equal(s, "another", string(s.next().Payload), "and the identifiers that came")
	},
	"MQTT-3.2.2-6": func(s *scene) {
		s.rejected(mqtt.Config{}, "20 03 01 87 00", codec.ProtocolError)
		conn := s.kept(mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		conn.Close()
		conn = s.dialled()
		mqtttest.Expect[*codec.Connect](s, conn)
		feed(s, conn, "20 03 01 89 00")
		s.reproached(conn, codec.ProtocolError) // nothing was sent again before
		undecided(s, d)
	},
	"MQTT-3.2.2-7": func(s *scene) {
		for _, code := range []codec.ReasonCode{0x80, 0x83, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x97, 0x9F} {
			s.turnedAway(mqtt.Config{}, fmt.Sprintf("20 03 00 %02X 00", byte(code)), code)
		}
	},
	"MQTT-3.2.2-8": func(s *scene) {
		for _, code := range []string{"01", "10", "7F", "8E", "8F", "92", "FF"} {
			s.rejected(mqtt.Config{}, "20 03 00 "+code+" 00", codec.ProtocolError)
			require.Contains(s, s.client.Stats().Link.LastError.Error(), "0x"+code)
		}
	},
	"MQTT-3.2.2-9": func(s *scene) {
		for _, most := range []codec.QoS{0, 1} {
			s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumQoS: new(most)}))
			ack, _ := s.client.ConnAck()
			require.Equal(s, mqtt.QoS(most), ack.MaximumQoS)
		}
		s.up(mqtt.Config{})
		ack, _ := s.client.ConnAck()
		require.Equal(s, mqtt.ExactlyOnce, ack.MaximumQoS)
	},
	"MQTT-3.2.2-10": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumQoS: new(codec.AtMostOnce)}))
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a", QoS: mqtt.ExactlyOnce})
		require.Equal(s, codec.ExactlyOnce, p.Subscriptions[0].QoS)
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.GrantedQoS0}})
		g := <-done
		require.NoError(s, g.err)
		require.Equal(s, mqtt.AtMostOnce, g.grants[0].QoS)
	},
	"MQTT-3.2.2-11": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumQoS: new(codec.AtLeastOnce)}))
		limited(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce}), codec.QoSNotSupported)
		quiet(s, conn)
		s.inFlight(conn, mqtt.AtLeastOnce, "allowed")

		conn = s.kept(mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.ExactlyOnce, "in flight")
		conn.Close()
		synctest.Wait()
		queued := s.async(mqtt.ExactlyOnce, "waits")
		conn = s.accept(codec.ConnAck{SessionPresent: true, Properties: &codec.ConnAckProperties{MaximumQoS: new(codec.AtLeastOnce)}})
		quiet(s, conn)
		require.ErrorIs(s, outcome(s, d), mqtt.ErrUncertain)
		require.ErrorIs(s, outcome(s, queued), mqtt.ErrNotSent)
	},
	"MQTT-3.2.2-12": func(s *scene) {
		s.turnedAway(mqtt.Config{Will: &mqtt.Will{Topic: "w", QoS: mqtt.ExactlyOnce}}, "20 03 00 9B 00", codec.QoSNotSupported)
	},
	"MQTT-3.2.2-13": func(s *scene) {
		s.turnedAway(mqtt.Config{Will: &mqtt.Will{Topic: "w", Retain: true}}, "20 03 00 9A 00", codec.RetainNotSupported)
	},
	"MQTT-3.2.2-14": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{RetainAvailable: new(false)}))
		for q := range mqtt.QoS(3) {
			limited(s, s.client.Publish(s.Context(), mqtt.Message{Topic: "a", QoS: q, Retain: true}), codec.RetainNotSupported)
		}
		quiet(s, conn)
		s.works(conn)
		s.idle(mqtt.Config{}) // also what was published before the server said so
		d := s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce, Retain: true})
		conn = s.connect(announcing(codec.ConnAckProperties{RetainAvailable: new(false)}))
		require.ErrorIs(s, outcome(s, d), codec.RetainNotSupported)
		quiet(s, conn)
	},
	"MQTT-3.2.2-15": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumPacketSize: 32, SubscriptionIdentifiersAvailable: new(false)}))
		ctx, client := s.Context(), s.client
		publish := func(size int) mqtt.Message { return mqtt.Message{Topic: "a", Payload: make([]byte, size-6)} }
		limited(s, client.Publish(ctx, publish(33)), codec.PacketTooLarge)
		filter := string(bytes.Repeat([]byte{'f'}, 33-9))
		_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: filter + "f"})
		require.ErrorIs(s, err, codec.PacketTooLarge)
		require.ErrorIs(s, client.Unsubscribe(ctx, filter+"ff"), codec.PacketTooLarge)
		quiet(s, conn)
		require.NoError(s, client.Publish(ctx, publish(32)))
		require.Len(s, raw(s, conn), 32)
		go client.Subscribe(ctx, mqtt.Subscription{Filter: filter})
		b := raw(s, conn)
		require.Len(s, b, 32)
		reply(s, conn, &codec.SubAck{PacketID: decode[*codec.Subscribe](s, b, codec.FromClient).PacketID, Codes: []codec.ReasonCode{0}})
		go client.Unsubscribe(ctx, filter+"f")
		require.Len(s, raw(s, conn), 32)
	},
	"MQTT-3.2.2-16": func(s *scene) {
		s.rejected(mqtt.Config{NoClientID: true}, "20 03 00 00 00", codec.ProtocolError)
		s.up(mqtt.Config{NoClientID: true}, announcing(codec.ConnAckProperties{AssignedClientIdentifier: "a1"}))
	},
	"MQTT-3.2.2-19": func(s *scene) {
		words := "1F 00 40 " + fmt.Sprintf("%X", bytes.Repeat([]byte{'x'}, 64))
		s.rejected(mqtt.Config{MaxPacketSize: 40}, header(0x20, "00 00 "+sized(words)), codec.PacketTooLarge)
		_, done := s.answered(mqtt.Config{MaxPacketSize: 73}, header(0x20, "00 00 "+sized(words)))
		require.NoError(s, <-done)
	},
	"MQTT-3.2.2-20": func(s *scene) {
		words := "26 00 01 61 00 40 " + fmt.Sprintf("%X", bytes.Repeat([]byte{'x'}, 64))
		s.rejected(mqtt.Config{MaxPacketSize: 40}, header(0x20, "00 00 "+sized(words)), codec.PacketTooLarge)
		_, done := s.answered(mqtt.Config{MaxPacketSize: 76}, header(0x20, "00 00 "+sized(words)))
		require.NoError(s, <-done)
	},
	"MQTT-3.2.2-21": func(s *scene) {
		for _, seconds := range []uint16{4, 200} { // shorter and longer than what was asked for
			conn := s.up(mqtt.Config{KeepAlive: 40 * time.Second}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(seconds)}))
			limit := time.Duration(seconds) * time.Second
			start := time.Now()
			mqtttest.Expect[*codec.PingReq](s, conn)
			require.InDelta(s, limit*3/4, time.Since(start), float64(limit/4), "by the server's value")
		}
	},
	"MQTT-3.2.2-22": func(s *scene) {
		s.idle(mqtt.Config{KeepAlive: 40 * time.Second})
		s.connecting()
		conn := s.dialled()
		require.Equal(s, uint16(40), conn.Handshake(s).KeepAlive)
		start := time.Now()
		mqtttest.Expect[*codec.PingReq](s, conn)
		require.InDelta(s, 30*time.Second, time.Since(start), float64(10*time.Second))
	},
	"no-id:3.2.2.3.2/a": func(s *scene) {
		conn := s.up(mqtt.Config{SessionExpiry: time.Hour}, announcing(codec.ConnAckProperties{SessionExpiryInterval: new(uint32(30))}))
		ack, _ := s.client.ConnAck()
		require.Equal(s, 30*time.Second, ack.SessionExpiry)
		s.works(conn)
		s.up(mqtt.Config{SessionExpiry: time.Hour})
		ack, _ = s.client.ConnAck()
		require.Equal(s, time.Hour, ack.SessionExpiry)
	},
	"no-id:3.2.2.3.3/a": func(s *scene) {
		for _, bad := range []string{
			"21 00 00", "27 00 00 00 00", "24 02", "25 02", "28 02", "29 FF", "2A 02",
		} {
			s.rejected(mqtt.Config{}, header(0x20, "00 00 "+sized(bad)), codec.ProtocolError)
		}
	},
	"no-id:3.2.2.3/b": func(s *scene) {
		for _, twice := range []string{
			"11 00 00 00 01", "21 00 01", "24 01", "25 01", "27 00 00 01 00", "12 00 01 61", "22 00 01", "1F 00 01 61", "28 01", "29 01",
			"2A 01", "13 00 01", "1A 00 01 61", "1C 00 01 61",
		} {
			s.rejected(mqtt.Config{}, header(0x20, "00 00 "+sized(twice+twice)), codec.ProtocolError)
		}
		for _, twice := range []string{"01 01", "02 00 00 00 01", "23 00 01", "08 00 01 61", "09 00 01 61", "03 00 01 61"} {
			s.drops(mqtt.Config{TopicAliasMaximum: 1}, header(0x30, "00 01 61 "+sized(twice+twice)), 0x82, "")
		}
		words := sized("1F 00 01 61 1F 00 01 61")
		for _, packet := range []string{
			header(0x40, "00 01 00 "+words), header(0x50, "00 01 00 "+words), header(0x62, "00 01 00 "+words), header(0x70, "00 01 00 "+words),
			header(0x90, "00 01 "+words+" 00"), header(0xB0, "00 01 "+words+" 00"), header(0xE0, "8B "+words),
			header(0xE0, "9C "+sized("1C 00 01 61 1C 00 01 61")), header(0xF0, "18 "+sized("15 00 01 58 15 00 01 58")),
		} {
			s.expels(mqtt.Config{}, packet, codec.ProtocolError, "")
		}
	},
	"no-id:3.2.2.3.11/a": func(s *scene) {
		for _, c := range []struct {
			announced codec.ConnAckProperties
			sub       mqtt.Subscription
			code      codec.ReasonCode
		}{
			{codec.ConnAckProperties{WildcardSubscriptionAvailable: new(false)}, mqtt.Subscription{Filter: "a/+"}, codec.WildcardSubscriptionsNotSupported},
			{codec.ConnAckProperties{WildcardSubscriptionAvailable: new(false)}, mqtt.Subscription{Filter: "#"}, codec.WildcardSubscriptionsNotSupported},
			{codec.ConnAckProperties{SubscriptionIdentifiersAvailable: new(false)}, mqtt.Subscription{Filter: "a", Identifier: 5}, codec.SubscriptionIdentifiersNotSupported},
			{codec.ConnAckProperties{SharedSubscriptionAvailable: new(false)}, mqtt.Subscription{Filter: "$share/g/a"}, codec.SharedSubscriptionsNotSupported},
		} {
			conn := s.up(mqtt.Config{}, announcing(c.announced))
			_, err := s.client.Subscribe(s.Context(), c.sub)
			require.ErrorIs(s, err, c.code)
			as[*mqtt.SubscribeError](s, err)
			quiet(s, conn)
			p, _ := s.subscribing(conn, mqtt.Subscription{Filter: "plain"})
			if c.announced.SubscriptionIdentifiersAvailable != nil {
				require.True(s, p.Properties == nil || p.Properties.SubscriptionIdentifier == 0, "nor one of the client's own")
			}
		}
	},
	"no-id:3.2.2.3.9/a": func(s *scene) {
		for _, words := range []string{"", "session taken over", "0x9D"} {
			why := codec.ConnAck{Code: codec.ServerBusy, Properties: &codec.ConnAckProperties{ReasonString: words}}
			s.idle(mqtt.Config{})
			done := s.connecting()
			s.accept(why)
			require.Equal(s, words, refused(s, <-done, "CONNACK", codec.ServerBusy).ReasonString)
			require.Equal(s, mqtt.StateIdle, s.client.State(), "the words change nothing")
		}
	},
}

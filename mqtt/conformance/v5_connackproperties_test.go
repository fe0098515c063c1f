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

// announced5 is about what a server announces in CONNACK (§3.2.2.3).
var announced5 = rows{
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

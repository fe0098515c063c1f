package conformance

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// control5 is about what control packets have in common (§2).
var control5 = rows{
	"MQTT-2.1.3-1": func(s *scene) {
		_, connect := s.connectPacket(mqtt.Config{})
		require.Equal(s, byte(0x10), connect[0])
		conn := s.kept(mqtt.Config{KeepAlive: time.Minute})
		first := func(want byte) {
			s.Helper()
			require.Equal(s, want, raw(s, conn)[0])
		}
		s.client.Messages()
		reply(s, conn, incoming(codec.AtLeastOnce, 1, ""), incoming(codec.ExactlyOnce, 2, ""))
		s.next()
		first(0x40)
		s.next()
		first(0x50)
		reply(s, conn, &codec.PubRel{PacketID: 2})
		first(0x70)
		_, id := s.released(conn, "m")
		reply(s, conn, &codec.PubRec{PacketID: id}) // again
		first(0x62)
		reply(s, conn, &codec.PubComp{PacketID: id})
		go s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a"})
		first(0x82)
		reply(s, conn, &codec.SubAck{PacketID: s.client.Stats().Link.LastPacketID, Codes: []codec.ReasonCode{0}})
		go s.client.Unsubscribe(s.Context(), "a")
		first(0xA2)
		reply(s, conn, &codec.UnsubAck{PacketID: s.client.Stats().Link.LastPacketID, Codes: []codec.ReasonCode{0}})
		first(0xC0)
		go s.client.Close(s.Context())
		first(0xE0)
		for _, bad := range []string{
			"41 02 00 01", "51 02 00 01", "60 02 00 01", "63 02 00 01", "71 02 00 01", "91 04 00 01 00 00", "B2 04 00 01 00 00", "D1 00",
			"E1 00", "F1 00", "21 03 00 00 00",
		} {
			s.expels(mqtt.Config{}, bad, 0x81, "2.1.3")
		}
		s.rejected(mqtt.Config{}, "21 03 00 00 00", 0x81)
	},
	"MQTT-2.2.1-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.async(mqtt.AtMostOnce, "hi")
		leaves(s, conn, "30 08 00 03 61 2F 62 00 68 69")
	},
	"MQTT-2.2.1-3": func(s *scene) {
		everything := mqtt.Config{MaxInFlight: 65_535, Outbox: mqtt.Bounds{Messages: 70_000}}
		conn := s.up(everything)
		seen := map[uint16]bool{0: true}
		fresh := func(id uint16) uint16 {
			if seen[id] {
				s.Fatalf("%d is 0 or in use", id)
			}
			seen[id] = true
			return id
		}
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		fresh(p.PacketID)
		_, released := s.released(conn, "2")
		fresh(released)
		sub, _ := s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		fresh(sub.PacketID)
		unsub, _ := s.unsubscribing(conn, "b")
		fresh(unsub.PacketID)
		go func() {
			for range 65_535 - 4 {
				s.client.PublishAsync(s.Context(), mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce})
			}
		}()
		for range 65_535 - 4 {
			fresh(mqtttest.Expect[*codec.Publish](s, conn).PacketID)
		}
		_, err := s.client.PublishAsync(s.Context(), mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce})
		require.NoError(s, err)
		quiet(s, conn) // no identifier is left
		reply(s, conn, &codec.PubAck{PacketID: p.PacketID})
		require.Equal(s, p.PacketID, expectNow[*codec.Publish](s, conn).PacketID)
	},
	"MQTT-2.2.1-4": func(s *scene) {
		s.drops(mqtt.Config{}, "32 06 00 01 61 00 00 00", 0x82, "2.2.1")
		s.drops(mqtt.Config{}, "34 06 00 01 61 00 00 00", 0x82, "2.2.1")
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "first"))
		require.Equal(s, "first", string(s.next().Payload))
		leaves(s, conn, "50 02 00 09")
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "another, before the first is released"))
		leaves(s, conn, "50 02 00 09")
		s.none()
	},
	"MQTT-2.2.1-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.AtLeastOnce, 0x1234, ""))
		s.next()
		leaves(s, conn, "40 02 12 34")
		reply(s, conn, incoming(codec.ExactlyOnce, 0x1234, ""))
		s.next()
		leaves(s, conn, "50 02 12 34")
		reply(s, conn, &codec.PubRel{PacketID: 0x1234})
		leaves(s, conn, "70 02 12 34")
		d, id := s.released(conn, "m") // checks that PUBREL repeats it
		reply(s, conn, &codec.PubComp{PacketID: id})
		require.NoError(s, outcome(s, d))
	},
	"MQTT-2.2.1-6": func(s *scene) {
		conn := s.up(mqtt.Config{})
		a, aDone := s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		b, bDone := s.subscribing(conn, mqtt.Subscription{Filter: "b"})
		c, cDone := s.unsubscribing(conn, "c")
		unknown := a.PacketID + b.PacketID + c.PacketID + 1
		reply(s, conn, &codec.SubAck{PacketID: unknown, Codes: []codec.ReasonCode{0}}, &codec.UnsubAck{PacketID: unknown, Codes: []codec.ReasonCode{0}})
		waiting(s, aDone)
		waiting(s, bDone)
		waiting(s, cDone)
		reply(s, conn, &codec.UnsubAck{PacketID: c.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, <-cDone)
		reply(s, conn, &codec.SubAck{PacketID: b.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, (<-bDone).err)
		waiting(s, aDone)
		reply(s, conn, &codec.SubAck{PacketID: a.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, (<-aDone).err)
		quiet(s, conn)
	},
	"MQTT-2.2.2-1": func(s *scene) {
		b, err := (&codec.Connect{ClientID: "c"}).Append(nil, codec.V5)
		require.NoError(s, err)
		require.Equal(s, bytesOf("10 0E 00 04 4D 51 54 54 05 00 00 00 00 00 01 63"), b)
		_, connect := s.connectPacket(mqtt.Config{ClientID: "c", Will: &mqtt.Will{Topic: "w"}})
		require.Equal(s, "\x00\x01c\x00\x00\x01w\x00\x00", string(connect[len(connect)-9:]), "id, no properties of the will, topic, payload")
		no := false
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{SubscriptionIdentifiersAvailable: &no}))
		s.async(mqtt.AtMostOnce, "")
		leaves(s, conn, "30 06 00 03 61 2F 62 00")
		go s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a"})
		leaves(s, conn, "82 07 00 01 00 00 01 61 00")
		reply(s, conn, &codec.SubAck{PacketID: 1, Codes: []codec.ReasonCode{0}})
		go s.client.Unsubscribe(s.Context(), "a")
		leaves(s, conn, "A2 06 00 02 00 00 01 61")
		reply(s, conn, incoming(codec.AtLeastOnce, 7, ""))
		s.next()
		leaves(s, conn, "40 02 00 07")
	},
	"no-id:2.1.2/a": func(s *scene) {
		s.expels(mqtt.Config{}, "00 00", 0x81, "2.1.2")
		for _, packet := range []string{
			"C0 00", "82 07 00 01 00 00 01 61 00", "A2 06 00 01 00 00 01 61",
			"10 0F 00 04 4D 51 54 54 05 02 00 3C 00 00 02 63 31",
		} {
			s.expels(mqtt.Config{}, packet, 0x82, "2.1.2")
		}
	},
	"no-id:2.2.1/a": func(s *scene) {
		conn := s.up(mqtt.Config{MaxInFlight: 65_535, Outbox: mqtt.Bounds{Messages: 70_000}})
		sub, done := s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		unsub, _ := s.unsubscribing(conn, "b")
		take := func(n int) { // publishes take all identifiers that are left
			s.Helper()
			go func() {
				for range n {
					s.client.PublishAsync(s.Context(), mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce})
				}
			}()
			for range n {
				if id := mqtttest.Expect[*codec.Publish](s, conn).PacketID; id == sub.PacketID || id == unsub.PacketID {
					s.Fatalf("%d is in use", id)
				}
			}
		}
		take(65_533)
		s.async(mqtt.ExactlyOnce, "waits")
		freed := func(id uint16, by ...codec.Packet) { // the next one gets what was freed
			s.Helper()
			quiet(s, conn)
			reply(s, conn, by...)
			require.Equal(s, id, expectNow[*codec.Publish](s, conn).PacketID)
			s.async(mqtt.ExactlyOnce, "waits")
		}
		freed(sub.PacketID, &codec.SubAck{PacketID: sub.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, (<-done).err)
		freed(unsub.PacketID, &codec.UnsubAck{PacketID: unsub.PacketID, Codes: []codec.ReasonCode{0}})
		freed(100, &codec.PubRec{PacketID: 100, Code: codec.NotAuthorized})
		reply(s, conn, &codec.PubRec{PacketID: 101})
		require.Equal(s, uint16(101), expectNow[*codec.PubRel](s, conn).PacketID)
		freed(101, &codec.PubComp{PacketID: 101})
	},
	"no-id:2.2.2.2/a": func(s *scene) {
		for _, bad := range []string{
			"90 09 00 01 05 02 00 00 00 01 00", // Message Expiry Interval in SUBACK
			"30 09 00 01 61 05 11 00 00 00 01", // Session Expiry Interval in PUBLISH
			"30 06 00 01 61 02 7F 00",          // unknown
			"30 07 00 01 61 03 26 00 01",       // cut off by the property length
			"40 06 00 01 00 02 25 01",          // Retain Available in PUBACK
			"30 05 00 01 61 05 01",             // longer than the packet
		} {
			s.expels(mqtt.Config{}, bad, 0x81, "")
		}
		s.rejected(mqtt.Config{}, "20 05 00 00 02 7F 00", 0x81)
		s.rejected(mqtt.Config{}, "20 05 00 00 02 01 00", 0x81) // Payload Format Indicator
	},
	"no-id:2.2.2.2/b": func(s *scene) {
		parts := []string{"21 00 05", "24 01", "27 00 00 04 00", "22 00 07", "13 00 1E", "1F 00 02 68 69", "26 00 01 61 00 01 31", "2A 00"}
		var want mqtt.ConnAck
		for i := range parts {
			order := strings.Join(append(append([]string{}, parts[i:]...), parts[:i]...), " ")
			_, done := s.answered(mqtt.Config{ClientID: "c"}, header(0x20, "00 00 "+sized(order)))
			require.NoError(s, <-done)
			got, _ := s.client.ConnAck()
			if i == 0 {
				want = got
				require.Equal(s, [3]any{uint16(5), uint16(7), "hi"}, [3]any{got.ReceiveMaximum, got.TopicAliasMaximum, got.ReasonString})
			}
			require.Equal(s, want, got)
		}
	},
}

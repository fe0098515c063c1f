package conformance

import (
	"context"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// subscribe5 is about SUBSCRIBE and SUBACK (§3.8, §3.9).
var subscribe5 = rows{
	"MQTT-3.8.1-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		go s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a"})
		require.Equal(s, byte(0x82), raw(s, conn)[0])
	},
	"MQTT-3.8.3-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, bad := range []string{"\xff", "a/\xed\xa0\x80", "a\x00"} {
			_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "good"}, mqtt.Subscription{Filter: bad})
			argument(s, err, "Subscriptions[1].Filter")
			_, err = s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: bad})
			argument(s, err, "Subscriptions[0].Filter")
		}
		quiet(s, conn)
	},
	"MQTT-3.8.3-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		_, err := s.client.Subscribe(s.Context())
		argument(s, err, "Subscriptions")
		quiet(s, conn)
		p, _ := s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		require.Len(s, p.Subscriptions, 1)
	},
	"MQTT-3.8.3-3": func(s *scene) {
		require.Equal(s, []byte{0x04, 0x00, 0x06}, s.options(mqtt.Subscription{NoLocal: true}, mqtt.Subscription{},
			mqtt.Subscription{NoLocal: true, QoS: mqtt.ExactlyOnce}))
	},
	"MQTT-3.8.3-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "$share/g/a", NoLocal: true})
		argument(s, err, "Subscriptions[0].NoLocal")
		quiet(s, conn)
	},
	"MQTT-3.8.3-5": func(s *scene) {
		for q := range mqtt.QoS(3) {
			for handling := range mqtt.RetainHandling(3) {
				for _, flag := range []bool{false, true} {
					got := s.options(mqtt.Subscription{QoS: q, RetainHandling: handling, NoLocal: flag, RetainAsPublished: flag})[0]
					require.Zero(s, got&0xC0)
					want := byte(q) | byte(handling)<<4
					if flag {
						want |= 0x0C
					}
					require.Equal(s, want, got)
				}
			}
		}
	},
	"MQTT-3.8.4-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		ctx, stop := context.WithCancel(s.Context())
		done := later(func() error { _, err := s.client.Subscribe(ctx, mqtt.Subscription{Filter: "a"}); return err })
		p := expectNow[*codec.Subscribe](s, conn)
		quiet(s, conn)
		waiting(s, done)
		stop()
		require.ErrorIs(s, <-done, ctx.Err())
		for range 3 { // its identifier stays in use
			_, q := s.inFlight(conn, mqtt.AtLeastOnce, "m")
			require.NotEqual(s, p.PacketID, q.PacketID)
		}
	},
	"MQTT-3.8.4-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID + 1, Codes: []codec.ReasonCode{0}})
		waiting(s, done)
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(s, (<-done).err)
	},
	"MQTT-3.8.4-3": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.subscribe(conn, "a/b", mqtt.AtMostOnce)
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a/b", QoS: mqtt.AtLeastOnce, RetainAsPublished: true})
		require.Equal(s, codec.Subscription{Filter: "a/b", QoS: 1, RetainAsPublished: true}, p.Subscriptions[0])
		reply(s, conn, incoming(codec.AtMostOnce, 0, "meanwhile"))
		require.Equal(s, "meanwhile", string(s.next().Payload), "there is no gap")
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{1}})
		require.NoError(s, (<-done).err)
		reply(s, conn, incoming(codec.AtLeastOnce, 1, "after"))
		require.Equal(s, "after", string(s.next().Payload))
		s.none() // once
	},
	"MQTT-3.8.4-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"}, mqtt.Subscription{Filter: "c"})
		require.Len(s, p.Subscriptions, 3)
		quiet(s, conn)
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0, 0, 0}})
		g := <-done
		require.NoError(s, g.err)
		require.Len(s, g.grants, 3)
	},
	"MQTT-3.8.4-6": func(s *scene) {
		for _, codes := range [][]codec.ReasonCode{{0}, {0, 0, 0}} {
			conn := s.up(mqtt.Config{})
			p, _ := s.subscribing(conn, mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"})
			reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: codes})
			s.reproached(conn, codec.ProtocolError)
		}
	},
	"MQTT-3.8.4-7": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, code := range []codec.ReasonCode{0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2} {
			p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a", QoS: mqtt.ExactlyOnce}, mqtt.Subscription{Filter: "b"})
			reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{code, 0}})
			g := <-done
			require.Equal(s, code, g.grants[0].Code)
			require.Equal(s, codec.Success, g.grants[1].Code)
			if code.Failed() {
				require.Equal(s, g.grants, as[*mqtt.SubscribeError](s, g.err).Grants)
				continue
			}
			require.NoError(s, g.err)
			require.Equal(s, mqtt.QoS(code), g.grants[0].QoS)
		}
	},
	"MQTT-3.8.4-8": func(s *scene) { // what counts is the QoS that a message comes with
		conn := s.up(mqtt.Config{})
		s.subscribe(conn, "a/b", mqtt.AtMostOnce)
		reply(s, conn, incoming(codec.AtLeastOnce, 7, ""))
		require.Equal(s, mqtt.AtLeastOnce, s.next().QoS)
		leaves(s, conn, "40 02 00 07")
		s.subscribe(conn, "a/b", mqtt.ExactlyOnce)
		reply(s, conn, incoming(codec.AtMostOnce, 0, ""))
		require.Equal(s, mqtt.AtMostOnce, s.next().QoS)
		quiet(s, conn)
	},
	"MQTT-3.9.2-1": func(s *scene) { s.tooLong(0x90, "1F 00 40 "+strings.Repeat("78", 64)) },
	"MQTT-3.9.2-2": func(s *scene) { s.tooLong(0x90, "26 00 01 61 00 40 "+strings.Repeat("78", 64)) },
	"MQTT-3.9.3-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		p, done := s.subscribing(conn, mqtt.Subscription{Filter: "a", QoS: 2}, mqtt.Subscription{Filter: "b", QoS: 2}, mqtt.Subscription{Filter: "c", QoS: 2})
		reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0, 0x80, 2}})
		g := <-done
		require.Equal(s, []mqtt.Grant{{Filter: "a"}, {Filter: "b", Code: 0x80}, {Filter: "c", QoS: 2, Code: 2}}, g.grants)
		require.ErrorContains(s, g.err, `"b"`)
	},
	"MQTT-3.9.3-2": func(s *scene) {
		for _, code := range []string{"03", "10", "11", "7F", "81", "FF"} {
			s.expels(mqtt.Config{}, "90 04 00 01 00 "+code, codec.ProtocolError, "")
		}
	},
	"no-id:3.8.3.1/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a", QoS: 3})
		argument(s, err, "Subscriptions[0].QoS")
		_, err = s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "a", RetainHandling: 3})
		argument(s, err, "Subscriptions[0].RetainHandling")
		quiet(s, conn)
	},
}

// tooLong checks that an answer with words beyond the client's Maximum Packet Size ends the connection, and one within doesn't.
func (s *scene) tooLong(first byte, words string) {
	s.Helper()
	packet := header(first, "00 01 "+sized(words)+" 00")
	s.expels(mqtt.Config{MaxPacketSize: len(bytesOf(packet)) - 1}, packet, codec.PacketTooLarge, "")
	conn := s.up(mqtt.Config{MaxPacketSize: len(bytesOf(packet))})
	feed(s, conn, packet)
	s.works(conn)
}

package conformance

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// receiverCodes are the Reason Codes with which a receiver may refuse a PUBLISH (§3.4.2.1).
var receiverCodes = []codec.ReasonCode{0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}

// answers checks which codes a client answers a PUBLISH with, and that it takes no others from a server.
func (s *scene) answers(qos codec.QoS, first byte) {
	s.Helper()
	conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
	id := uint16(0)
	for code := range 256 {
		id++
		reply(s, conn, incoming(qos, id, ""))
		err := s.next().Reject(codec.ReasonCode(code), "")
		if !slices.Contains(receiverCodes, codec.ReasonCode(code)) {
			argument(s, err, "code")
			conn = s.up(mqtt.Config{Ack: mqtt.AckManual}) // what was taken and not answered holds back the others
			continue
		}
		require.NoError(s, err)
		require.Equal(s, []byte{first, 3, byte(id >> 8), byte(id), byte(code)}, raw(s, conn))
	}
	for _, code := range append([]codec.ReasonCode{0x00, 0x10}, receiverCodes...) {
		conn := s.up(mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.QoS(qos), "m")
		require.NoError(s, conn.SendBytes([]byte{first, 3, byte(p.PacketID >> 8), byte(p.PacketID), byte(code)}))
		if code.Failed() {
			refused(s, outcome(s, d), map[byte]string{0x40: "PUBACK", 0x50: "PUBREC"}[first], code)
		} else if qos == codec.AtLeastOnce {
			require.NoError(s, outcome(s, d))
		} else {
			require.Equal(s, p.PacketID, expectNow[*codec.PubRel](s, conn).PacketID)
		}
	}
	for _, code := range []string{"01", "11", "92", "9A", "FF"} {
		vector := map[byte]string{0x40: "40", 0x50: "50"}[first] + " 03 00 01 " + code
		s.expels(mqtt.Config{}, vector, codec.ProtocolError, "")
	}
}

// sheds checks that an answer leaves without its words where they are more than the server takes, and with them where not.
func (s *scene) sheds(qos codec.QoS, text string, props ...mqtt.UserProperty) {
	s.Helper()
	for limit, whole := range map[uint32]bool{0: true, 200: true, 8: false} {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual}, announcing(codec.ConnAckProperties{MaximumPacketSize: limit}))
		reply(s, conn, incoming(qos, 7, ""))
		require.NoError(s, s.next().Reject(codec.NotAuthorized, text, props...))
		b := raw(s, conn)
		if limit > 0 {
			require.LessOrEqual(s, len(b), int(limit))
		}
		require.Equal(s, byte(codec.NotAuthorized), b[4], "the code stays")
		require.Equal(s, whole, strings.Contains(string(b), "word"))
	}
}

// bare checks that PUBREL and PUBCOMP leave without words, and so within any limit that a PUBLISH keeps.
func (s *scene) bare() {
	s.Helper()
	conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumPacketSize: 8}))
	d := s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce})
	id := mqtttest.Expect[*codec.Publish](s, conn).PacketID
	words := &codec.ReasonProperties{ReasonString: "word", UserProperties: []codec.UserProperty{{Key: "word", Value: "word"}}}
	reply(s, conn, &codec.PubRec{PacketID: id, Properties: words})
	leaves(s, conn, "62 02 00 01")
	reply(s, conn, &codec.PubComp{PacketID: id})
	require.NoError(s, outcome(s, d))
	reply(s, conn, &codec.PubRec{PacketID: 99, Properties: words})
	leaves(s, conn, "62 03 00 63 92")
	reply(s, conn, &codec.PubRel{PacketID: 98, Properties: words})
	leaves(s, conn, "70 03 00 62 92")
	reply(s, conn, incoming(codec.ExactlyOnce, 97, ""))
	s.next()
	leaves(s, conn, "50 02 00 61")
	reply(s, conn, &codec.PubRel{PacketID: 97, Properties: words})
	leaves(s, conn, "70 02 00 61")
}

var longPair = mqtt.UserProperty{Key: "word", Value: "words"}

// acknowledge5 is about PUBACK, PUBREC, PUBREL and PUBCOMP (§3.4 to §3.7).
var acknowledge5 = rows{
	"MQTT-3.4.2-1": func(s *scene) { s.answers(codec.AtLeastOnce, 0x40) },
	"MQTT-3.4.2-2": func(s *scene) { s.sheds(codec.AtLeastOnce, "some long words") },
	"MQTT-3.4.2-3": func(s *scene) { s.sheds(codec.AtLeastOnce, "", longPair) },
	"MQTT-3.5.2-1": func(s *scene) { s.answers(codec.ExactlyOnce, 0x50) },
	"MQTT-3.5.2-2": func(s *scene) { s.sheds(codec.ExactlyOnce, "some long words") },
	"MQTT-3.5.2-3": func(s *scene) { s.sheds(codec.ExactlyOnce, "", longPair) },
	"MQTT-3.6.1-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		reply(s, conn, &codec.PubRec{PacketID: p.PacketID})
		require.Equal(s, byte(0x62), raw(s, conn)[0])
		for _, first := range []byte{0x60, 0x61, 0x63, 0x66, 0x6A} {
			s.expels(mqtt.Config{}, header(first, "00 01"), codec.MalformedPacket, "2.1.3")
		}
	},
	"MQTT-3.6.2-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "50 02 12 34")
		leaves(s, conn, "62 03 12 34 92")
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		reply(s, conn, &codec.PubRec{PacketID: p.PacketID, Code: codec.NoMatchingSubscribers})
		leaves(s, conn, "62 02 00 01")
		for _, code := range []string{"01", "10", "80", "91", "FF"} {
			s.expels(mqtt.Config{}, "62 03 00 01 "+code, codec.ProtocolError, "")
		}
		conn = s.up(mqtt.Config{})
		feed(s, conn, "62 03 00 07 92")
		require.Equal(s, uint16(7), mqtttest.Expect[*codec.PubComp](s, conn).PacketID)
	},
	"MQTT-3.6.2-2": func(s *scene) { s.bare() },
	"MQTT-3.6.2-3": func(s *scene) { s.bare() },
	"MQTT-3.7.2-1": func(s *scene) {
		conn := s.up(mqtt.Config{})
		feed(s, conn, "62 02 12 34")
		leaves(s, conn, "70 03 12 34 92")
		d, id := s.released(conn, "m")
		reply(s, conn, &codec.PubComp{PacketID: id, Code: codec.PacketIdentifierNotFound})
		outcome(s, d) // the exchange is over, whatever became of it
		r, _ := d.Result()
		require.Equal(s, codec.PacketIdentifierNotFound, r.Code)
		for _, code := range []string{"01", "10", "80", "91", "FF"} {
			s.expels(mqtt.Config{}, "70 03 00 01 "+code, codec.ProtocolError, "")
		}
	},
	"MQTT-3.7.2-2": func(s *scene) { s.bare() },
	"MQTT-3.7.2-3": func(s *scene) { s.bare() },
	"no-id:3.4.2.1/a": func(s *scene) {
		for _, tail := range []string{"", " 00", " 00 00"} {
			conn := s.up(mqtt.Config{})
			d, p := s.inFlight(conn, mqtt.AtLeastOnce, "m")
			feed(s, conn, header(0x40, "00 01"+tail))
			require.NoError(s, outcome(s, d))
			require.Equal(s, uint16(1), p.PacketID)
			d, _ = s.inFlight(conn, mqtt.ExactlyOnce, "m")
			feed(s, conn, header(0x50, "00 02"+tail))
			leaves(s, conn, "62 02 00 02") // that is how the client says it
			feed(s, conn, header(0x70, "00 02"+tail))
			require.NoError(s, outcome(s, d))
			reply(s, conn, incoming(codec.ExactlyOnce, 7, ""))
			s.next()
			leaves(s, conn, "50 02 00 07")
			feed(s, conn, header(0x62, "00 07"+tail))
			leaves(s, conn, "70 02 00 07")
		}
		conn := s.up(mqtt.Config{})
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		feed(s, conn, "40 03 00 01 10")
		require.NoError(s, outcome(s, d))
		r, _ := d.Result()
		require.Equal(s, codec.NoMatchingSubscribers, r.Code)
	},
	"no-id:4.13.2/a": func(s *scene) {
		conn := s.up(mqtt.Config{})
		one, p := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		two, q := s.inFlight(conn, mqtt.AtLeastOnce, "2")
		sub, done := s.subscribing(conn, mqtt.Subscription{Filter: "a"})
		reply(s, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.QuotaExceeded},
			&codec.SubAck{PacketID: sub.PacketID, Codes: []codec.ReasonCode{codec.NotAuthorized}})
		refused(s, outcome(s, one), "PUBACK", codec.QuotaExceeded)
		require.ErrorIs(s, (<-done).err, codec.NotAuthorized)
		undecided(s, two)
		reply(s, conn, &codec.PubAck{PacketID: q.PacketID})
		require.NoError(s, outcome(s, two))
		require.Equal(s, mqtt.StateConnected, s.client.State())
		require.Equal(s, 1, s.server.Dials())
	},
}

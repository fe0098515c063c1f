package conformance

import (
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// flow5 is about order and flow control (§4.6, §4.9).
var flow5 = rows{
	"MQTT-4.6.0-1": func(s *scene) {
		conn := s.kept(mqtt.Config{MaxInFlight: 100, Outbox: mqtt.Bounds{Messages: 70_000}})
		go func() {
			for range 65_500 {
				s.client.PublishAsync(s.Context(), mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce})
			}
		}()
		for range 65_500 { // up to shortly before the identifiers begin again
			reply(s, conn, &codec.PubAck{PacketID: mqtttest.Expect[*codec.Publish](s, conn).PacketID})
		}
		var sent []uint16
		for i := range 80 {
			_, p := s.inFlight(conn, mqtt.QoS(1+i%2), "m")
			sent = append(sent, p.PacketID)
		}
		require.Less(s, sent[79], sent[0], "they have begun again")
		conn = s.resume(conn)
		for _, id := range sent {
			require.Equal(s, id, expectNow[*codec.Publish](s, conn).PacketID)
		}
	},
	"MQTT-4.6.0-2": func(s *scene) { s.inOrder(codec.AtLeastOnce) },
	"MQTT-4.6.0-3": func(s *scene) { s.inOrder(codec.ExactlyOnce) },
	"MQTT-4.6.0-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for range 4 {
			s.inFlight(conn, mqtt.ExactlyOnce, "m")
		}
		order := []uint16{3, 1, 4, 2}
		for _, id := range order {
			reply(s, conn, &codec.PubRec{PacketID: id})
		}
		for _, id := range order {
			require.Equal(s, id, expectNow[*codec.PubRel](s, conn).PacketID)
		}
	},
	"MQTT-4.6.0-6": func(s *scene) { // what a client has to do for it: hand out in the order of coming
		conn := s.up(mqtt.Config{})
		for i := range 100 {
			reply(s, conn, incoming(codec.QoS(i%3), uint16(i%3)*uint16(1+i), string(rune('0'+i))))
		}
		for i := range 100 {
			require.Equal(s, string(rune('0'+i)), string(s.next().Payload))
		}
	},
	"MQTT-4.9.0-1": func(s *scene) {
		s.idle(mqtt.Config{})
		for range 10 {
			s.async(mqtt.AtLeastOnce, "m")
		}
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](s, conn)
		quiet(s, conn)
		reply(s, conn, &codec.ConnAck{Properties: &codec.ConnAckProperties{ReceiveMaximum: 3}})
		require.NoError(s, <-done)
		for range 3 {
			expectNow[*codec.Publish](s, conn)
		}
		quiet(s, conn)
	},
	"MQTT-4.9.0-2": func(s *scene) {
		conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{ReceiveMaximum: 1}))
		for range 6 {
			s.async(mqtt.ExactlyOnce, "m")
		}
		id := expectNow[*codec.Publish](s, conn).PacketID
		for range 2 {
			quiet(s, conn)
			reply(s, conn, &codec.PubRec{PacketID: id, Code: codec.QuotaExceeded})
			id = expectNow[*codec.Publish](s, conn).PacketID
			quiet(s, conn)
			reply(s, conn, &codec.PubRec{PacketID: id})
			expectNow[*codec.PubRel](s, conn)
			quiet(s, conn)
			reply(s, conn, &codec.PubComp{PacketID: id}, &codec.PubComp{PacketID: id}) // twice doesn't count twice
			id = expectNow[*codec.Publish](s, conn).PacketID
		}
		quiet(s, conn)
	},
	"MQTT-4.9.0-3": func(s *scene) {
		conn := s.up(mqtt.Config{KeepAlive: 10 * time.Second}, announcing(codec.ConnAckProperties{ReceiveMaximum: 1}))
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		s.async(mqtt.AtLeastOnce, "waits")
		reply(s, conn, incoming(codec.AtLeastOnce, 7, "in"))
		require.Equal(s, "in", string(s.next().Payload))
		leaves(s, conn, "40 02 00 07")
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		mqtttest.Expect[*codec.PingReq](s, conn)
		reply(s, conn, &codec.PingResp{})
		synctest.Wait()
		require.Less(s, s.client.Stats().Link.PingRoundTrip, time.Second)
		reply(s, conn, &codec.PubRec{PacketID: p.PacketID})
		require.Equal(s, p.PacketID, expectNow[*codec.PubRel](s, conn).PacketID)
	},
	"no-id:4.9/a": func(s *scene) {
		conn := s.kept(mqtt.Config{}, announcing(codec.ConnAckProperties{ReceiveMaximum: 3}))
		_, released := s.released(conn, "r")
		for range 6 {
			s.async(mqtt.AtLeastOnce, "m")
		}
		for range 2 {
			expectNow[*codec.Publish](s, conn)
		}
		quiet(s, conn)
		conn = s.resume(conn, codec.ConnAckProperties{ReceiveMaximum: 2}) // the new peer's value
		require.Equal(s, released, expectNow[*codec.PubRel](s, conn).PacketID)
		n := 0
		for ; ; n++ {
			synctest.Wait()
			if conn.Pipe().In().Buffered() == 0 {
				break
			}
			mqtttest.Expect[*codec.Publish](s, conn)
		}
		require.LessOrEqual(s, n, 2)
		reply(s, conn, &codec.PubComp{PacketID: released})
		for ; ; n++ {
			synctest.Wait()
			if conn.Pipe().In().Buffered() == 0 {
				break
			}
			mqtttest.Expect[*codec.Publish](s, conn)
		}
		require.Equal(s, 2, n, "the answer to the old PUBREL made no more room than there is")
	},
}

// inOrder checks that answers leave in the order in which messages came, whatever the order of the application's.
func (s *scene) inOrder(qos codec.QoS) {
	s.Helper()
	conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
	var all []*mqtt.Received
	ids := []uint16{5, 3, 9, 1}
	for _, id := range ids {
		reply(s, conn, incoming(qos, id, ""))
		all = append(all, s.next())
	}
	for i := len(all) - 1; i > 0; i-- {
		require.NoError(s, all[i].Ack())
	}
	quiet(s, conn) // the first is missing
	require.NoError(s, all[0].Ack())
	for _, id := range ids {
		if qos == codec.AtLeastOnce {
			require.Equal(s, id, expectNow[*codec.PubAck](s, conn).PacketID)
		} else {
			require.Equal(s, id, expectNow[*codec.PubRec](s, conn).PacketID)
		}
	}
}

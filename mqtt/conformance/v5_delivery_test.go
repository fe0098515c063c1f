package conformance

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// freshIDs checks that new messages get identifiers that aren't in use.
func (s *scene) freshIDs(qos mqtt.QoS) {
	s.Helper()
	conn := s.up(mqtt.Config{})
	used := map[uint16]bool{0: true}
	var first *codec.Publish
	for i := range 200 {
		_, p := s.inFlight(conn, qos, "m")
		require.False(s, used[p.PacketID])
		used[p.PacketID] = true
		if i == 0 {
			first = p
		}
	}
	if qos == mqtt.AtLeastOnce {
		reply(s, conn, &codec.PubAck{PacketID: first.PacketID})
	} else {
		reply(s, conn, &codec.PubRec{PacketID: first.PacketID})
		expectNow[*codec.PubRel](s, conn)
	}
	_, p := s.inFlight(conn, qos, "m")
	require.False(s, used[p.PacketID] && (qos == mqtt.ExactlyOnce || p.PacketID != first.PacketID))
}

// delivery5 is about sessions, QoS 0 and 1, and sending again (§4.1 to §4.5).
var delivery5 = rows{
	"MQTT-4.1.0-1": func(s *scene) {
		conn := s.kept(mqtt.Config{SessionExpiry: time.Minute})
		var ids []uint16
		for range 100 {
			_, p := s.inFlight(conn, mqtt.AtLeastOnce, "m")
			ids = append(ids, p.PacketID)
		}
		_, released := s.released(conn, "r")
		for range 300 { // traffic beside what is open
			d, p := s.inFlight(conn, mqtt.AtLeastOnce, "done")
			reply(s, conn, &codec.PubAck{PacketID: p.PacketID})
			require.NoError(s, outcome(s, d))
		}
		for range 10 { // and minutes without: the expiry counts from its end
			mqtttest.Expect[*codec.PingReq](s, conn)
			reply(s, conn, &codec.PingResp{})
		}
		conn = s.resume(conn)
		for _, id := range ids {
			require.Equal(s, id, expectNow[*codec.Publish](s, conn).PacketID)
		}
		require.Equal(s, released, expectNow[*codec.PubRel](s, conn).PacketID)
	},
	"MQTT-4.1.0-2": func(s *scene) { // a client goes by Session Present, however long it was away
		for _, present := range []bool{true, false} {
			conn := s.up(mqtt.Config{SessionExpiry: time.Second, OnSessionLost: mqtt.LostFail})
			d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "m")
			s.server.HoldDials(true)
			conn.Close()
			elapse(time.Hour)
			s.server.HoldDials(false)
			conn = s.accept(codec.ConnAck{SessionPresent: present})
			if present {
				require.True(s, expectNow[*codec.Publish](s, conn).Dup)
				continue
			}
			quiet(s, conn)
			require.ErrorIs(s, outcome(s, d), mqtt.ErrUncertain)
		}
	},
	"MQTT-4.3.1-1": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		d := s.async(mqtt.AtMostOnce, "m")
		leaves(s, conn, header(0x30, "00 03 61 2F 62"+map[bool]string{true: " 00", false: ""}[s.v == mqtt.V5]+" 6D"))
		require.NoError(s, outcome(s, d))
		conn = s.resume(conn)
		quiet(s, conn)
	},
	"MQTT-4.3.2-1": func(s *scene) { s.freshIDs(mqtt.AtLeastOnce) },
	"MQTT-4.3.2-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.async(mqtt.AtLeastOnce, "m")
		require.Equal(s, byte(0x32), raw(s, conn)[0])
	},
	"MQTT-4.3.2-3": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "m")
		quiet(s, conn)
		undecided(s, d)
		conn = s.resume(conn)
		require.Equal(s, p.PacketID, expectNow[*codec.Publish](s, conn).PacketID, "it was kept")
		undecided(s, d)
		reply(s, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(s, outcome(s, d))
		conn = s.resume(conn)
		quiet(s, conn)
	},
	"MQTT-4.3.2-4": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		reply(s, conn, incoming(codec.AtLeastOnce, 0x0102, ""))
		m := s.next()
		quiet(s, conn)
		require.NoError(s, m.Ack())
		leaves(s, conn, "40 02 01 02")
	},
	"MQTT-4.3.2-5": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, dup := range []bool{false, false, true, true} {
			p := incoming(codec.AtLeastOnce, 7, "m")
			p.Dup = dup
			reply(s, conn, p)
			require.Equal(s, dup, s.next().Dup)
			leaves(s, conn, "40 02 00 07")
		}
	},
	"MQTT-4.4.0-1": func(s *scene) {
		conn := s.kept(mqtt.Config{KeepAlive: -1})
		s.inFlight(conn, mqtt.AtLeastOnce, "1")
		s.inFlight(conn, mqtt.ExactlyOnce, "2")
		_, three := s.released(conn, "3")
		s.async(mqtt.AtMostOnce, "0")
		mqtttest.Expect[*codec.Publish](s, conn)
		done, p := s.inFlight(conn, mqtt.AtLeastOnce, "done")
		reply(s, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(s, outcome(s, done))
		conn.ExpectNothing(s, 24*time.Hour) // never on a connection that lives
		conn = s.resume(conn)
		for i, payload := range []string{"1", "2"} {
			again := expectNow[*codec.Publish](s, conn)
			require.Equal(s, [3]any{payload, true, uint16(1 + i)}, [3]any{string(again.Payload), again.Dup, again.PacketID})
		}
		require.Equal(s, three, expectNow[*codec.PubRel](s, conn).PacketID)
		quiet(s, conn)
		conn.Close()
		conn = s.accept(codec.ConnAck{}) // the session is gone
		again := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [2]any{"1", false}, [2]any{string(again.Payload), again.Dup})
		quiet(s, conn)
	},
	"MQTT-4.4.0-2": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		one, p := s.inFlight(conn, mqtt.AtLeastOnce, "1")
		reply(s, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NotAuthorized})
		refused(s, outcome(s, one), "PUBACK", codec.NotAuthorized)
		two, q := s.inFlight(conn, mqtt.ExactlyOnce, "2")
		reply(s, conn, &codec.PubRec{PacketID: q.PacketID, Code: codec.NotAuthorized})
		refused(s, outcome(s, two), "PUBREC", codec.NotAuthorized)
		conn = s.resume(conn)
		quiet(s, conn)
	},
	"MQTT-4.5.0-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.AtLeastOnce, 1, "nobody asks"), incoming(codec.ExactlyOnce, 2, "nobody asks"))
		conn.ExpectNothing(s, 29*time.Second)
		leaves(s, conn, "40 02 00 01") // when nobody has asked for half a minute
		leaves(s, conn, "50 02 00 02")
		require.Equal(s, uint64(2), s.client.Stats().In.Unclaimed)
		feed(s, conn, header(0x32, "00 03 61 2F 62 00 03 "+sized("0B 99 01"))) // a filter that nobody knows
		leaves(s, conn, "40 02 00 03")
		conn = s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.AtLeastOnce, 4, "panics"))
		func() {
			defer func() { recover() }()
			for range s.client.All(s.Context()) {
				panic("in the loop")
			}
		}()
		quiet(s, conn)
		m := s.next()
		require.True(s, m.Redelivered)
		leaves(s, conn, "40 02 00 04")
	},
}

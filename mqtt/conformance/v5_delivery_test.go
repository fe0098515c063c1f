package conformance

import (
	"testing/synctest"
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

// delivery5 is about sessions and the delivery protocols (§4.1 to §4.4).
var delivery5 = rows{
	"MQTT-4.1.0-1": func(s *scene) {
		conn := s.kept(mqtt.Config{})
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
		for range 10 { // and a day of it
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
			time.Sleep(time.Hour)
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
	"MQTT-4.3.3-1": func(s *scene) { s.freshIDs(mqtt.ExactlyOnce) },
	"MQTT-4.3.3-2": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.async(mqtt.ExactlyOnce, "m")
		require.Equal(s, byte(0x34), raw(s, conn)[0])
	},
	"MQTT-4.3.3-3": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		undecided(s, d)
		conn = s.resume(conn)
		again := expectNow[*codec.Publish](s, conn)
		require.Equal(s, [3]any{true, p.PacketID, "m"}, [3]any{again.Dup, again.PacketID, string(again.Payload)})
	},
	"MQTT-4.3.3-4": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for _, code := range []codec.ReasonCode{0, 0x10} {
			_, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
			reply(s, conn, &codec.PubRec{PacketID: p.PacketID, Code: code})
			require.Equal(s, p.PacketID, expectNow[*codec.PubRel](s, conn).PacketID)
		}
		for _, code := range []codec.ReasonCode{0x80, 0x87} {
			d, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
			reply(s, conn, &codec.PubRec{PacketID: p.PacketID, Code: code})
			refused(s, outcome(s, d), "PUBREC", code)
			quiet(s, conn)
		}
	},
	"MQTT-4.3.3-5": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		d, id := s.released(conn, "m")
		undecided(s, d)
		for range 2 {
			conn = s.resume(conn)
			require.Equal(s, id, expectNow[*codec.PubRel](s, conn).PacketID)
		}
		reply(s, conn, &codec.PubComp{PacketID: id})
		require.NoError(s, outcome(s, d))
		conn = s.resume(conn)
		quiet(s, conn)
	},
	"MQTT-4.3.3-6": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		_, id := s.released(conn, "m")
		conn = s.resume(conn)
		require.Equal(s, id, expectNow[*codec.PubRel](s, conn).PacketID)
		quiet(s, conn) // no PUBLISH
	},
	"MQTT-4.3.3-7": func(s *scene) {
		conn := s.kept(mqtt.Config{})
		brief := &mqtt.PublishProperties{MessageExpiryInterval: new(time.Second)}
		one := s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce, Properties: brief})
		id := mqtttest.Expect[*codec.Publish](s, conn).PacketID
		two := s.asyncMessage(mqtt.Message{Topic: "a", QoS: mqtt.ExactlyOnce, Properties: brief})
		second := mqtttest.Expect[*codec.Publish](s, conn).PacketID
		reply(s, conn, &codec.PubRec{PacketID: second})
		mqtttest.Expect[*codec.PubRel](s, conn)
		s.server.HoldDials(true)
		conn.Close()
		time.Sleep(time.Minute)
		s.server.HoldDials(false)
		conn = s.accept(codec.ConnAck{SessionPresent: true})
		require.Equal(s, id, mqtttest.Expect[*codec.Publish](s, conn).PacketID)
		require.Equal(s, second, mqtttest.Expect[*codec.PubRel](s, conn).PacketID)
		reply(s, conn, &codec.PubRec{PacketID: id}, &codec.PubComp{PacketID: second})
		require.NoError(s, outcome(s, two))
		require.Equal(s, id, mqtttest.Expect[*codec.PubRel](s, conn).PacketID)
		reply(s, conn, &codec.PubComp{PacketID: id})
		require.NoError(s, outcome(s, one))
	},
	"MQTT-4.3.3-8": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		reply(s, conn, incoming(codec.ExactlyOnce, 0x0102, ""))
		m := s.next()
		quiet(s, conn)
		require.NoError(s, m.Ack())
		leaves(s, conn, "50 02 01 02")
	},
	"MQTT-4.3.3-9": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		for range 3 {
			reply(s, conn, incoming(codec.ExactlyOnce, 9, "m"))
			require.NoError(s, s.next().Reject(codec.NotAuthorized, ""))
			leaves(s, conn, "50 03 00 09 87")
		}
	},
	"MQTT-4.3.3-10": func(s *scene) {
		store := mqtt.NewMemoryStore()
		conn := s.kept(mqtt.Config{Store: store})
		reply(s, conn, incoming(codec.ExactlyOnce, 9, "m"))
		require.Equal(s, "m", string(s.next().Payload))
		again := incoming(codec.ExactlyOnce, 9, "m")
		again.Dup = true
		answered := func() {
			s.Helper()
			require.Equal(s, uint16(9), mqtttest.Expect[*codec.PubRec](s, conn).PacketID)
			s.none()
		}
		answered()
		reply(s, conn, again)
		answered()
		conn = s.resume(conn)
		reply(s, conn, again)
		answered()
		s.end() // and in another process with the same store
		conn = s.kept(mqtt.Config{Store: store}, codec.ConnAck{SessionPresent: true})
		s.client.Messages()
		reply(s, conn, again)
		answered()
		reply(s, conn, &codec.PubRel{PacketID: 9})
		require.Zero(s, mqtttest.Expect[*codec.PubComp](s, conn).Code)
	},
	"MQTT-4.3.3-11": func(s *scene) {
		conn := s.up(mqtt.Config{})
		reply(s, conn, incoming(codec.ExactlyOnce, 9, ""))
		s.next()
		leaves(s, conn, "50 02 00 09")
		reply(s, conn, &codec.PubRel{PacketID: 9})
		leaves(s, conn, "70 02 00 09")
		reply(s, conn, &codec.PubRel{PacketID: 9}) // not known any more
		leaves(s, conn, map[bool]string{true: "70 03 00 09 92", false: "70 02 00 09"}[s.v == mqtt.V5])
	},
	"MQTT-4.3.3-12": func(s *scene) {
		conn := s.up(mqtt.Config{})
		for range 3 {
			reply(s, conn, incoming(codec.ExactlyOnce, 9, "m"))
			require.Equal(s, "m", string(s.next().Payload))
			leaves(s, conn, "50 02 00 09")
			reply(s, conn, &codec.PubRel{PacketID: 9})
			leaves(s, conn, "70 02 00 09")
		}
	},
	"MQTT-4.3.3-13": func(s *scene) {
		conn := s.up(mqtt.Config{Ack: mqtt.AckManual})
		s.client.Messages()
		p := incoming(codec.ExactlyOnce, 9, "m")
		p.Properties = &codec.PublishProperties{MessageExpiryInterval: new(uint32(1))}
		reply(s, conn, p)
		time.Sleep(20 * time.Second)
		require.NoError(s, s.next().Ack())
		require.Equal(s, uint16(9), mqtttest.Expect[*codec.PubRec](s, conn).PacketID)
		time.Sleep(20 * time.Second)
		reply(s, conn, &codec.PubRel{PacketID: 9})
		leaves(s, conn, "70 02 00 09")
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

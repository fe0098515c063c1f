package mqtt_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestPublishQoS2(t *testing.T) {
	both(t, "B119 PUBLISH, PUBREC, PUBREL, PUBCOMP, then completion", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		require.Equal(t, &codec.PubRel{PacketID: p.PacketID}, expectRelease(t, conn, p.PacketID))
		pending(t, done)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		require.NoError(t, <-done)
	})
	bubble(t, "B120 PUBREC with an error fails the call with its code, and no PUBREL follows", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		words := &codec.ReasonProperties{ReasonString: "no", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID, Code: codec.NotAuthorized, Properties: words})
		refusal := refusedWith(t, outcomeOf(t, d), codec.NotAuthorized)
		require.Equal(t, &mqtt.ReasonError{Packet: "PUBREC", Code: codec.NotAuthorized, Raw: 0x87, ReasonString: "no",
			UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}, refusal)
		quiet(t, conn)
		conn.Close()
		quiet(t, s.resume())
	})
	bubble(t, "B120 PUBREC 0x10, no matching subscribers, goes on", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID, Code: codec.NoMatchingSubscribers})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, d))
	})
	bubble(t, "B121 PUBCOMP with an error fails the call", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID, Code: codec.PacketIdentifierNotFound})
		require.Equal(t, "PUBCOMP", refusedWith(t, outcomeOf(t, d), codec.PacketIdentifierNotFound).Packet)
	})
	both(t, "B122 ten publishes in a row that a broker echoes are each received once", func(t *testing.T, v mqtt.Version) {
		s, broker := brokered(t, mqtt.Config{Version: v}, mqtttest.BrokerConfig{})
		_, err := s.client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a/b", QoS: mqtt.ExactlyOnce})
		require.NoError(t, err)
		for i := range 10 {
			require.NoError(t, s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, numbered(i))))
			require.Equal(t, numbered(i), string((<-s.client.Messages()).Payload))
		}
		synctest.Wait()
		select {
		case m := <-s.client.Messages():
			t.Fatalf("%s came twice", m.Payload)
		default:
		}
		require.Empty(t, broker.Violations())
	})
}

func TestPublishQoS2AcrossConnections(t *testing.T) {
	both(t, "B123 dropped before PUBREC: PUBLISH is sent again with the same identifier", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		conn.Close()
		p.Dup = true
		require.Equal(t, p, mqtttest.Expect[*codec.Publish](t, s.resume()))
	})
	both(t, "B125 the call completes with the PUBCOMP of a later connection", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, "hi")) })
		expectPayload(t, conn, "hi")
		conn.Close()
		conn = s.resume()
		p := expectPayload(t, conn, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		conn.Close()
		conn = s.resume()
		expectRelease(t, conn, p.PacketID)
		pending(t, done)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		require.NoError(t, <-done)
	})
	both(t, "B125 after PUBREC only PUBREL is ever sent again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		for range 3 {
			conn.Close()
			conn = s.resume()
			expectRelease(t, conn, p.PacketID)
			quiet(t, conn)
		}
	})
	both(t, "B125 a PUBREC whose PUBREL never left: PUBREL follows on the next connection", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		stuck(conn, 1)
		s.async(mqtt.AtMostOnce, "blocks the writer")
		synctest.Wait()
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		synctest.Wait()
		conn.Reset()
		conn = s.resume()
		expectRelease(t, conn, p.PacketID)
	})
}

func TestPublishQoS2Answers(t *testing.T) {
	both(t, "B127 PUBREC again: PUBREL again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		for range 3 {
			reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
			require.Equal(t, codec.Success, expectRelease(t, conn, p.PacketID).Code)
		}
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, d))
	})
	for v, code := range map[mqtt.Version]codec.ReasonCode{mqtt.V5: codec.PacketIdentifierNotFound, mqtt.V311: codec.Success} {
		bubble(t, fmt.Sprintf("B127 PUBREC for an identifier that is not in use: PUBREL 0x%02X/v%s", byte(code), v), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Version: v})
			reply(t, conn, &codec.PubRec{PacketID: 77})
			require.Equal(t, code, expectRelease(t, conn, 77).Code)
			d, p := s.inFlight(conn, mqtt.ExactlyOnce, "the connection goes on")
			finish(t, conn, p)
			require.NoError(t, outcomeOf(t, d))
			reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
			require.Equal(t, code, expectRelease(t, conn, p.PacketID).Code)
		})
	}
	both(t, "B129 PUBRELs leave in the order in which the PUBRECs came", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		publishAll(s, 2, 2, 2, 2)
		for i := range 4 {
			expectPayload(t, conn, numbered(i))
		}
		reply(t, conn, &codec.PubRec{PacketID: 3}, &codec.PubRec{PacketID: 1}, &codec.PubRec{PacketID: 4}, &codec.PubRec{PacketID: 2})
		for _, id := range []uint16{3, 1, 4, 2} {
			expectRelease(t, conn, id)
		}
		conn.Close()
		conn = s.resume()
		for _, id := range []uint16{3, 1, 4, 2} {
			expectRelease(t, conn, id)
		}
	})
}

// wrongAnswers are answers that don't fit the QoS of what their identifier stands for.
var wrongAnswers = []struct {
	name     string
	qos      mqtt.QoS
	released bool // PUBREC came before
	answer   func(id uint16) codec.Packet
}{
	{"PUBACK for QoS 2", mqtt.ExactlyOnce, false, func(id uint16) codec.Packet { return &codec.PubAck{PacketID: id} }},
	{"PUBACK after PUBREC", mqtt.ExactlyOnce, true, func(id uint16) codec.Packet { return &codec.PubAck{PacketID: id} }},
	{"PUBCOMP before PUBREC", mqtt.ExactlyOnce, false, func(id uint16) codec.Packet { return &codec.PubComp{PacketID: id} }},
	{"PUBREC for QoS 1", mqtt.AtLeastOnce, false, func(id uint16) codec.Packet { return &codec.PubRec{PacketID: id} }},
	{"PUBCOMP for QoS 1", mqtt.AtLeastOnce, false, func(id uint16) codec.Packet { return &codec.PubComp{PacketID: id} }},
	{"SUBACK for a message", mqtt.AtLeastOnce, false, func(id uint16) codec.Packet {
		return &codec.SubAck{PacketID: id, Codes: []codec.ReasonCode{0}}
	}},
}

func TestPublishAnsweredWrongly(t *testing.T) {
	for _, c := range wrongAnswers {
		both(t, "B128 a protocol error: "+c.name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, keptSession(v))
			d, p := s.inFlight(conn, c.qos, "hi")
			if c.released {
				reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
				expectRelease(t, conn, p.PacketID)
			}
			reply(t, conn, c.answer(p.PacketID))
			expectExpelled(t, conn, v, codec.ProtocolError)
			openDelivery(t, d)
			conn = s.resume()
			if c.released {
				expectRelease(t, conn, p.PacketID)
				return
			}
			require.Equal(t, p.PacketID, expectPayload(t, conn, "hi").PacketID)
		})
	}
}

// expectExpelled checks that the client ends a connection for what the server did: told on 5.0, without a word on 3.x.
func expectExpelled(t testing.TB, conn *mqtttest.Conn, v mqtt.Version, code codec.ReasonCode) {
	t.Helper()
	if v == mqtt.V5 {
		require.Equal(t, code, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
	}
	conn.ExpectClosed(t)
}

package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// window is a CONNACK that takes so many messages of QoS 1 and 2 at a time (§4.9).
func window(n uint16) codec.ConnAck {
	return announcing(codec.ConnAckProperties{ReceiveMaximum: n})
}

// publishAll admits one message after the other, m0, m1 …, of these QoS.
func publishAll(s *scene, qos ...mqtt.QoS) (all []*mqtt.Delivery) {
	s.Helper()
	for i, q := range qos {
		all = append(all, s.async(q, numbered(i)))
	}
	return all
}

func TestPublishWindow(t *testing.T) {
	bubble(t, "B117 no more than the server's Receive Maximum, the others wait in order", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(2))
		publishAll(s, 1, 2, 1, 2, 1)
		first, second := expectPayload(t, conn, "m0"), expectPayload(t, conn, "m1")
		quiet(t, conn)
		finish(t, conn, first)
		third := expectPayload(t, conn, "m2")
		quiet(t, conn)
		finish(t, conn, second)
		fourth := expectPayload(t, conn, "m3")
		quiet(t, conn)
		finish(t, conn, third)
		fifth := expectPayload(t, conn, "m4")
		finish(t, conn, fourth)
		finish(t, conn, fifth)
		require.NoError(t, s.client.Flush(t.Context()))
	})
	bubble(t, "B117 the local bound holds where it is the lesser", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: 1}, window(100))
		publishAll(s, 1, 1)
		expectPayload(t, conn, "m0")
		quiet(t, conn)
	})
	bubble(t, "B117 the local bound holds on 3.1.1", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, MaxInFlight: 2})
		publishAll(s, 2, 1, 1)
		expectPayload(t, conn, "m0")
		p := expectPayload(t, conn, "m1")
		quiet(t, conn)
		finish(t, conn, p)
		expectPayload(t, conn, "m2")
	})
	for _, c := range []struct {
		name string
		qos  mqtt.QoS
		end  func(t *testing.T, conn *mqtttest.Conn, p *codec.Publish)
	}{
		{"PUBACK", mqtt.AtLeastOnce, func(t *testing.T, conn *mqtttest.Conn, p *codec.Publish) { finish(t, conn, p) }},
		{"a PUBACK that refuses", mqtt.AtLeastOnce, func(t *testing.T, conn *mqtttest.Conn, p *codec.Publish) {
			reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.QuotaExceeded})
		}},
		{"PUBCOMP", mqtt.ExactlyOnce, func(t *testing.T, conn *mqtttest.Conn, p *codec.Publish) { finish(t, conn, p) }},
		{"a PUBREC that refuses", mqtt.ExactlyOnce, func(t *testing.T, conn *mqtttest.Conn, p *codec.Publish) {
			reply(t, conn, &codec.PubRec{PacketID: p.PacketID, Code: codec.QuotaExceeded})
		}},
	} {
		bubble(t, "B117 a place is released by "+c.name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{}, window(1))
			publishAll(s, c.qos, c.qos)
			p := expectPayload(t, conn, "m0")
			quiet(t, conn)
			c.end(t, conn, p)
			expectPayload(t, conn, "m1")
		})
	}
	bubble(t, "B117 a PUBREC that accepts releases no place", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(1))
		publishAll(s, 2, 1)
		p := expectPayload(t, conn, "m0")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		quiet(t, conn)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		expectPayload(t, conn, "m1")
	})
	bubble(t, "B117 an answer to nothing gives no place", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(1))
		publishAll(s, 1, 1)
		expectPayload(t, conn, "m0")
		reply(t, conn, &codec.PubAck{PacketID: 999}, &codec.PubComp{PacketID: 998})
		quiet(t, conn)
	})
}

func TestPublishWindowOfTheNextConnection(t *testing.T) {
	bubble(t, "B117 the quota of the new connection holds from its beginning, also for what is sent again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(3))
		publishAll(s, 1, 1, 1, 1)
		for i := range 3 {
			expectPayload(t, conn, numbered(i))
		}
		conn.Close()
		conn = s.refill(true, &codec.ConnAckProperties{ReceiveMaximum: 1})
		for i := range 3 {
			p := expectPayload(t, conn, numbered(i))
			require.True(t, p.Dup)
			quiet(t, conn)
			finish(t, conn, p)
		}
		require.False(t, expectPayload(t, conn, "m3").Dup)
	})
	bubble(t, "B117 a wider quota takes all that is sent again, and new ones", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(1))
		publishAll(s, 1, 1, 1)
		expectPayload(t, conn, "m0")
		conn.Close()
		conn = s.refill(true, &codec.ConnAckProperties{ReceiveMaximum: 3})
		require.True(t, expectPayload(t, conn, "m0").Dup)
		require.False(t, expectPayload(t, conn, "m1").Dup)
		require.False(t, expectPayload(t, conn, "m2").Dup)
	})
	bubble(t, "B117 PUBREL is never held back by the quota", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(2))
		releaseTwo(s, conn)
		conn.Close()
		conn = s.refill(true, &codec.ConnAckProperties{ReceiveMaximum: 1})
		expectRelease(t, conn, 1)
		expectRelease(t, conn, 2)
	})
	bubble(t, "B117 a PUBCOMP for a PUBREL that was sent again doesn't push the quota over its start (§4.9)", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, window(2))
		releaseTwo(s, conn)
		conn.Close()
		conn = s.refill(true, &codec.ConnAckProperties{ReceiveMaximum: 1})
		expectRelease(t, conn, 1)
		expectRelease(t, conn, 2)
		reply(t, conn, &codec.PubComp{PacketID: 1}, &codec.PubComp{PacketID: 2})
		synctest.Wait()
		publishAll(s, 1, 1)
		expectPayload(t, conn, "m0")
		quiet(t, conn)
	})
}

// releaseTwo publishes two messages of QoS 2, with identifiers 1 and 2, and takes them as far as PUBREL.
func releaseTwo(s *scene, conn *mqtttest.Conn) {
	s.Helper()
	publishAll(s, 2, 2)
	expectPayload(s, conn, "m0")
	expectPayload(s, conn, "m1")
	reply(s, conn, &codec.PubRec{PacketID: 1}, &codec.PubRec{PacketID: 2})
	expectRelease(s, conn, 1)
	expectRelease(s, conn, 2)
}

func TestPublishInFlightBound(t *testing.T) {
	both(t, "B118 the default bound is 1000", func(t *testing.T, v mqtt.Version) {
		require.Equal(t, 1000, publishUnanswered(t, mqtt.Config{Version: v}, 1500))
	})
	both(t, "B118 the bound is configurable", func(t *testing.T, v mqtt.Version) {
		require.Equal(t, 1200, publishUnanswered(t, mqtt.Config{Version: v, MaxInFlight: 1200}, 1500))
	})
}

// publishUnanswered says how many of n messages left, to a server that answers none.
func publishUnanswered(t *testing.T, cfg mqtt.Config, n int) int {
	s, conn := up(t, cfg)
	for i := range n {
		s.async(mqtt.AtLeastOnce, numbered(i))
	}
	synctest.Wait()
	left := s.client.Stats().Out.InFlight
	for i := range left {
		expectPayload(t, conn, numbered(i))
	}
	quiet(t, conn)
	require.Equal(t, n-left, s.client.Stats().Out.Queued)
	return left
}

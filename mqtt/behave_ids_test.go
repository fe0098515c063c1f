package mqtt_test

import (
	"encoding/binary"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestPacketIdentifiers(t *testing.T) {
	both(t, "B235 they increase over all that has one, and the last is told", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		require.Zero(t, s.client.Stats().Link.LastPacketID)
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		require.EqualValues(t, 1, p.PacketID)
		s.inFlight(conn, mqtt.AtMostOnce, "has none")
		s.askSubscribe("x")
		require.EqualValues(t, 2, takeSubscribe(t, conn).PacketID)
		s.askUnsubscribe("x")
		require.EqualValues(t, 3, takeUnsubscribe(t, conn).PacketID)
		_, p = s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		require.EqualValues(t, 4, p.PacketID)
		require.EqualValues(t, 4, s.client.Stats().Link.LastPacketID)
	})
	both(t, "B236 one that is in use after a reconnect is skipped", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		conn.Close()
		conn = s.resume()
		expectPayload(t, conn, "hi")
		_, next := s.inFlight(conn, mqtt.AtLeastOnce, "next")
		require.NotEqual(t, p.PacketID, next.PacketID)
	})
	both(t, "B240 the client's and the server's are independent", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		one, p := s.inFlight(conn, mqtt.AtLeastOnce, "ours")
		two, q := s.inFlight(conn, mqtt.ExactlyOnce, "ours")
		reply(t, conn, incoming(codec.ExactlyOnce, p.PacketID, "theirs"), incoming(codec.AtLeastOnce, q.PacketID, "theirs too"))
		require.Equal(t, "theirs", string(s.next().Payload))
		require.Equal(t, "theirs too", string(s.next().Payload))
		expectRec(t, conn, p.PacketID)
		require.Equal(t, q.PacketID, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		openDelivery(t, one)
		openDelivery(t, two)
		reply(t, conn, &codec.PubRel{PacketID: p.PacketID})
		expectComp(t, conn, p.PacketID)
		finish(t, conn, p)
		finish(t, conn, q)
		require.NoError(t, outcomeOf(t, one))
		require.NoError(t, outcomeOf(t, two))
	})
}

// exhausted has a client whose identifiers are all in flight, those of an even number at QoS 2.
func exhausted(t *testing.T) (*scene, *mqtttest.Conn) {
	t.Helper()
	const all = 65_535
	s, conn := up(t, mqtt.Config{MaxInFlight: all, Outbox: mqtt.Bounds{Messages: 2 * all}})
	conn.Pipe().In().SetSize(4 << 20)
	for i := range all {
		_, err := s.client.PublishAsync(t.Context(), message(mqtt.QoS(1+i%2), ""))
		require.NoError(t, err)
	}
	for range all {
		_, err := conn.ReadRaw(t.Context())
		require.NoError(t, err)
	}
	return s, conn
}

func TestPacketIdentifiersOfWhatWasRefused(t *testing.T) {
	bubble(t, "B103 B120 the identifier of a message that was refused is free", func(t *testing.T) {
		s, conn := exhausted(t)
		waits := s.async(mqtt.AtLeastOnce, "waits")
		quiet(t, conn)
		reply(t, conn, &codec.PubAck{PacketID: 4711, Code: codec.QuotaExceeded})
		p := expectPayload(t, conn, "waits")
		require.EqualValues(t, 4711, p.PacketID)
		s.async(mqtt.ExactlyOnce, "waits too")
		quiet(t, conn)
		reply(t, conn, &codec.PubRec{PacketID: 814, Code: codec.NotAuthorized})
		require.EqualValues(t, 814, expectPayload(t, conn, "waits too").PacketID)
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, waits))
	})
}

func TestPacketIdentifiersExhausted(t *testing.T) {
	const all = 65_535
	bubble(t, "B238 without a free identifier calls wait for one, in their order", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: all, Outbox: mqtt.Bounds{Messages: 2 * all}})
		conn.Pipe().In().SetSize(4 << 20)
		m := message(mqtt.AtLeastOnce, "")
		for range all {
			_, err := s.client.PublishAsync(t.Context(), m)
			require.NoError(t, err)
		}
		seen := make([]bool, all+1)
		for range all {
			raw, err := conn.ReadRaw(t.Context())
			require.NoError(t, err)
			id := binary.BigEndian.Uint16(raw[len("xxxxa/b"):])
			require.False(t, id == 0 || seen[id], "identifier %d", id)
			seen[id] = true
		}
		require.EqualValues(t, all, s.client.Stats().Link.LastPacketID)
		subscribed := s.askSubscribe("x")
		s.async(mqtt.ExactlyOnce, "waits")
		unsubscribed := s.askUnsubscribe("y")
		quiet(t, conn)

		for _, id := range []uint16{4711, 4712, 4713} {
			reply(t, conn, &codec.PubAck{PacketID: id})
			synctest.Wait()
		}
		require.EqualValues(t, 4711, takeSubscribe(t, conn).PacketID)
		waited := expectPayload(t, conn, "waits")
		require.EqualValues(t, 4712, waited.PacketID)
		require.EqualValues(t, 4713, takeUnsubscribe(t, conn).PacketID)
		require.NoError(t, <-subscribed)
		require.NoError(t, <-unsubscribed)
	})
}

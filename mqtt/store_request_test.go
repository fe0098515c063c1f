package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestRequestWithAStore(t *testing.T) {
	bubble(t, "an answer of QoS 2 is known as taken before its PUBREC", func(t *testing.T) {
		disk := newDisk()
		s, conn := up(t, stored(mqtt.V5, disk))
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := answering(asked(t, conn, "x"), "y")
		p.QoS, p.PacketID = codec.ExactlyOnce, 7
		reply(t, conn, p)
		replied(t, call, "y")
		expectNow[*codec.PubRec](t, conn)
	})
	for _, present := range []bool{true, false} {
		bubble(t, "the next process gives up the response topic of one that died", func(t *testing.T) {
			disk := newDisk()
			s, conn := up(t, stored(mqtt.V5, disk))
			topic := s.acquainted(conn)
			elapse(50 * time.Millisecond) // the store knows that the request is done
			s, disk = s.reborn(disk)
			conn = s.connected(present)
			require.Equal(t, []string{topic}, release(t, conn).Filters)
			quiet(t, conn)
			settled()
			require.Equal(t, []string{"Connected"}, kinds(events(s.client))) // nobody has waited, so nothing was drained
			conn.Close()
			conn = s.accept()
			quiet(t, conn) // it isn't restored
			noRecords(t, disk, "s")
		})
	}
	bubble(t, "also when several processes die before the server has answered", func(t *testing.T) {
		disk := newDisk()
		s, conn := up(t, stored(mqtt.V5, disk))
		topic := s.acquainted(conn)
		elapse(50 * time.Millisecond)
		s, disk = s.reborn(disk)
		settled()
		s, disk = s.reborn(disk)
		conn = s.connected(true)
		require.Equal(t, []string{topic}, release(t, conn).Filters)
		settled()
		noRecords(t, disk, "s")
	})
	bubble(t, "a process that closes leaves none", func(t *testing.T) {
		disk := newDisk()
		s, conn := up(t, stored(mqtt.V5, disk))
		s.acquainted(conn)
		closed := later(func() error { return s.client.Close(soon(t)) })
		release(t, conn)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-closed)
		noRecords(t, disk, "s")
	})
	bubble(t, "answers that the store keeps don't take each other's place, before a crash or after it", func(t *testing.T) {
		disk := newDisk()
		cfg := stored(mqtt.V5, disk)
		cfg.LatestOnly, cfg.Lenient = true, true
		s := idle(t, cfg)
		for _, data := range []string{"1", "2"} {
			later(func() error {
				return s.client.Reply(t.Context(), wanting("back", []byte(data)), mqtt.Message{QoS: mqtt.AtLeastOnce, Payload: []byte(data)})
			})
			settled()
		}
		s, _ = s.reborn(disk)
		conn := s.connected(false)
		for _, data := range []string{"1", "2"} {
			p := expectPayload(t, conn, data)
			require.Equal(t, data, string(p.Properties.CorrelationData))
		}
	})
	bubble(t, "a request that the store keeps ends as kept, and the next process sends it", func(t *testing.T) {
		disk := newDisk()
		s, conn := up(t, stored(mqtt.V5, disk))
		s.acquainted(conn)
		conn.Close()
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		settled()
		s.client.Abort()
		err := (<-call).err
		require.ErrorIs(t, err, mqtt.ErrClosed)
		requireOnly(t, err, mqtt.ErrKept)

		next := idle(t, stored(mqtt.V5, disk))
		conn = next.connected(true)
		p := asked(t, conn, "x")
		release(t, conn)
		reply(t, conn, answering(p, "too late"))
		require.NotEqual(t, p.Properties.ResponseTopic, next.acquainted(conn))
	})
}

func TestCloseLeavesNoResponseTopic(t *testing.T) {
	durable := mqtt.Config{ClientID: "c", Session: mqtt.SessionDurable}
	bubble(t, "in a durable session, when it was called without a connection", func(t *testing.T) {
		for _, present := range []bool{true, false} {
			s, conn := up(t, durable)
			topic := s.acquainted(conn)
			s.async(mqtt.AtLeastOnce, "m")
			expectPayload(t, conn, "m")
			conn.Close()
			settled()
			done := later(func() error { return s.client.Close(closing(t, time.Minute)) })
			conn = s.accept(codec.ConnAck{SessionPresent: present})
			id := expectPayload(t, conn, "m").PacketID
			require.Equal(t, []string{topic}, release(t, conn).Filters)
			reply(t, conn, &codec.PubAck{PacketID: id})
			mqtttest.Expect[*codec.Disconnect](t, conn)
			conn.Close()
			require.NoError(t, <-done)
		}
	})
	bubble(t, "nor does it ask for one that waits for a connection", func(t *testing.T) {
		s, conn := up(t, durable)
		s.async(mqtt.AtLeastOnce, "m")
		expectPayload(t, conn, "m")
		conn.Close()
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		unanswered(t, call)
		done := later(func() error { return s.client.Close(closing(t, time.Minute)) })
		require.ErrorIs(t, (<-call).err, mqtt.ErrClosed)
		conn = s.resume()
		reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
}

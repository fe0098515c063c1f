package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// unanswered is the next connection after one whose CONNECT the server has read, and whose CONNACK is lost. The server says
// that it has the session, which may be the one that it began for that CONNECT.
func (s *scene) unanswered(conn *mqtttest.Conn) *mqtttest.Conn {
	s.Helper()
	conn.Close()
	lost := s.dialled()
	mqtttest.Expect[*codec.Connect](s, lost)
	lost.Close()
	conn = s.accept(codec.ConnAck{SessionPresent: true})
	expectNow[*codec.PingReq](s, conn)
	quiet(s, conn)
	return conn
}

func TestSessionInDoubt(t *testing.T) {
	shown := new(codec.PingResp)
	both(t, "Contract9 CONNACK was lost: Session Present isn't trusted, all filters are asked for again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		s.subscribe(conn, "a", mqtt.ExactlyOnce)
		conn = s.unanswered(conn)
		send(t, conn, shown)
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		conn.Close()
		quiet(t, s.accept(codec.ConnAck{SessionPresent: true})) // no doubt any more
	})
	both(t, "Contract9 a connection that ends before the server has shown its session leaves the doubt", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		s.subscribe(conn, "a", mqtt.ExactlyOnce)
		s.unanswered(conn).Close()
		conn = s.accept(codec.ConnAck{SessionPresent: true})
		expectNow[*codec.PingReq](t, conn)
		send(t, conn, shown)
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
	})
	both(t, "Contract13 the old session goes on: what comes again is known", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		send(t, conn, incoming(2, 7, "taken"), incoming(2, 8, "received"))
		require.Equal(t, []string{"taken", "received"}, payloads(t, s.client.Messages(), 2))
		expectNow[*codec.PubRec](t, conn)
		expectNow[*codec.PubRec](t, conn)
		conn = s.unanswered(conn)
		send(t, conn, again(incoming(2, 7, "taken")), &codec.PubRel{PacketID: 8}, shown)
		require.EqualValues(t, 7, expectNow[*codec.PubRec](t, conn).PacketID)
		require.Zero(t, expectNow[*codec.PubComp](t, conn).Code)
		send(t, conn, again(incoming(2, 7, "taken")), &codec.PubRel{PacketID: 7})
		require.EqualValues(t, 7, expectNow[*codec.PubRec](t, conn).PacketID)
		require.Zero(t, expectNow[*codec.PubComp](t, conn).Code)
		empty(t, s.client.Messages())
	})
	both(t, "Contract13 also what a server takes its time to send again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		send(t, conn, incoming(2, 7, "taken"))
		take(t, s.client.Messages())
		expectNow[*codec.PubRec](t, conn)
		conn = s.unanswered(conn)
		send(t, conn, shown, again(incoming(2, 7, "taken")))
		expectNow[*codec.PubRec](t, conn)
		empty(t, s.client.Messages())
	})
	both(t, "Contract13 another session has begun: its identifiers mean other messages", func(t *testing.T, v mqtt.Version) {
		cfg := keptSession(v)
		cfg.Ack = mqtt.AckManual
		s, conn := up(t, cfg)
		send(t, conn, incoming(2, 7, "answered"), incoming(2, 8, "held"))
		first, held := take(t, s.client.Messages()), take(t, s.client.Messages())
		require.NoError(t, first.Ack())
		expectNow[*codec.PubRec](t, conn)
		conn = s.unanswered(conn)
		send(t, conn, shown)
		held.Ack() // nobody waits for it
		quiet(t, conn)
		for _, id := range []uint16{7, 8} {
			send(t, conn, incoming(2, id, "new"))
			m := take(t, s.client.Messages())
			require.Equal(t, "new", string(m.Payload))
			require.False(t, m.Redelivered)
			require.NoError(t, m.Ack())
			require.Equal(t, id, expectNow[*codec.PubRec](t, conn).PacketID)
			send(t, conn, &codec.PubRel{PacketID: id})
			require.Zero(t, expectNow[*codec.PubComp](t, conn).Code)
		}
		synctest.Wait() // that they have left is told behind their bytes
		require.Zero(t, s.client.Stats().In.Owed)
	})
}

package mqtt_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// expectRec takes the next packet, which must be a PUBREC for id; expectComp a PUBCOMP.
func expectRec(t testing.TB, conn *mqtttest.Conn, id uint16) *codec.PubRec {
	t.Helper()
	p := expectNow[*codec.PubRec](t, conn)
	require.Equal(t, id, p.PacketID)
	return p
}

func expectComp(t testing.TB, conn *mqtttest.Conn, id uint16) *codec.PubComp {
	t.Helper()
	p := expectNow[*codec.PubComp](t, conn)
	require.Equal(t, id, p.PacketID)
	return p
}

func TestReceiveQoS2(t *testing.T) {
	both(t, "B132 delivered once, with its QoS and its identifier in the answers", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		reply(t, conn, incoming(codec.ExactlyOnce, 4711, "hi"))
		quiet(t, conn)
		m := s.next()
		require.Equal(t, mqtt.Message{Topic: "a/b", QoS: mqtt.ExactlyOnce, Payload: []byte("hi")}, m.Message)
		require.Equal(t, codec.Success, expectRec(t, conn, 4711).Code)
		reply(t, conn, &codec.PubRel{PacketID: 4711})
		require.Equal(t, codec.Success, expectComp(t, conn, 4711).Code)
		s.none()
	})
	for _, dup := range []bool{true, false} {
		both(t, fmt.Sprintf("B133 the same PUBLISH before PUBREL: two PUBRECs, one delivery, DUP %t", dup), func(t *testing.T, v mqtt.Version) {
			s, conn := listening(t, mqtt.Config{Version: v})
			p := incoming(codec.ExactlyOnce, 7, "hi")
			reply(t, conn, p)
			s.next()
			expectRec(t, conn, 7)
			p.Dup = dup
			reply(t, conn, p)
			expectRec(t, conn, 7)
			s.none()
		})
	}
	both(t, "B133 twice before the application takes it: two PUBRECs, one delivery", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		reply(t, conn, incoming(codec.ExactlyOnce, 7, "hi"), incoming(codec.ExactlyOnce, 7, "hi"))
		quiet(t, conn)
		s.next()
		expectRec(t, conn, 7)
		expectRec(t, conn, 7)
		s.none()
	})
	both(t, "B133 again on the next connection, the session lives: answered, not delivered", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, keptSession(v))
		p := incoming(codec.ExactlyOnce, 7, "hi")
		reply(t, conn, p)
		s.next()
		expectRec(t, conn, 7)
		conn.Close()
		conn = s.resume()
		p.Dup = true
		reply(t, conn, p)
		expectRec(t, conn, 7)
		s.none()
		reply(t, conn, &codec.PubRel{PacketID: 7})
		expectComp(t, conn, 7)
	})
	for v, code := range map[mqtt.Version]codec.ReasonCode{mqtt.V5: codec.PacketIdentifierNotFound, mqtt.V311: codec.Success} {
		bubble(t, fmt.Sprintf("B134 PUBREL twice: two PUBCOMPs, one delivery/v%s", v), func(t *testing.T) {
			s, conn := listening(t, mqtt.Config{Version: v})
			reply(t, conn, incoming(codec.ExactlyOnce, 7, "hi"))
			s.next()
			expectRec(t, conn, 7)
			reply(t, conn, &codec.PubRel{PacketID: 7}, &codec.PubRel{PacketID: 7})
			require.Equal(t, codec.Success, expectComp(t, conn, 7).Code)
			require.Equal(t, code, expectComp(t, conn, 7).Code)
			s.none()
		})
		bubble(t, fmt.Sprintf("B134 also when the first PUBCOMP could not be written/v%s", v), func(t *testing.T) {
			s, conn := listening(t, keptSession(v))
			reply(t, conn, incoming(codec.ExactlyOnce, 7, "hi"))
			s.next()
			expectRec(t, conn, 7)
			stuck(conn, 1)
			s.async(mqtt.AtMostOnce, "blocks the writer")
			synctest.Wait()
			reply(t, conn, &codec.PubRel{PacketID: 7})
			synctest.Wait()
			conn.Reset()
			conn = s.resume()
			expectPayload(t, conn, "blocks the writer")
			reply(t, conn, &codec.PubRel{PacketID: 7})
			expectComp(t, conn, 7)
			s.none()
		})
		bubble(t, fmt.Sprintf("B135 PUBREL for an identifier that is not in use: PUBCOMP 0x%02X, and no delivery/v%s", byte(code), v), func(t *testing.T) {
			s, conn := listening(t, mqtt.Config{Version: v})
			reply(t, conn, &codec.PubRel{PacketID: 7})
			require.Equal(t, code, expectComp(t, conn, 7).Code)
			s.none()
			s.async(mqtt.AtMostOnce, "the connection goes on")
			expectPayload(t, conn, "the connection goes on")
		})
	}
	both(t, "B144 the identifier after PUBCOMP is that of a new message", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		for i := range 3 {
			reply(t, conn, incoming(codec.ExactlyOnce, 7, numbered(i)))
			require.Equal(t, numbered(i), string(s.next().Payload))
			expectRec(t, conn, 7)
			reply(t, conn, &codec.PubRel{PacketID: 7})
			expectComp(t, conn, 7)
		}
	})
	both(t, "B144 the identifier after a lost session is that of a new message", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, keptSession(v))
		reply(t, conn, incoming(codec.ExactlyOnce, 7, "m0"))
		s.next()
		expectRec(t, conn, 7)
		conn.Close()
		conn = s.accept()
		reply(t, conn, incoming(codec.ExactlyOnce, 7, "m1"))
		require.Equal(t, "m1", string(s.next().Payload))
		expectRec(t, conn, 7)
	})
}

func TestReceiveAcknowledgesInOrder(t *testing.T) {
	both(t, "B141 acknowledged by hand in any order, answered in the order of arrival", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, Ack: mqtt.AckManual})
		var all []*mqtt.Received
		for i := range 6 {
			reply(t, conn, incoming(codec.QoS(1+i%2), uint16(10+i), numbered(i)))
			all = append(all, s.next())
		}
		for _, i := range []int{5, 1, 3, 2, 4} {
			require.NoError(t, all[i].Ack())
		}
		quiet(t, conn)
		require.NoError(t, all[0].Ack())
		for i := range 6 {
			expectAnswered(t, conn, i, uint16(10+i))
		}
	})
	both(t, "B141 acknowledged by many goroutines at once, answered in the order of arrival", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, Ack: mqtt.AckManual})
		var all []*mqtt.Received
		for i := range 200 {
			reply(t, conn, incoming(codec.QoS(1+i%2), uint16(10+i), numbered(i)))
			all = append(all, s.next())
		}
		rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		var group sync.WaitGroup
		for _, m := range all {
			group.Go(func() { m.Ack() })
		}
		group.Wait()
		for i := range 200 {
			expectAnswered(t, conn, i, uint16(10+i))
		}
	})
}

// expectAnswered takes the answer to the i-th message of an even mix: PUBACK, PUBREC, PUBACK …
func expectAnswered(t testing.TB, conn *mqtttest.Conn, i int, id uint16) {
	t.Helper()
	if i%2 == 0 {
		require.Equal(t, id, expectNow[*codec.PubAck](t, conn).PacketID)
		return
	}
	expectRec(t, conn, id)
}

func TestReceiveMaximum(t *testing.T) {
	for q := codec.AtLeastOnce; q <= codec.ExactlyOnce; q++ {
		bubble(t, fmt.Sprintf("B146 one more than Receive Maximum without an answer: DISCONNECT 0x93, QoS %d", q), func(t *testing.T) {
			_, conn := listening(t, mqtt.Config{ReceiveMaximum: 2})
			reply(t, conn, incoming(q, 1, "m0"), incoming(q, 2, "m1"))
			quiet(t, conn)
			reply(t, conn, incoming(q, 3, "m2"))
			expectExpelled(t, conn, mqtt.V5, codec.ReceiveMaximumExceeded)
		})
		bubble(t, fmt.Sprintf("B146 the same identifier again takes no second place: QoS %d", q), func(t *testing.T) {
			_, conn := listening(t, mqtt.Config{ReceiveMaximum: 2})
			again := incoming(q, 2, "m1")
			again.Dup = true
			reply(t, conn, incoming(q, 1, "m0"), incoming(q, 2, "m1"), again, again)
			quiet(t, conn)
		})
	}
	bubble(t, "B146 a QoS 2 message takes its place until PUBCOMP", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{ReceiveMaximum: 1})
		reply(t, conn, incoming(codec.ExactlyOnce, 1, "m0"))
		s.next()
		expectRec(t, conn, 1)
		reply(t, conn, incoming(codec.AtLeastOnce, 2, "m1"))
		expectExpelled(t, conn, mqtt.V5, codec.ReceiveMaximumExceeded)
	})
	bubble(t, "B146 a QoS 2 message that comes again on the next connection takes a place there", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{ReceiveMaximum: 1})
		p := incoming(codec.ExactlyOnce, 1, "m0")
		reply(t, conn, p)
		s.next()
		expectRec(t, conn, 1)
		conn.Close()
		conn = s.resume()
		p.Dup = true
		reply(t, conn, p)
		expectRec(t, conn, 1)
		reply(t, conn, incoming(codec.AtLeastOnce, 2, "m1"))
		expectExpelled(t, conn, mqtt.V5, codec.ReceiveMaximumExceeded)
	})
	bubble(t, "B146 a place is free after the answer", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{ReceiveMaximum: 1})
		for i := range 5 {
			reply(t, conn, incoming(codec.AtLeastOnce, uint16(i+1), numbered(i)))
			s.next()
			expectNow[*codec.PubAck](t, conn)
		}
		reply(t, conn, incoming(codec.ExactlyOnce, 9, "two"))
		s.next()
		expectRec(t, conn, 9)
		reply(t, conn, &codec.PubRel{PacketID: 9})
		expectComp(t, conn, 9)
		reply(t, conn, incoming(codec.AtLeastOnce, 10, "last"))
		s.next()
	})
	bubble(t, "B266 a PUBREC that refuses frees the place and the identifier", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{ReceiveMaximum: 1, Ack: mqtt.AckManual})
		for i := range 3 {
			reply(t, conn, incoming(codec.ExactlyOnce, 1, numbered(i)))
			m := s.next()
			require.Equal(t, numbered(i), string(m.Payload))
			require.NoError(t, m.Reject(codec.QuotaExceeded, "no"))
			require.Equal(t, codec.QuotaExceeded, expectRec(t, conn, 1).Code)
		}
	})
	bubble(t, "B146 it is what CONNECT announces", func(t *testing.T) {
		s := idle(t, mqtt.Config{ReceiveMaximum: 7})
		later(func() error { return s.client.Connect(t.Context()) })
		conn, err := s.server.Accept(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 7, conn.Handshake(t).Properties.ReceiveMaximum)
	})
}

func TestReceiveMaximumOfAResumedSession(t *testing.T) {
	bubble(t, "what is held takes no room away from a session that goes on, which sends it again", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{ReceiveMaximum: 4})
		for id := range uint16(4) {
			require.NoError(t, conn.Send(incoming(1, id+1, "waits")))
		}
		synctest.Wait()
		conn.Close()
		conn, err := s.server.Accept(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 4, conn.Handshake(t, codec.ConnAck{SessionPresent: true}).Properties.ReceiveMaximum)
		for id := range uint16(4) {
			p := incoming(1, id+1, "again")
			p.Dup = true
			require.NoError(t, conn.Send(p))
		}
		synctest.Wait()
		require.False(t, s.client.Stats().In.Held)
		for id := range uint16(4) {
			require.Equal(t, "again", string((<-s.client.Messages()).Payload))
			require.Equal(t, id+1, mqtttest.Expect[*codec.PubAck](t, conn).PacketID)
		}
	})
	bubble(t, "what a lost session has left takes room until it is taken: reading waits", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{ReceiveMaximum: 4})
		for id := range uint16(4) {
			require.NoError(t, conn.Send(incoming(1, id+1, "old")))
		}
		synctest.Wait()
		conn.Close()
		conn = s.accept()
		for id := range uint16(4) {
			require.NoError(t, conn.Send(incoming(1, id+1, "new")))
		}
		synctest.Wait()
		require.True(t, s.client.Stats().In.Held)
		require.Equal(t, 4, s.client.Stats().Streams[0].Depth.Messages)
		for _, text := range []string{"old", "old", "old", "old", "new", "new", "new", "new"} {
			require.Equal(t, text, string((<-s.client.Messages()).Payload))
		}
		synctest.Wait()
		require.False(t, s.client.Stats().In.Held)
	})
}

package mqtt_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// listening is up with somebody who listens on Messages.
func listening(t *testing.T, cfg mqtt.Config) (*scene, *mqtttest.Conn) {
	t.Helper()
	s, conn := up(t, cfg)
	s.client.Messages()
	return s, conn
}

// next takes the next message, which must be there.
func (s *scene) next() *mqtt.Received {
	s.Helper()
	synctest.Wait()
	select {
	case m, open := <-s.client.Messages():
		require.True(s, open)
		return m
	default:
		s.Fatal("no message")
		return nil
	}
}

// none says that there is no message.
func (s *scene) none() {
	s.Helper()
	synctest.Wait()
	select {
	case m := <-s.client.Messages():
		s.Fatalf("a message: %s", m.Payload)
	default:
	}
}

func TestReceive(t *testing.T) {
	both(t, "B130 a retained QoS 1 message is delivered as it is, then acknowledged by its identifier", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		reply(t, conn, &codec.Publish{Topic: "a/b", QoS: codec.AtLeastOnce, Retain: true, PacketID: 4711, Payload: []byte("hi")})
		quiet(t, conn)
		m := s.next()
		require.Equal(t, mqtt.Message{Topic: "a/b", QoS: mqtt.AtLeastOnce, Retain: true, Payload: []byte("hi")}, m.Message)
		require.False(t, m.Dup)
		require.Equal(t, &codec.PubAck{PacketID: 4711}, expectNow[*codec.PubAck](t, conn))
	})
	for name, payload := range map[string]string{"bytes": "\x00\xff\x80", "none": "", "large": strings.Repeat("\x00x", 300_000)} {
		both(t, "B131 the payload arrives as bytes: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := listening(t, mqtt.Config{Version: v})
			done := later(func() error { return conn.Send(incoming(codec.AtMostOnce, 0, payload)) })
			m := s.next()
			require.Equal(t, payload, string(m.Payload))
			require.Equal(t, len(m.Payload), cap(m.Payload))
			require.NoError(t, <-done)
		})
	}
	both(t, "B131 the payload is the application's own", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		reply(t, conn, incoming(codec.AtMostOnce, 0, "one"), incoming(codec.AtMostOnce, 0, "two"))
		one := s.next()
		_ = append(one.Payload, "overwrites what lies behind"...)
		clear(one.Payload)
		require.Equal(t, "two", string(s.next().Payload))
	})
	both(t, "B138 1000 messages of QoS 1 in one segment are all delivered, in order", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, ReceiveMaximum: 1000})
		var all []codec.Packet
		for i := range 1000 {
			all = append(all, incoming(codec.AtLeastOnce, uint16(i+1), numbered(i)))
		}
		reply(t, conn, all...)
		for i := range 1000 {
			require.Equal(t, numbered(i), string((<-s.client.Messages()).Payload))
		}
		for i := range 1000 {
			require.EqualValues(t, i+1, expectNow[*codec.PubAck](t, conn).PacketID)
		}
	})
	both(t, "B139 a topic in UTF-8 is delivered intact", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		reply(t, conn, &codec.Publish{Topic: "中国/é/\U0001F600"})
		require.Equal(t, "中国/é/\U0001F600", s.next().Topic)
	})
	both(t, "B140 a QoS 1 message that comes again is delivered again", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v})
		p := incoming(codec.AtLeastOnce, 7, "hi")
		for _, dup := range []bool{false, true} {
			p.Dup = dup
			reply(t, conn, p)
			m := s.next()
			require.Equal(t, "hi", string(m.Payload))
			require.Equal(t, dup, m.Dup)
			require.EqualValues(t, 7, expectNow[*codec.PubAck](t, conn).PacketID)
		}
	})
	both(t, "B136 after PUBCOMP nothing of a message remains", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, keptSession(v))
		for id := range uint16(100) {
			reply(t, conn, incoming(codec.ExactlyOnce, id+1, "hi"))
			s.next()
			expectRec(t, conn, id+1)
			reply(t, conn, &codec.PubRel{PacketID: id + 1})
			expectComp(t, conn, id+1)
		}
		synctest.Wait() // that they have left is told behind their bytes
		require.Zero(t, s.client.Stats().In.Owed)
		conn.Close()
		conn = s.dialled()
		said := conn.Handshake(t, codec.ConnAck{SessionPresent: true})
		if v == mqtt.V5 {
			require.EqualValues(t, 256, said.Properties.ReceiveMaximum, "no place is taken")
			reply(t, conn, &codec.PubRel{PacketID: 1})
			require.Equal(t, codec.PacketIdentifierNotFound, expectComp(t, conn, 1).Code)
		}
		reply(t, conn, incoming(codec.ExactlyOnce, 1, "another"))
		require.Equal(t, "another", string(s.next().Payload))
	})
	bubble(t, "B260 properties arrive, user properties in their order with duplicates", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{})
		pairs := []codec.UserProperty{{Key: "k", Value: "2"}, {Key: "a", Value: ""}, {Key: "k", Value: "2"}, {Key: "k", Value: "1"}}
		reply(t, conn, &codec.Publish{Topic: "a/b", Properties: &codec.PublishProperties{PayloadFormatIndicator: 1,
			MessageExpiryInterval: new(uint32(9)), ResponseTopic: "r", CorrelationData: []byte{0, 1}, ContentType: "c", UserProperties: pairs}})
		p := s.next().Properties
		require.EqualValues(t, 1, p.PayloadFormatIndicator)
		require.EqualValues(t, 9e9, *p.MessageExpiryInterval)
		require.Equal(t, "r", p.ResponseTopic)
		require.Equal(t, []byte{0, 1}, p.CorrelationData)
		require.Equal(t, "c", p.ContentType)
		require.Equal(t, []mqtt.UserProperty{{Key: "k", Value: "2"}, {Key: "a"}, {Key: "k", Value: "2"}, {Key: "k", Value: "1"}}, p.UserProperties)
	})
}

func TestReceiveInPieces(t *testing.T) {
	// script is what a server sends in one go: every kind of packet that may come unasked.
	long := strings.Repeat("x", 700)
	script := []codec.Packet{
		incoming(codec.AtMostOnce, 0, "m0"), incoming(codec.AtLeastOnce, 1, "m1"), &codec.PingResp{}, incoming(codec.ExactlyOnce, 2, "m2"),
		incoming(codec.AtMostOnce, 0, long), &codec.PubRel{PacketID: 99}, incoming(codec.AtLeastOnce, 3, "m4"),
	}
	check := func(t *testing.T, s *scene, conn *mqtttest.Conn) {
		for _, want := range []string{"m0", "m1", "m2", long, "m4"} {
			require.Equal(t, want, string((<-s.client.Messages()).Payload))
		}
		synctest.Wait()
		answers := map[codec.Type]int{}
		for range 4 {
			p, err := conn.Read(t.Context())
			require.NoError(t, err)
			answers[p.Type()]++
		}
		require.Equal(t, map[codec.Type]int{codec.TypePubAck: 2, codec.TypePubRec: 1, codec.TypePubComp: 1}, answers)
	}
	for _, n := range []int{1, 2, 3, 5, 7, 511, 512, 513} {
		both(t, fmt.Sprintf("B147 read in pieces of %d bytes", n), func(t *testing.T, v mqtt.Version) {
			s, conn := listening(t, mqtt.Config{Version: v})
			conn.Pipe().Out().Chunk(n)
			reply(t, conn, script...)
			check(t, s, conn)
		})
	}
	for seed := range uint64(10) {
		both(t, fmt.Sprintf("B147 read in pieces of any size, %d", seed), func(t *testing.T, v mqtt.Version) {
			s, conn := listening(t, mqtt.Config{Version: v})
			conn.Pipe().Out().ChunkRandom(40, seed)
			reply(t, conn, script...)
			check(t, s, conn)
		})
	}
	both(t, "B147 cut at every byte", func(t *testing.T, v mqtt.Version) {
		var bytes []byte
		for _, p := range script {
			bytes, _ = p.Append(bytes, codec.Version(v))
		}
		for cut := range bytes {
			if cut > 200 && cut < 600 {
				continue // within the long payload one is as good as the other
			}
			s, conn := listening(t, mqtt.Config{Version: v})
			require.NoError(t, conn.SendBytes(bytes[:cut]))
			synctest.Wait()
			require.NoError(t, conn.SendBytes(bytes[cut:]))
			check(t, s, conn)
			s.client.Abort()
		}
	})
	both(t, "B147 what comes behind CONNACK in one segment", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		s.client.Messages()
		done := later(func() error { return s.client.Connect(t.Context()) })
		conn, err := s.server.Accept(t.Context())
		require.NoError(t, err)
		mqtttest.Expect[*codec.Connect](t, conn)
		reply(t, conn, append([]codec.Packet{&codec.ConnAck{}}, script...)...)
		require.NoError(t, <-done)
		check(t, s, conn)
	})
}

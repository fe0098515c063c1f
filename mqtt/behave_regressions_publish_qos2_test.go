package mqtt_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// handshakeCut is a place in the handshake of a QoS 2 message where the connection ends.
type handshakeCut struct {
	name string
	cut  func(b *mqtttest.Broker)
}

// handshakeCuts are all such places, for a message that goes from one side to the other.
func handshakeCuts(sender codec.Side) (all []handshakeCut) {
	receiver := codec.FromServer
	if sender == codec.FromServer {
		receiver = codec.FromClient
	}
	for _, packet := range []struct {
		from codec.Side
		kind codec.Type
	}{{sender, codec.TypePublish}, {receiver, codec.TypePubRec}, {sender, codec.TypePubRel}, {receiver, codec.TypePubComp}} {
		all = append(all,
			handshakeCut{fmt.Sprintf("before %s", packet.kind), func(b *mqtttest.Broker) { b.CutBefore(packet.from, packet.kind, 1) }},
			handshakeCut{fmt.Sprintf("after %s", packet.kind), func(b *mqtttest.Broker) { b.CutAfter(packet.from, packet.kind, 1) }},
			handshakeCut{fmt.Sprintf("three times after %s", packet.kind), func(b *mqtttest.Broker) {
				for n := range 3 {
					b.CutAfter(packet.from, packet.kind, n+1)
				}
			}},
		)
	}
	return all
}

func TestRegression7(t *testing.T) {
	for _, c := range handshakeCuts(codec.FromClient) {
		both(t, "Regression7 out, session kept: exactly once, cut "+c.name, func(t *testing.T, v mqtt.Version) {
			s, broker := brokered(t, keptSession(v), mqtttest.BrokerConfig{})
			c.cut(broker)
			for i := range 3 {
				require.NoError(t, s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, numbered(i))))
			}
			require.NoError(t, s.client.Flush(t.Context()))
			var got []string
			for _, r := range broker.Received() {
				got = append(got, string(r.Message.Payload))
			}
			require.Equal(t, []string{"m0", "m1", "m2"}, got)
			require.Empty(t, broker.Violations())
			require.Greater(t, broker.Connections(), 1)
		})
		both(t, "Regression7 out, session lost: at most once, and the outcome is true, cut "+c.name, func(t *testing.T, v mqtt.Version) {
			s, broker := brokered(t, mqtt.Config{Version: v, Session: mqtt.SessionConnection}, mqtttest.BrokerConfig{})
			c.cut(broker)
			var outcomes []error
			for i := range 3 {
				outcomes = append(outcomes, s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, numbered(i))))
			}
			arrived := map[string]int{}
			for _, r := range broker.Received() {
				arrived[string(r.Message.Payload)]++
			}
			for i, err := range outcomes {
				if err == nil {
					require.Equal(t, 1, arrived[numbered(i)])
					continue
				}
				requireOnly(t, err, mqtt.ErrUncertain)
				require.LessOrEqual(t, arrived[numbered(i)], 1)
			}
			require.Empty(t, broker.Violations())
		})
	}
	for _, c := range handshakeCuts(codec.FromServer) {
		for _, mode := range []mqtt.AckMode{mqtt.AckOnTake, mqtt.AckManual} {
			both(t, fmt.Sprintf("Regression7 in, session kept: exactly once, cut %s, mode %d", c.name, mode), func(t *testing.T, v mqtt.Version) {
				cfg := keptSession(v)
				cfg.Ack = mode
				s, broker := brokered(t, cfg, mqtttest.BrokerConfig{})
				_, err := s.client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a/b", QoS: mqtt.ExactlyOnce})
				require.NoError(t, err)
				c.cut(broker)
				require.Equal(t, []string{"m0", "m1", "m2"}, receivedFrom(t, s, broker, 3))
				require.Empty(t, broker.Violations())
				require.Greater(t, broker.Connections(), 1)
			})
		}
	}
	both(t, "Regression7 in, session lost: what the server forgot is forgotten", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, keptSession(v))
		reply(t, conn, incoming(codec.ExactlyOnce, 7, "old"))
		require.Equal(t, "old", string(s.next().Payload))
		expectRec(t, conn, 7)
		conn.Close()
		conn = s.accept()
		reply(t, conn, incoming(codec.ExactlyOnce, 7, "new"))
		require.Equal(t, "new", string(s.next().Payload))
		expectRec(t, conn, 7)
		s.none()
	})
}

// receivedFrom has the broker publish n messages and takes what the client hands out, until nothing more comes.
func receivedFrom(t *testing.T, s *scene, broker *mqtttest.Broker, n int) (got []string) {
	for i := range n {
		require.NoError(t, broker.Publish(*incoming(codec.ExactlyOnce, 0, numbered(i))))
	}
	quiet := time.NewTimer(time.Minute) // longer than all reconnects
	for {
		select {
		case m := <-s.client.Messages():
			got = append(got, string(m.Payload))
			require.NoError(t, m.Ack())
		case <-quiet.C:
			synctest.Wait()
			require.Zero(t, broker.Stats().InFlight)
			return got
		}
	}
}

func TestRegression16(t *testing.T) {
	subscribing := func(s *scene) <-chan error {
		return later(func() error {
			_, err := s.client.Subscribe(s.Context(), mqtt.Subscription{Filter: "x"}, mqtt.Subscription{Filter: "y"})
			return err
		})
	}
	for _, n := range []int{1, 3} {
		both(t, fmt.Sprintf("Regression16 SUBACK with %d codes for 2 filters", n), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			done := subscribing(s)
			p := mqtttest.Expect[*codec.Subscribe](t, conn)
			reply(t, conn, &codec.SubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, n)})
			expectExpelled(t, conn, v, codec.ProtocolError)
			pending(t, done)
			takeSubscribe(t, s.accept())
			require.NoError(t, <-done)
		})
	}
	bubble(t, "Regression16 UNSUBACK with 1 code for 2 filters", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := later(func() error { return s.client.Unsubscribe(s.Context(), "x", "y") })
		p := mqtttest.Expect[*codec.Unsubscribe](t, conn)
		reply(t, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, 1)})
		expectExpelled(t, conn, mqtt.V5, codec.ProtocolError)
		takeUnsubscribe(t, s.resume())
		require.NoError(t, <-done)
	})
	for name, answer := range map[string]func(id uint16) codec.Packet{
		"PUBACK":  func(id uint16) codec.Packet { return &codec.PubAck{PacketID: id} },
		"PUBREC":  func(id uint16) codec.Packet { return &codec.PubRec{PacketID: id} },
		"PUBCOMP": func(id uint16) codec.Packet { return &codec.PubComp{PacketID: id} },
	} {
		both(t, "Regression16 the wrong answer to a SUBSCRIBE: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			done := subscribing(s)
			p := mqtttest.Expect[*codec.Subscribe](t, conn)
			reply(t, conn, answer(p.PacketID))
			expectExpelled(t, conn, v, codec.ProtocolError)
			takeSubscribe(t, s.accept())
			require.NoError(t, <-done)
		})
	}
	both(t, "Regression16 the wrong answer to a publish", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		expectExpelled(t, conn, v, codec.ProtocolError)
		conn = s.resume()
		finish(t, conn, expectPayload(t, conn, "hi"))
		require.NoError(t, outcomeOf(t, d))
	})
	for name, c := range map[string]struct {
		bytes string
		code  codec.ReasonCode
	}{
		"a length bomb": {"30 FF FF FF 7F", codec.PacketTooLarge}, "reserved flags": {"43 02 00 01", codec.MalformedPacket},
		"QoS 3": {"36 06 00 01 61 00 01 00", codec.MalformedPacket}, "trailing bytes": {"D0 02 00 00", codec.MalformedPacket},
	} {
		both(t, "Regression16 "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			require.NoError(t, conn.SendBytes(raw(t, c.bytes)))
			expelled(t, s, conn, v, byte(c.code))
		})
	}
}

package mqtt_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestStrangeServer(t *testing.T) {
	for name, packet := range map[string]func(codes ...codec.ReasonCode) codec.Packet{
		"PUBACK":   func(...codec.ReasonCode) codec.Packet { return &codec.PubAck{PacketID: 77} },
		"PUBCOMP":  func(...codec.ReasonCode) codec.Packet { return &codec.PubComp{PacketID: 77} },
		"PINGRESP": func(...codec.ReasonCode) codec.Packet { return &codec.PingResp{} },
		"SUBACK":   func(codes ...codec.ReasonCode) codec.Packet { return &codec.SubAck{PacketID: 77, Codes: codes} },
		"UNSUBACK": func(codes ...codec.ReasonCode) codec.Packet { return &codec.UnsubAck{PacketID: 77, Codes: codes} },
	} {
		both(t, "B318 an answer that nobody waits for is let be: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			reply(t, conn, packet(codec.Success))
			quiet(t, conn)
			d, p := s.inFlight(conn, mqtt.AtLeastOnce, "goes on")
			finish(t, conn, p)
			require.NoError(t, outcomeOf(t, d))
		})
	}
	both(t, "B318 an answer that comes twice counts once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID}, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, d))
		quiet(t, conn)
		require.EqualValues(t, 1, s.client.Stats().Out.Done)
	})
}

func TestServerThatAsksAndDoesNotRead(t *testing.T) {
	flood := func(t *testing.T, v mqtt.Version, packet func(id uint16) codec.Packet) {
		s, conn := listening(t, mqtt.Config{Version: v})
		stuck(conn, 1)
		go func() {
			for range s.client.Messages() {
			}
		}()
		sent := later(func() error {
			var all []codec.Packet
			for i := range 50_000 {
				all = append(all, packet(uint16(1+i)))
			}
			for range 6 { // more than there are identifiers for, also beside what lies with the writer
				if err := conn.Send(all...); err != nil {
					return err
				}
			}
			return nil
		})
		s.accept()
		require.ErrorIs(t, s.client.Stats().Link.LastError, mqtt.ErrInboundOverrun)
		<-sent
	}
	bubble(t, "B314 what it asks for is bounded: PUBLISH on 3.1.1, which knows no Receive Maximum", func(t *testing.T) {
		flood(t, mqtt.V311, func(id uint16) codec.Packet { return incoming(codec.AtLeastOnce, id, "") })
	})
	both(t, "B314 what it asks for is bounded: PUBREL", func(t *testing.T, v mqtt.Version) {
		flood(t, v, func(id uint16) codec.Packet { return &codec.PubRel{PacketID: id} })
	})
	both(t, "B314 what it asks for is bounded: PUBREC", func(t *testing.T, v mqtt.Version) {
		flood(t, v, func(id uint16) codec.Packet { return &codec.PubRec{PacketID: id} })
	})
}

func TestServerThatSendsAnything(t *testing.T) {
	// lawful is what a server may send; the test changes some of its bytes.
	lawful := []codec.Packet{
		incoming(codec.AtMostOnce, 0, "m0"), incoming(codec.AtLeastOnce, 1, "m1"), &codec.PubAck{PacketID: 1}, &codec.PubRec{PacketID: 2},
		incoming(codec.ExactlyOnce, 2, "m2"), &codec.PubRel{PacketID: 2}, &codec.PingResp{}, &codec.PubComp{PacketID: 2},
		&codec.SubAck{PacketID: 3, Codes: []codec.ReasonCode{1}},
	}
	both(t, "B321 whatever comes, nothing panics, no more memory than the cap is taken, and the client goes on", func(t *testing.T, v mqtt.Version) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const rounds = 300
		s := idle(t, mqtt.Config{Version: v, MaxPacketSize: 4096,
			Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return time.Second, true }}})
		s.client.Messages()
		conn := s.connect()
		for seed := range uint64(rounds) {
			random := rand.New(rand.NewPCG(seed, seed))
			require.NoError(t, conn.SendBytes(garbled(lawful, codec.Version(v), random)))
			conn.Close()
			conn = s.accept()
		}
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "goes on")
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
		runtime.ReadMemStats(&after)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)/rounds, uint64(512<<10), "for a connection, with the test's own buffers of 128 KiB")
	})
}

// garbled is what a server sends, with some bytes changed.
func garbled(lawful []codec.Packet, v codec.Version, random *rand.Rand) (b []byte) {
	for _, i := range random.Perm(len(lawful)) {
		b, _ = lawful[i].Append(b, v)
	}
	for range 1 + random.IntN(8) {
		b[random.IntN(len(b))] = byte(random.IntN(256))
	}
	return b
}

package mqtt_test

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestContract19(t *testing.T) {
	// next is another client of the same session, as the next process has it.
	next := func(s *scene) *mqtttest.Conn {
		require.Error(s, s.client.Abort(), "what was in flight")
		client, err := mqtt.New(s.cfg)
		require.NoError(s, err)
		s.Cleanup(func() { client.Abort() })
		s.client = client
		client.Messages()
		return s.connect(codec.ConnAck{SessionPresent: true})
	}
	both(t, "Contract19 what was in flight and queued survives a reconnect, and not the client", func(t *testing.T, v mqtt.Version) {
		cfg := keptSession(v)
		cfg.MaxInFlight = 3
		s, conn := up(t, cfg)
		publishAll(s, 1, 2, 2, 1)
		for i := range 3 {
			expectPayload(t, conn, numbered(i))
		}
		reply(t, conn, &codec.PubRec{PacketID: 3})
		expectRelease(t, conn, 3)
		conn.Close()
		conn = s.resume()
		expectPayload(t, conn, "m0")
		expectPayload(t, conn, "m1")
		expectRelease(t, conn, 3)
		quiet(t, conn)
		conn = next(s)
		quiet(t, conn)
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "new")
		require.EqualValues(t, 1, p.PacketID, "nothing is known of the identifiers that the session has in use")
	})
	both(t, "Contract19 a QoS 2 message that the server repeats is known to the client, and not to the next one", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, keptSession(v))
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "in flight")
		m := incoming(codec.ExactlyOnce, 7, "hi")
		reply(t, conn, m)
		require.Equal(t, "hi", string(s.next().Payload))
		expectRec(t, conn, 7)
		conn.Close()
		conn = s.resume()
		require.Equal(t, p.PacketID, expectPayload(t, conn, "in flight").PacketID)
		m.Dup = true
		reply(t, conn, m)
		expectRec(t, conn, 7)
		s.none()
		conn = next(s)
		reply(t, conn, m)
		require.Equal(t, "hi", string(s.next().Payload))
		expectRec(t, conn, 7)
	})
	both(t, "Contract19 the server's half of a durable session is there for the next client: what came meanwhile", func(t *testing.T, v mqtt.Version) {
		h := host(t, mqtt.Config{Version: v, Session: mqtt.SessionDurable}, mqtttest.BrokerConfig{})
		_, err := h.client.Subscribe(soon(t), mqtt.Subscription{Filter: "a", QoS: mqtt.ExactlyOnce})
		require.NoError(t, err)
		require.NoError(t, h.client.Abort())
		synctest.Wait()
		h.publish("a", codec.AtLeastOnce, "1")
		h.publish("a", codec.ExactlyOnce, "2")
		client, err := mqtt.New(mqtt.Config{Version: v, Session: mqtt.SessionDurable, ClientID: "c", Dialer: h.broker})
		require.NoError(t, err)
		defer client.Abort()
		require.NoError(t, client.Connect(soon(t)))
		require.Equal(t, []string{"1", "2"}, payloads(t, client.Messages(), 2))
		synctest.Wait()
		require.Empty(t, h.broker.Violations())
	})
}

func TestContract20(t *testing.T) {
	// Each of these says a length that its packet doesn't have.
	for name, c := range map[string]struct{ v5, v311 string }{
		"of a packet":       {"30 FF FF FF 7F", "30 FF FF FF 7F"},
		"of a topic":        {"30 04 FF FF 61 00", "30 03 FF FF 61"},
		"of properties":     {"30 07 00 01 61 FF FF FF 7F", "32 05 FF FF 61 00 01"},
		"of a string":       {"90 09 00 01 05 1F FF FF 61 62 00", "34 04 FF FE 61 62"},
		"of binary data":    {"30 08 00 01 61 04 09 FF FF 00", "30 02 FF FF"},
		"of user property":  {"40 0A 00 01 10 06 26 FF FF 61 62 63", "40 FF FF FF 7F"},
		"of its own length": {"D0 FF FF FF FF 7F", "D0 FF FF FF FF 7F"},
	} {
		both(t, "Contract20 no memory is taken for a length that is only said: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			bytes := raw(t, c.v5)
			if v == mqtt.V311 {
				bytes = raw(t, c.v311)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			require.NoError(t, conn.SendBytes(bytes))
			synctest.Wait()
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(128<<10))
			expelled(t, s, conn, v, 0)
		})
	}
	both(t, "Contract20 by default no packet above 1 MiB is taken, and 5.0 is told so", func(t *testing.T, v mqtt.Version) {
		const most = 1 << 20
		s, conn := listening(t, mqtt.Config{Version: v})
		overhead := 4 + 2 + len("a/b")
		if v == mqtt.V5 {
			overhead++
			require.EqualValues(t, most, connectOf(t, mqtt.Config{}).Properties.MaximumPacketSize)
		}
		sent := later(func() error {
			conn.Send(incoming(codec.AtMostOnce, 0, strings.Repeat("x", most-overhead)))
			return conn.Send(incoming(codec.AtMostOnce, 0, strings.Repeat("x", most+1-overhead)))
		})
		require.Len(t, s.next().Payload, most-overhead)
		expectExpelled(t, conn, v, codec.PacketTooLarge)
		s.none()
		<-sent
	})
	both(t, "Contract20 by default a consumer that has stopped is owed 1024 messages or 8 MiB of QoS 0", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, KeepAlive: -1})
		flood(t, conn, codec.AtMostOnce, 0, 2000)
		require.Equal(t, 1024, s.client.Stats().Streams[0].Depth.Messages)
		require.True(t, s.client.Stats().In.Held)

		s, conn = listening(t, mqtt.Config{Version: v, KeepAlive: -1})
		sent := later(func() error {
			for range 20 {
				if err := conn.Send(incoming(codec.AtMostOnce, 0, strings.Repeat("x", 1<<20-1000))); err != nil {
					return err
				}
			}
			return nil
		})
		synctest.Wait()
		depth := s.client.Stats().Streams[0].Depth
		require.LessOrEqual(t, depth.Bytes, 8<<20)
		require.Greater(t, depth.Bytes, 7<<20)
		require.Empty(t, sent, "the others wait with the server")
		s.client.Abort()
		require.Error(t, <-sent)
	})
	both(t, "Contract20 by default 256 messages of QoS 1 and 2 are taken before the first is acknowledged", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, Ack: mqtt.AckManual, KeepAlive: -1})
		flood(t, conn, codec.AtLeastOnce, 1, 256)
		require.EqualValues(t, 256, s.client.Stats().In.Received)
		flood(t, conn, codec.AtLeastOnce, 257, 1)
		if v == mqtt.V5 {
			expectExpelled(t, conn, v, codec.ReceiveMaximumExceeded)
			require.EqualValues(t, 256, connectOf(t, mqtt.Config{}).Properties.ReceiveMaximum)
			return
		}
		require.EqualValues(t, 256, s.client.Stats().In.Received)
		require.True(t, s.client.Stats().In.Held)
	})
	both(t, "Contract20 by default 16,384 messages or 64 MiB are admitted to the outbox", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		admitted := 0
		for s.tryPublish(mqtt.AtMostOnce, "m") == nil {
			admitted++
		}
		require.LessOrEqual(t, admitted, 16_384)
		require.Greater(t, admitted, 15_000)

		s = idle(t, mqtt.Config{Version: v})
		large := strings.Repeat("x", 1<<20)
		for admitted = 0; s.tryPublish(mqtt.AtLeastOnce, large) == nil; admitted++ {
		}
		require.LessOrEqual(t, admitted, 64)
		require.Greater(t, admitted, 60)
	})
}

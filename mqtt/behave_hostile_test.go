package mqtt_test

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// raw reads a vector.
func raw(t testing.TB, vector string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(vector, " ", ""))
	require.NoError(t, err)
	return b
}

// expelled checks that a connection ends for what a server of version v has sent, and that the client tells why and comes
// back. code is what is told on 5.0; zero: whatever it is.
func expelled(t *testing.T, s *scene, conn *mqtttest.Conn, v mqtt.Version, code byte) {
	t.Helper()
	if v == mqtt.V5 {
		p := mqtttest.Expect[*codec.Disconnect](t, conn)
		require.True(t, p.Code.Failed())
		if code != 0 {
			require.Equal(t, codec.ReasonCode(code), p.Code)
		}
	}
	conn.ExpectClosed(t)
	conn.Close()
	conn = s.accept()
	synctest.Wait()
	var why error
	for _, e := range events(s.client) {
		if down, ok := e.(mqtt.EventDisconnected); ok {
			why = down.Err
		}
	}
	var fault *mqtt.ProtocolError
	require.ErrorAs(t, why, &fault)
	require.NotEmpty(t, fault.Section)
	s.async(mqtt.AtMostOnce, "works again")
	expectPayload(t, conn, "works again")
}

func TestHostileServer(t *testing.T) {
	for _, h := range hostile311 {
		bubble(t, h.line+" §21 3.1.1: close without a word, and reconnect: "+h.fault, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Version: mqtt.V311})
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			expelled(t, s, conn, mqtt.V311, 0)
		})
	}
	for _, h := range hostile5 {
		bubble(t, fmt.Sprintf("%s §21 5.0: DISCONNECT 0x%02X, close, and reconnect: %s", h.line, h.code, h.fault), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			expelled(t, s, conn, mqtt.V5, h.code)
		})
	}
	for _, h := range hostile5Words {
		bubble(t, fmt.Sprintf("%s §21 5.0: DISCONNECT 0x%02X, close, and reconnect: %s, where it was forbidden", h.line, h.code, h.fault), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{RequestProblemInformation: new(false)})
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			expelled(t, s, conn, mqtt.V5, h.code)
		})
	}
	for _, h := range hostile5Aliases {
		bubble(t, fmt.Sprintf("%s §21 5.0: DISCONNECT 0x%02X, close, and reconnect: %s, aliases are offered", h.line, h.code, h.fault), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{TopicAliasMaximum: 5})
			require.NoError(t, conn.SendBytes(raw(t, h.bytes)))
			expelled(t, s, conn, mqtt.V5, h.code)
		})
	}
	bubble(t, "B313 the same bytes one at a time", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		conn.Pipe().Out().Chunk(1)
		require.NoError(t, conn.SendBytes(raw(t, "30 09 00 01 61 05 11 00 00 00 01")))
		expelled(t, s, conn, mqtt.V5, 0x81)
	})
	both(t, "B313 what lies before the fault counts, what lies behind it doesn't", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, Session: mqtt.SessionDurable, ClientID: "c1"})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "answered before")
		late, q := s.inFlight(conn, mqtt.AtLeastOnce, "answered behind")
		var b []byte
		b, _ = (&codec.PubAck{PacketID: p.PacketID}).Append(b, codec.Version(v))
		b = append(b, 0, 0)
		b, _ = (&codec.PubAck{PacketID: q.PacketID}).Append(b, codec.Version(v))
		b, _ = incoming(codec.AtMostOnce, 0, "behind").Append(b, codec.Version(v))
		require.NoError(t, conn.SendBytes(b))
		expectExpelled(t, conn, v, codec.MalformedPacket)
		require.NoError(t, outcomeOf(t, d))
		openDelivery(t, late)
		s.none()
	})
	both(t, "B313 a fault while the server doesn't read: the connection ends within a second", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stuck(conn, 1)
		s.async(mqtt.AtMostOnce, "blocks the writer")
		synctest.Wait()
		require.NoError(t, conn.SendBytes([]byte{0, 0}))
		start := time.Now()
		s.accept()
		require.Less(t, time.Since(start), 2500*time.Millisecond) // a second, and the first delay of Backoff
	})
}

func TestHostileConnAck(t *testing.T) {
	// answered connects and has the server answer CONNECT with these bytes, on the first connection or a later one.
	answered := func(t *testing.T, v mqtt.Version, bytes string, code byte) {
		s := idle(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Connect(t.Context()) })
		conn, err := s.server.Accept(t.Context())
		require.NoError(t, err)
		mqtttest.Expect[*codec.Connect](t, conn)
		require.NoError(t, conn.SendBytes(raw(t, bytes)))
		expectReproach(t, conn, v, code)
		var fault *mqtt.ProtocolError
		require.ErrorAs(t, <-done, &fault)
		require.Equal(t, mqtt.StateIdle, s.client.State())
		s.connect().Close()

		conn, err = s.server.Accept(t.Context())
		require.NoError(t, err)
		mqtttest.Expect[*codec.Connect](t, conn)
		require.NoError(t, conn.SendBytes(raw(t, bytes)))
		expectReproach(t, conn, v, code)
		s.accept()
	}
	for _, h := range hostile311ConnAcks {
		bubble(t, h.line+" §21 3.1.1: close without a word: "+h.fault, func(t *testing.T) { answered(t, mqtt.V311, h.bytes, 0) })
	}
	for _, h := range hostile5ConnAcks {
		bubble(t, fmt.Sprintf("%s §21 5.0: DISCONNECT 0x%02X and close: %s", h.line, h.code, h.fault), func(t *testing.T) {
			answered(t, mqtt.V5, h.bytes, h.code)
		})
	}
	for name, packet := range map[string]string{
		"PUBLISH": "30 04 00 01 61 00", "PUBACK": "40 02 00 01", "SUBACK": "90 04 00 01 00 00", "PINGRESP": "D0 00",
		"DISCONNECT": "E0 00", "PUBREL": "62 02 00 01", "UNSUBACK": "B0 04 00 01 00 00",
	} {
		bubble(t, "B316 5.0: another packet than CONNACK first: "+name, func(t *testing.T) { answered(t, mqtt.V5, packet, 0x82) })
	}
	for name, packet := range map[string]string{
		"PUBLISH": "30 03 00 01 61", "PUBACK": "40 02 00 01", "SUBACK": "90 03 00 01 00", "PINGRESP": "D0 00",
	} {
		bubble(t, "B316 3.1.1: another packet than CONNACK first: "+name, func(t *testing.T) { answered(t, mqtt.V311, packet, 0) })
	}
}

// expectReproach is expectExpelled for an answer to CONNECT.
func expectReproach(t testing.TB, conn *mqtttest.Conn, v mqtt.Version, code byte) {
	t.Helper()
	expectExpelled(t, conn, v, codec.ReasonCode(code))
	conn.Close()
}

func TestHostileLength(t *testing.T) {
	for _, size := range []string{"30 FF FF FF 7F", "30 80 80 40"} {
		both(t, "B314 a length above the cap is refused by its header, and takes no memory: "+size, func(t *testing.T, v mqtt.Version) {
			_, conn := up(t, mqtt.Config{Version: v, MaxPacketSize: 1 << 20})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			require.NoError(t, conn.SendBytes(raw(t, size)))
			expectExpelled(t, conn, v, codec.PacketTooLarge)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<10))
		})
	}
	both(t, "B314 a packet of exactly the cap is taken, one byte more is not", func(t *testing.T, v mqtt.Version) {
		s, conn := listening(t, mqtt.Config{Version: v, MaxPacketSize: 1000})
		overhead := 3 + 2 + len("a/b")
		if v == mqtt.V5 {
			overhead++
		}
		reply(t, conn, incoming(codec.AtMostOnce, 0, strings.Repeat("x", 1000-overhead)))
		s.next()
		reply(t, conn, incoming(codec.AtMostOnce, 0, strings.Repeat("x", 1001-overhead)))
		expectExpelled(t, conn, v, codec.PacketTooLarge)
		s.none()
	})
}

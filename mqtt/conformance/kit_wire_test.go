package conformance

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// incoming makes a PUBLISH for a/b from the server.
func incoming(qos codec.QoS, id uint16, payload string) *codec.Publish {
	return &codec.Publish{Topic: "a/b", QoS: qos, PacketID: id, Payload: []byte(payload)}
}

// reply sends packets from the server.
func reply(t testing.TB, conn *mqtttest.Conn, packets ...codec.Packet) {
	t.Helper()
	require.NoError(t, conn.Send(packets...))
}

// feed sends bytes from the server, given in hexadecimal.
func feed(t testing.TB, conn *mqtttest.Conn, vectors ...string) {
	t.Helper()
	for _, vector := range vectors {
		require.NoError(t, conn.SendBytes(bytesOf(vector)))
	}
}

// bytesOf reads hexadecimal with blanks.
func bytesOf(vector string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(vector, " ", ""))
	if err != nil {
		panic(fmt.Sprintf("%q: %v", vector, err))
	}
	return b
}

// leaves checks that the next packet from the client is these bytes.
func leaves(t testing.TB, conn *mqtttest.Conn, vector string) {
	t.Helper()
	require.Equal(t, fmt.Sprintf("% X", bytesOf(vector)), fmt.Sprintf("% X", raw(t, conn)))
}

// raw takes the bytes of the next packet from the client.
func raw(t testing.TB, conn *mqtttest.Conn) []byte {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), mqtttest.DefaultPatience)
	defer stop()
	b, err := conn.ReadRaw(ctx)
	require.NoError(t, err)
	return b
}

// decode reads a packet in the scene's version.
func decode[P codec.Packet](s *scene, b []byte, from codec.Side) P {
	s.Helper()
	d := codec.Dialect{Version: codec.Version(s.v), From: from}
	f, n, err := codec.Next(b, d, 0)
	require.NoError(s, err)
	require.Len(s, b, n)
	p, err := codec.Decode(f, d)
	require.NoError(s, err)
	found, ok := p.(P)
	require.True(s, ok, "%v", p.Type())
	return found
}

// expectNow is Expect for what must be there at once: nothing waits until some timer of the client's moves it.
func expectNow[P codec.Packet](t testing.TB, conn *mqtttest.Conn) P {
	t.Helper()
	start := time.Now()
	p := mqtttest.Expect[P](t, conn)
	require.Zero(t, time.Since(start), "it came late")
	return p
}

// quiet says that nothing comes for a while, as long as no timer of the client is due.
func quiet(t testing.TB, conn *mqtttest.Conn) {
	t.Helper()
	conn.ExpectNothing(t, time.Second)
}

// vbi is n as a variable byte integer (§1.5.5).
func vbi(n int) (b []byte) {
	for n > 127 {
		b = append(b, byte(n%128+128))
		n /= 128
	}
	return append(b, byte(n))
}

// sized puts the length of bytes before them, both in hexadecimal.
func sized(vector string) string { return fmt.Sprintf("%X %s", vbi(len(bytesOf(vector))), vector) }

// header makes a packet from its first byte and the rest.
func header(first byte, vector string) string { return fmt.Sprintf("%02X %s", first, sized(vector)) }

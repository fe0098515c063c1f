package conformance

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// line is the server's end of one connection, in bytes as the specification writes them.
type line struct {
	*pair
	conn *mqtttest.Conn
}

// packetOf writes a packet in hexadecimal: its first byte, its length, and its parts, of which a string is preceded by its
// length in two bytes, an int is two bytes, and a []byte stands as it is.
func packetOf(first byte, parts ...any) string {
	var body []byte
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			body = append(body, byte(len(part)>>8), byte(len(part)))
			body = append(body, part...)
		case int:
			body = append(body, byte(part>>8), byte(part))
		case []byte:
			body = append(body, part...)
		default:
			panic(fmt.Sprintf("a %T", part))
		}
	}
	return hex.EncodeToString(append(binary.AppendUvarint([]byte{first}, uint64(len(body))), body...))
}

// says sends packets, in one segment.
func (l *line) says(packets ...string) {
	l.Helper()
	require.NoError(l, l.conn.SendBytes(bytesOf(strings.Join(packets, ""))))
}

// read waits for a packet for d.
func (l *line) read(d time.Duration) ([]byte, error) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	return l.conn.ReadRaw(ctx)
}

// packet takes the next packet, which must be there.
func (l *line) packet() []byte {
	l.Helper()
	b, err := l.read(time.Nanosecond)
	require.NoError(l, err, "no packet")
	return b
}

// hears takes the next packets, which must be these and be there.
func (l *line) hears(packets ...string) {
	l.Helper()
	synctest.Wait()
	for _, want := range packets {
		want := bytesOf(want)
		require.Equal(l, fmt.Sprintf("% X", want), fmt.Sprintf("% X", l.packet()))
	}
}

// quiet says that the client sends nothing for a while, and keeps the connection.
func (l *line) quiet() {
	l.Helper()
	b, err := l.read(5 * time.Second)
	require.ErrorIs(l, err, context.DeadlineExceeded, "% X", b)
}

// shut checks that the client closes the connection, both ways, without another byte; about is what it is closed for.
func (l *line) shut(about string) {
	l.Helper()
	b, err := l.read(2 * time.Second)
	require.Error(l, err, "%s: the client sends % X", about, b)
	require.NotErrorIs(l, err, context.DeadlineExceeded, "%s: the connection stays open", about)
	elapse(100 * time.Millisecond)
	require.Error(l, l.conn.SendBytes([]byte{0xD0, 0}), "%s: the client still reads", about)
	l.conn.Close()
}

// farewell takes DISCONNECT and checks that the client then closes the connection, without another byte. It may read until the
// server closes, and for a second.
func (l *line) farewell() {
	l.Helper()
	l.hears("E0 00")
	b, err := l.read(time.Nanosecond)
	require.ErrorIs(l, err, io.EOF, "after DISCONNECT: % X", b)
	elapse(time.Second + time.Millisecond)
	require.Error(l, l.conn.SendBytes([]byte{0xD0, 0}), "the client still reads")
}

// refused checks that the client takes nothing of a packet, closes the connection for it and says why, and comes back.
func (l *line) refused(packet string) *line {
	l.Helper()
	l.says(packet)
	l.shut(packet)
	l.blames(packet)
	l.takesNothing()
	return l.answered(accepted)
}

// cut ends the connection from the server's side.
func (l *line) cut() { l.conn.Close() }

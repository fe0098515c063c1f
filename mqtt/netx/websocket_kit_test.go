//go:build !js

package netx

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// agree answers a request for WebSocket by hand, so that a test can write any frame.
func agree(c net.Conn) bool {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return false
	}
	_, err = io.WriteString(c, agreement(r))
	return err == nil
}

func agreement(r *http.Request) string {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return fmt.Sprintf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
}

// appendServerHead is the header of a frame of a server: whole, and not masked.
func appendServerHead(b []byte, kind byte, size int) []byte {
	switch {
	case size <= 125:
		return append(b, finBit|kind, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, finBit|kind, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(b, finBit|kind, 127), uint64(size))
}

// webPipe dials a server of the test's own over a pipe, which works in a synctest bubble too.
func webPipe(t *testing.T) (conn, far net.Conn) {
	near, far := net.Pipe()
	agreed := make(chan bool, 1)
	go func() { agreed <- agree(far) }()
	conn, err := Dial(t.Context(), server(t, "ws://broker.example/mqtt"), Options{Dialer: over(near)})
	require.NoError(t, err)
	require.True(t, <-agreed)
	closing(t, conn)
	return conn, closing(t, far)
}

// clientFrame reads one frame of ours, and holds it to what a client's frames must be.
func clientFrame(t *testing.T, from io.Reader) (kind byte, payload []byte) {
	var head [2]byte
	_, err := io.ReadFull(from, head[:])
	require.NoError(t, err)
	require.EqualValues(t, finBit, head[0]&^kindBits, "whole, and no bit that is reserved")
	require.NotZero(t, head[1]&maskBit, "a client's frames are masked")
	size := uint64(head[1] &^ maskBit)
	if size >= 126 {
		long := make([]byte, map[uint64]int{126: 2, 127: 8}[size])
		_, err = io.ReadFull(from, long)
		require.NoError(t, err)
		size = binary.BigEndian.Uint64(append(make([]byte, 8-len(long)), long...))
	}
	var key [4]byte
	_, err = io.ReadFull(from, key[:])
	require.NoError(t, err)
	payload = make([]byte, size)
	_, err = io.ReadFull(from, payload)
	require.NoError(t, err)
	for i := range payload {
		payload[i] ^= key[i&3]
	}
	return head[0] & kindBits, payload
}

// frame is one of a server, whole and not masked.
func frame(kind byte, payload string) []byte {
	return append(appendServerHead(nil, kind, len(payload)), payload...)
}

// closeFrame is a server's.
func closeFrame(code uint16, reason string) []byte {
	return frame(frameClose, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// sends writes without waiting for the reader.
func sends(t *testing.T, far net.Conn, pieces ...[]byte) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range pieces {
			if _, err := far.Write(p); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		far.Close()
		<-done
	})
}

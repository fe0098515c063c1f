//go:build !js

package netx

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// dialPacked has a server that compresses.
func dialPacked(t *testing.T, mode Compression, serve func(*http.Request, *websocket.Conn)) net.Conn {
	address := listenWeb(t, &websocket.AcceptOptions{
		Subprotocols: []string{"mqtt"}, CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1,
	}, serve)
	conn := dialWeb(t, "ws://"+address, Options{WebSocket: WebSocketOptions{Compression: mode}})
	require.IsType(t, &packed{}, conn)
	return conn
}

func TestCompression(t *testing.T) {
	for _, c := range []struct {
		name string
		mode Compression
	}{{"each message", CompressionMessage}, {"the stream", CompressionStream}} {
		t.Run(c.name, func(t *testing.T) {
			sizes := make(chan int, 10)
			conn := dialPacked(t, c.mode, func(_ *http.Request, conn *websocket.Conn) {
				for {
					_, b, err := conn.Read(context.Background())
					if err != nil {
						return
					}
					sizes <- len(b)
					if conn.Write(context.Background(), websocket.MessageBinary, b) != nil {
						return
					}
				}
			})
			text := strings.Repeat("a sentence that comes again. ", 5000)
			for range 2 {
				var wg sync.WaitGroup
				wg.Go(func() {
					n, err := conn.Write([]byte(text))
					require.NoError(t, err)
					require.Equal(t, len(text), n)
					n, err = conn.(PairWriter).WriteTwo([]byte("head"), []byte(text))
					require.NoError(t, err)
					require.Equal(t, len(text)+4, n)
				})
				got := make([]byte, 2*len(text)+4)
				_, err := io.ReadFull(conn, got)
				require.NoError(t, err)
				require.True(t, text+"head"+text == string(got))
				wg.Wait()
				require.Equal(t, []int{len(text), len(text) + 4}, []int{<-sizes, <-sizes}, "each is one message")
			}
			require.NoError(t, conn.(HalfCloser).CloseWrite())
			_, err := conn.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
		})
	}
}

func TestCompressedEnds(t *testing.T) {
	t.Run("B296 text", func(t *testing.T) {
		said := make(chan websocket.StatusCode, 1)
		conn := dialPacked(t, CompressionMessage, func(_ *http.Request, conn *websocket.Conn) {
			conn.Write(context.Background(), websocket.MessageText, []byte("hello"))
			_, _, err := conn.Read(context.Background())
			said <- websocket.CloseStatus(err)
		})
		_, err := conn.Read(make([]byte, 10))
		require.Equal(t, errText, err)
		require.Equal(t, websocket.StatusUnsupportedData, <-said)
	})
	t.Run("B294 a close with a reason", func(t *testing.T) {
		conn := dialPacked(t, CompressionMessage, func(_ *http.Request, conn *websocket.Conn) {
			conn.Close(websocket.StatusGoingAway, "restart")
		})
		_, err := conn.Read(make([]byte, 10))
		require.Equal(t, &CloseError{1001, "restart"}, err)
	})
	t.Run("B294 the connection ends", func(t *testing.T) {
		conn := dialPacked(t, CompressionMessage, func(_ *http.Request, conn *websocket.Conn) { conn.CloseNow() })
		_, err := conn.Read(make([]byte, 10))
		require.Equal(t, io.EOF, err)
	})
	t.Run("deadlines", func(t *testing.T) {
		release := make(chan struct{})
		conn := dialPacked(t, CompressionMessage, func(*http.Request, *websocket.Conn) { <-release })
		defer close(release)
		require.NoError(t, conn.SetReadDeadline(time.Now()))
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, conn.SetWriteDeadline(time.Unix(1, 0)))
		n, err := conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Zero(t, n, "not a byte has left")
	})
}

func TestCompressedMessageThatMayHaveLeft(t *testing.T) {
	out := newCounted(&some{room: 5})
	c := &packed{out: out}
	write := func() error {
		_, err := out.Write(make([]byte, 10))
		return err
	}
	n, err := c.count(1000, write)
	require.EqualError(t, err, "full")
	require.Equal(t, 1000, n)
	n, err = c.count(1000, write)
	require.EqualError(t, err, "full")
	require.Zero(t, n)
}

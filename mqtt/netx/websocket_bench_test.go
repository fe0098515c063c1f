//go:build !js

package netx

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// way is what is compared: TCP, WebSocket with our frames, and as websocket.Conn does it.
type way struct {
	name string
	dial func() net.Conn
}

func ways(b *testing.B, tcp, web string) []way {
	dial := func(url string) net.Conn {
		s, err := Parse(url)
		require.NoError(b, err)
		conn, err := Dial(b.Context(), s, Options{})
		require.NoError(b, err)
		return conn
	}
	return []way{
		{"tcp", func() net.Conn { return dial("mqtt://" + tcp) }},
		{"ws", func() net.Conn { return dial("ws://" + web) }},
		{"coder", func() net.Conn {
			ws, _, err := websocket.Dial(b.Context(), "ws://"+web, &websocket.DialOptions{Subprotocols: []string{"mqtt"}})
			require.NoError(b, err)
			return websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
		}},
	}
}

func BenchmarkWebSocketWrite(b *testing.B) {
	tcp := listen(b, func(c net.Conn) { io.Copy(io.Discard, c) })
	web := listen(b, func(c net.Conn) { // so that only the client's work with frames is measured
		if agree(c) {
			io.Copy(io.Discard, c)
		}
	})
	for _, size := range []int{64, 4 << 10, 64 << 10} {
		for _, w := range ways(b, tcp, web) {
			b.Run(fmt.Sprintf("way=%s/size=%d", w.name, size), func(b *testing.B) {
				conn := w.dial()
				defer conn.Close()
				p := make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := conn.Write(p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkWebSocketRead(b *testing.B) {
	for _, size := range []int{64, 4 << 10, 64 << 10} {
		frame := append(appendServerHead(nil, frameBinary, size), make([]byte, size)...)
		var frames []byte
		for len(frames) < 64<<10 {
			frames = append(frames, frame...)
		}
		plain := make([]byte, 64<<10)
		tcp := listen(b, func(c net.Conn) {
			for err := error(nil); err == nil; {
				_, err = c.Write(plain)
			}
		})
		web := listen(b, func(c net.Conn) {
			if !agree(c) {
				return
			}
			for err := error(nil); err == nil; {
				_, err = c.Write(frames)
			}
		})
		for _, w := range ways(b, tcp, web) {
			b.Run(fmt.Sprintf("way=%s/size=%d", w.name, size), func(b *testing.B) {
				conn := w.dial()
				defer conn.Close()
				p := make([]byte, 64<<10)
				b.SetBytes(64 << 10)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := io.ReadFull(conn, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package netx

import (
	"context"
	"errors"
	"io"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// opened is a connection that is open, and its far side.
func opened(t *testing.T) (*socketConn, js.Value) {
	class := browser(t, "socket => socket.open()")
	conn, err := dialWebSocket(t.Context(), "ws://h/mqtt?token=hush", "ws://h/mqtt", "mqtt")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn, class.Get("made")
}

func TestB288WebSocketOpens(t *testing.T) {
	conn, socket := opened(t)
	require.Equal(t, "ws://h/mqtt?token=hush", socket.Get("url").String())
	require.Equal(t, `["mqtt"]`, js.Global().Get("JSON").Call("stringify", socket.Get("protocols")).String())
	require.Equal(t, "arraybuffer", socket.Get("binaryType").String())
	require.Equal(t, "ws://h/mqtt", conn.RemoteAddr().String())
	require.Equal(t, "websocket", conn.LocalAddr().Network())

	socket.Call("message", "there")
	require.Equal(t, "there", read(t, conn, 10))
	_, err := conn.Write([]byte("back"))
	require.NoError(t, err)
	require.Equal(t, "back", socket.Call("said").String())
	require.NoError(t, conn.Close())
	requireClosed(t, socket)
}

// requireClosed shows that socket was told to end, and that nothing of ours listens to it any more.
func requireClosed(t *testing.T, socket js.Value) {
	require.Equal(t, 1000, socket.Get("code").Int())
	require.False(t, socket.Call("heard").Bool(), "handlers stay behind")
}

func TestWebSocketDoesNotOpen(t *testing.T) {
	t.Run("B295 refused", func(t *testing.T) {
		class := browser(t, `socket => socket.end(1006, "")`)
		_, err := dialWebSocket(t.Context(), "ws://h", "ws://h")
		require.ErrorIs(t, err, errNotOpened)
		require.ErrorContains(t, err, "1006")
		requireClosed(t, class.Get("made"))
	})
	t.Run("B015 the context ends", func(t *testing.T) {
		class := browser(t, "socket => {}")
		ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		_, err := dialWebSocket(ctx, "ws://h", "ws://h")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireClosed(t, class.Get("made"))
	})
	t.Run("not allowed", func(t *testing.T) {
		browser(t, "socket => {}")
		_, err := dialWebSocket(t.Context(), "ws://refused", "ws://refused")
		require.ErrorContains(t, err, "a word of the browser's own")
		_, thrown := errors.AsType[js.Error](err)
		require.True(t, thrown)
	})
	t.Run("no WebSocket", func(t *testing.T) {
		browser(t, "socket => {}")
		js.Global().Set("WebSocket", js.Undefined())
		_, err := dialWebSocket(t.Context(), "ws://h", "ws://h")
		require.ErrorIs(t, err, errNoWebSocket)
	})
}

func requireEnd(t *testing.T, want, err error) {
	if closed, ok := want.(*CloseError); ok {
		got, ok := errors.AsType[*CloseError](err)
		require.True(t, ok, err)
		require.Equal(t, closed, got)
		return
	}
	require.ErrorIs(t, err, want)
}

func TestB294TheServersEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   int
		reason string
		want   error
	}{
		{"in order", 1000, "", io.EOF},
		{"without a code", 1005, "", io.EOF},
		{"going away", 1001, "restart", &CloseError{Code: 1001, Reason: "restart"}},
		{"for a reason", 1008, "too loud", &CloseError{Code: 1008, Reason: "too loud"}},
		{"broken", 1006, "", io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, socket := opened(t)
			socket.Call("message", "last")
			socket.Call("end", c.code, c.reason)
			require.Equal(t, "last", read(t, conn, 10), "what came before the end is read")
			for range 2 {
				_, err := conn.Read(make([]byte, 1))
				requireEnd(t, c.want, err)
				require.Equal(t, c.want == io.EOF, err == io.EOF, "an orderly end is io.EOF itself")
			}
			_, err := conn.Write([]byte("late"))
			requireEnd(t, c.want, err)
			requireClosed(t, socket)
		})
	}
}

func TestB296TextOfAServer(t *testing.T) {
	conn, socket := opened(t)
	socket.Call("text", "hello")
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, errTextCame)
	requireClosed(t, socket)
}

func TestAWriteThatThrows(t *testing.T) {
	conn, socket := opened(t)
	socket.Set("readyState", 0)
	_, err := conn.Write([]byte("a"))
	require.ErrorContains(t, err, "still connecting")
}

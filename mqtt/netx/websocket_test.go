package netx

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// listenWeb serves WebSocket, and ends with the test.
func listenWeb(t *testing.T, o *websocket.AcceptOptions, serve func(*http.Request, *websocket.Conn)) string {
	if o == nil {
		o = &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, o)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		serve(r, conn)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func echoWeb(_ *http.Request, conn *websocket.Conn) {
	raw := websocket.NetConn(context.Background(), conn, websocket.MessageBinary)
	io.Copy(raw, raw)
}

func TestWebSocket(t *testing.T) {
	address := listenWeb(t, nil, echoWeb)
	conn, err := Dial(t.Context(), server(t, "ws://"+address+"/mqtt"), Options{})
	require.NoError(t, err)
	closing(t, conn)
	requireEcho(t, conn)
}

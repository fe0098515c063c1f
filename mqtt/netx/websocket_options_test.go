//go:build !js

package netx

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWebSocketOptionsRefused(t *testing.T) {
	for _, c := range []struct {
		name          string
		options       WebSocketOptions
		field, reason string
	}{
		{"a header of ours", WebSocketOptions{Header: http.Header{"upgrade": {"x"}}}, "WebSocket.Header", "has upgrade, which is not the caller's: leave it out"},
		{"the subprotocol as a header", WebSocketOptions{Header: http.Header{"Sec-WebSocket-Protocol": {"mqtt"}}}, "WebSocket.Header", "say it in Subprotocols"},
		{"compression as a header", WebSocketOptions{Header: http.Header{"Sec-Websocket-Extensions": {"x"}}}, "WebSocket.Header", "say it in Compression"},
		{"a header without a name", WebSocketOptions{Header: http.Header{"": {"x"}}}, "WebSocket.Header", `has "", which is no name`},
		{"a header with a colon", WebSocketOptions{Header: http.Header{"a:b": {"x"}}}, "WebSocket.Header", `has "a:b", which is no name`},
		{"a header with a line end", WebSocketOptions{Header: http.Header{"Authorization": {"hush\r\nX: y"}}}, "WebSocket.Header", "has a Authorization with a control character"},
		{"two hosts", WebSocketOptions{Header: http.Header{"Host": {"a", "b"}}}, "WebSocket.Header", "has a Host that is not one host"},
		{"a host that is a URL", WebSocketOptions{Header: http.Header{"Host": {"ws://a"}}}, "WebSocket.Header", "has a Host that is not one host"},
		{"a subprotocol with a space", WebSocketOptions{Subprotocols: []string{"mqtt 5"}}, "WebSocket.Subprotocols", `has "mqtt 5", which is no name`},
		{"an unknown compression", WebSocketOptions{Compression: 3}, "WebSocket.Compression", "is none of its values"},
		{"a negative compression", WebSocketOptions{Compression: -1}, "WebSocket.Compression", "is none of its values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Dial(t.Context(), server(t, "ws://h"), Options{WebSocket: c.options, Dialer: over(nil)})
			wrong, ok := errors.AsType[*OptionError](err)
			require.True(t, ok, "%T: %v", err, err)
			require.Equal(t, c.field, wrong.Field)
			require.Contains(t, wrong.Reason, c.reason)
			require.Equal(t, c.field+" "+wrong.Reason, err.Error())
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

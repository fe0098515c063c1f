package conformance

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// webSocket needs real sockets; its statements are those of both versions (§6).
var webSocket = outside{
	"MQTT-6.0.0-1": func(t *testing.T, v mqtt.Version) {
		url := web(t, nil, func(conn *websocket.Conn, _ *http.Request) {
			kind, _ := packets(t, conn, v) // CONNECT
			require.Equal(t, websocket.MessageBinary, kind)
			acceptConnect(t, conn, v)
			kind, _ = packets(t, conn, v) // SUBSCRIBE
			require.Equal(t, websocket.MessageBinary, kind)
			conn.Write(context.Background(), websocket.MessageText, []byte("hello"))
			_, _, err := conn.Read(context.Background())
			require.Equal(t, websocket.StatusUnsupportedData, websocket.CloseStatus(err), "%v", err)
		})
		client, err := mqtt.Connect(t.Context(), url, mqtt.Config{Version: v, Backoff: mqtt.Backoff{Attempts: -1}})
		require.NoError(t, err)
		defer client.Abort()
		_, err = client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a"})
		require.Error(t, err)
		<-client.Done()
		wrong, ok := errors.AsType[*mqtt.ProtocolError](client.Err())
		require.True(t, ok, "%v", client.Err())
		require.Contains(t, wrong.Error(), "text message")
	},
	"MQTT-6.0.0-2": func(t *testing.T, v mqtt.Version) {
		url := web(t, nil, func(conn *websocket.Conn, _ *http.Request) {
			packets(t, conn, v)
			ack, err := (&codec.ConnAck{}).Append(nil, codec.Version(v))
			require.NoError(t, err)
			w, err := conn.Writer(context.Background(), websocket.MessageBinary)
			require.NoError(t, err)
			for _, piece := range [][]byte{ack[:1], ack[1:3], ack[3:]} { // each is a frame
				w.Write(piece)
			}
			require.NoError(t, w.Close())
			packets(t, conn, v) // SUBSCRIBE
			all, err := (&codec.SubAck{PacketID: 1, Codes: []codec.ReasonCode{0}}).Append(nil, codec.Version(v))
			require.NoError(t, err)
			for _, payload := range []string{"one", "two"} {
				all, err = (&codec.Publish{Topic: "a", Payload: []byte(payload)}).Append(all, codec.Version(v))
				require.NoError(t, err)
			}
			conn.Write(context.Background(), websocket.MessageBinary, all[:len(all)-2])
			conn.Write(context.Background(), websocket.MessageBinary, all[len(all)-2:])
			conn.Read(context.Background())
		})
		client, err := mqtt.Connect(t.Context(), url, mqtt.Config{Version: v})
		require.NoError(t, err)
		defer client.Abort()
		_, err = client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a"})
		require.NoError(t, err)
		require.Equal(t, "one", string((<-client.Messages()).Payload))
		require.Equal(t, "two", string((<-client.Messages()).Payload))
	},
	"MQTT-6.0.0-3": func(t *testing.T, v mqtt.Version) {
		offered := make(chan string, 1)
		url := web(t, nil, func(conn *websocket.Conn, r *http.Request) {
			offered <- r.Header.Get("Sec-WebSocket-Protocol")
			packets(t, conn, v)
			acceptConnect(t, conn, v)
			conn.Read(context.Background())
		})
		client, err := mqtt.Connect(t.Context(), url, mqtt.Config{Version: v})
		require.NoError(t, err)
		defer client.Abort()
		require.Equal(t, "mqtt", <-offered)
	},
	"MQTT-6.0.0-4": func(t *testing.T, v mqtt.Version) {
		for _, chosen := range []string{"", "soap"} {
			came := make(chan error, 1)
			url := web(t, func(r *http.Request) { // the server takes what it says itself
				r.Header.Set("Sec-WebSocket-Protocol", chosen)
			}, func(conn *websocket.Conn, _ *http.Request) {
				_, _, err := conn.Read(context.Background())
				came <- err
			})
			_, err := mqtt.Connect(t.Context(), url, mqtt.Config{Version: v})
			failed, ok := errors.AsType[*mqtt.ConnectError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, "websocket", failed.Stage)
			_, ok = errors.AsType[*netx.UpgradeError](err)
			require.True(t, ok, "%v", err)
			require.Error(t, <-came, "no CONNECT has left")
		}
	},
}

// web is a server of WebSocket that serves each connection, after it may have changed the request, and gives its URL.
func web(t *testing.T, change func(*http.Request), serve func(*websocket.Conn, *http.Request)) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if change != nil {
			change(r)
		}
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt", "soap"}})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		serve(conn, r)
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "http://", "ws://", 1)
}

// packets reads one message, which has to hold whole packets.
func packets(t *testing.T, conn *websocket.Conn, v mqtt.Version) (kind websocket.MessageType, b []byte) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	kind, b, err := conn.Read(ctx)
	require.NoError(t, err)
	for rest := b; len(rest) > 0; {
		_, n, err := codec.Next(rest, codec.Dialect{Version: codec.Version(v), From: codec.FromClient}, 0)
		require.NoError(t, err)
		require.NotZero(t, n)
		require.LessOrEqual(t, n, len(rest))
		rest = rest[n:]
	}
	return kind, b
}

// acceptConnect accepts a CONNECT.
func acceptConnect(t *testing.T, conn *websocket.Conn, v mqtt.Version) {
	t.Helper()
	ack, err := (&codec.ConnAck{}).Append(nil, codec.Version(v))
	require.NoError(t, err)
	require.NoError(t, conn.Write(context.Background(), websocket.MessageBinary, ack))
}

// together joins parts that have no statement in common.
func together(parts ...outside) outside {
	all := outside{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

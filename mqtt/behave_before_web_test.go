package mqtt_test

import (
	"bufio"
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// asked takes the next connection, to that host, and what it asks for by WebSocket, and ends it.
func (s *scene) asked(network, host string) *http.Request {
	s.Helper()
	conn := s.dialled()
	to, address := conn.Address()
	require.Equal(s, network+" "+host, to+" "+address)
	return requested(s, conn)
}

func requested(s *scene, conn *mqtttest.Conn) *http.Request {
	s.Helper()
	r, err := http.ReadRequest(bufio.NewReader(conn.Pipe()))
	require.NoError(s, err)
	conn.Close()
	return r
}

func TestB066WebSocketOfAnAttempt(t *testing.T) {
	bubble(t, "B289 the hook sees the URL, and its result is dialled and asked for", func(t *testing.T) {
		n := 0
		s := idle(t, mqtt.Config{RetryFirst: true, Servers: []string{"ws://u:hush@a/mqtt?v=1"}, BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			require.Equal(t, "ws://a:80/mqtt", a.Server)
			if n++; n == 2 {
				a.Server += "?X-Signature=hush"
			}
			return nil
		}})
		s.connecting()
		require.Equal(t, "/mqtt?v=1", s.asked("tcp", "a:80").RequestURI, "left as it was")
		require.Equal(t, "/mqtt?X-Signature=hush", s.asked("tcp", "a:80").RequestURI)
		require.Equal(t, "/mqtt?v=1", s.asked("tcp", "a:80").RequestURI, "for one attempt alone")
		for _, e := range eventsOf[mqtt.EventDisconnected](events(s.client)) {
			require.NotContains(t, e.Err.Error()+e.Server, "hush")
		}
	})
	bubble(t, "headers of one attempt, beside those of Config", func(t *testing.T) {
		cfg := mqtt.Config{RetryFirst: true, Servers: []string{"ws://a/mqtt"}}
		cfg.WebSocket.Header = http.Header{"X-Own": {"kept"}}
		n := 0
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			if n++; n == 1 {
				a.Header.Set("Authorization", "Bearer 1")
				a.Header["X-Own"][0] = "changed"
			}
			return nil
		}
		s := idle(t, cfg)
		s.connecting()
		r := s.asked("tcp", "a:80")
		require.Equal(t, [2]string{"Bearer 1", "changed"}, [2]string{r.Header.Get("Authorization"), r.Header.Get("X-Own")})
		r = s.asked("tcp", "a:80")
		require.Equal(t, [2]string{"", "kept"}, [2]string{r.Header.Get("Authorization"), r.Header.Get("X-Own")})
		require.Equal(t, "kept", cfg.WebSocket.Header.Get("X-Own"))
	})
	bubble(t, "a header that can't be sent", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"ws://a/mqtt"}, BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			a.Header.Set("Authorization", "hush\n")
			return nil
		}})
		err := s.client.Connect(t.Context())
		require.ErrorContains(t, err, "Authorization with a control character")
		require.NotContains(t, err.Error(), "hush")
		require.Equal(t, "hook", as[*mqtt.ConnectError](t, err).Stage)
	})
}

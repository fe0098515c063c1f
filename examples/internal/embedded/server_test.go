package embedded

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestARestartedServerHasItsAddress(t *testing.T) {
	s, err := Start(nil)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	url := s.URL
	visit(t, s)

	s.Stop()
	_, err = mqtt.Connect(t.Context(), s.URL, mqtt.Config{})
	require.Error(t, err)

	require.NoError(t, s.Restart())
	require.Equal(t, url, s.URL)
	visit(t, s)
}

func TestAServerThatHoldsAnswersLater(t *testing.T) {
	s, err := Start(nil)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	client, err := mqtt.Connect(t.Context(), s.URL, mqtt.Config{})
	require.NoError(t, err)

	arrived, release := s.Hold()
	delivery, err := client.PublishAsync(t.Context(), mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce})
	require.NoError(t, err)
	<-arrived
	_, ended := delivery.Result()
	require.False(t, ended)
	release()
	require.NoError(t, delivery.Wait(t.Context()))
	require.NoError(t, client.Close(t.Context()))
}

func TestClientsComeOverWebSocketToo(t *testing.T) {
	s, err := Start(nil)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	web := httptest.NewServer(s.Web())
	t.Cleanup(web.Close)

	client, err := mqtt.Connect(t.Context(), strings.Replace(web.URL, "http", "ws", 1)+"/mqtt", mqtt.Config{
		Backoff: mqtt.Backoff{Attempts: -1},
	})
	require.NoError(t, err)
	require.NoError(t, client.Publish(t.Context(), mqtt.Message{Topic: "a", QoS: mqtt.AtLeastOnce}))
	s.Stop()
	<-client.Done() // it was sent away
	require.NoError(t, client.Close(t.Context()))
}

// visit connects and goes.
func visit(t *testing.T, s *Server) {
	client, err := mqtt.Connect(t.Context(), s.URL, mqtt.Config{})
	require.NoError(t, err)
	require.NoError(t, client.Close(t.Context()))
}

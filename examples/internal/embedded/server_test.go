package embedded

import (
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

// visit connects and goes.
func visit(t *testing.T, s *Server) {
	client, err := mqtt.Connect(t.Context(), s.URL, mqtt.Config{})
	require.NoError(t, err)
	require.NoError(t, client.Close(t.Context()))
}

package mqtt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestServerThatRenamesTheClient(t *testing.T) {
	rename := codec.ConnAck{Properties: &codec.ConnAckProperties{AssignedClientIdentifier: "theirs"}}
	bubble(t, "B008 an identifier that was sent stays, whatever the server assigns unasked", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{ClientID: "ours", Session: mqtt.SessionDurable}, rename)
		ack, _ := s.client.ConnAck()
		require.Equal(t, "ours", ack.ClientID)
		require.Equal(t, "theirs", ack.AssignedClientIdentifier)
		conn.Close()
		require.Equal(t, "ours", s.dialled().Handshake(t).ClientID)
	})
	bubble(t, "B008 one that the server was to choose is kept to, whatever another server assigns later", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{NoClientID: true}, rename)
		conn.Close()
		conn = s.dialled()
		require.Equal(t, "theirs", conn.Handshake(t, codec.ConnAck{Properties: &codec.ConnAckProperties{AssignedClientIdentifier: "another"}}).ClientID)
		conn.Close()
		require.Equal(t, "theirs", s.dialled().Handshake(t).ClientID)
	})
}

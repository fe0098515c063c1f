package mqtt_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// abruptly dials connections on which the end comes in the same read as a DISCONNECT before it, as TLS gives it.
type abruptly struct{ *mqtttest.Server }

func (a abruptly) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := a.Server.DialContext(ctx, network, address)
	return abrupt{conn}, err
}

type abrupt struct{ net.Conn }

func (a abrupt) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	if err == nil && codec.Type(b[0]>>4) == codec.TypeDisconnect {
		m, end := a.Conn.Read(b[n:])
		return n + m, end
	}
	return n, err
}

func TestDisconnectThatComesWithTheEnd(t *testing.T) {
	bubble(t, "B064 session taken over, in one read with the end: no fight", func(t *testing.T) {
		s, conn := upAbruptly(t)
		reply(t, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
		conn.Close()
		require.ErrorIs(t, s.ended(), codec.SessionTakenOver)
		require.Equal(t, 1, s.server.Dials())
	})
	bubble(t, "B256 its code and its words are reported, in one read with the end", func(t *testing.T) {
		s, conn := upAbruptly(t)
		reply(t, conn, &codec.Disconnect{Code: codec.UnspecifiedError, Properties: &codec.DisconnectProperties{ReasonString: "why"}})
		conn.Close()
		refusal := as[*mqtt.ReasonError](t, awaitEvent[mqtt.EventDisconnected](s).Err)
		require.Equal(t, [3]any{"DISCONNECT", codec.UnspecifiedError, "why"}, [3]any{refusal.Packet, refusal.Code, refusal.ReasonString})
		s.accept()
	})
}

// upAbruptly is up with such connections.
func upAbruptly(t *testing.T) (*scene, *mqtttest.Conn) {
	t.Helper()
	s := idle(t, mqtt.Config{})
	client, err := mqtt.New(mqtt.Config{Dialer: abruptly{s.server}})
	require.NoError(t, err)
	t.Cleanup(func() { client.Abort() })
	require.NoError(t, s.client.Abort())
	s.client = client
	return s, s.connect()
}

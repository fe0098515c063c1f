package conformance

import (
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// arrival takes the next connection, which must be one to that address, and its CONNECT.
func (s *scene) arrival(address string) *mqtttest.Conn {
	s.Helper()
	conn := s.dialled()
	_, at := conn.Address()
	require.Equal(s, address, at)
	mqtttest.Expect[*codec.Connect](s, conn)
	return conn
}

// redirect5 is about servers that send a client elsewhere (§4.11).
var redirect5 = rows{
	"no-id:4.11/a": func(s *scene) {
		for _, code := range []codec.ReasonCode{codec.UseAnotherServer, codec.ServerMoved} {
			away := &codec.ConnAck{Code: code, Properties: &codec.ConnAckProperties{ServerReference: "stranger other:1884"}}
			gone := &codec.Disconnect{Code: code, Properties: &codec.DisconnectProperties{ServerReference: "stranger other:1884"}}

			// By default nobody is followed whom the application doesn't name, and it is told who was meant.
			s.idle(mqtt.Config{Servers: []string{"mqtt://first"}})
			done := s.connecting()
			reply(s, s.arrival("first:1883"), away)
			require.Equal(s, "stranger other:1884", refused(s, <-done, "CONNACK", code).ServerReference)
			require.Equal(s, 1, s.server.Dials())

			// The list is between spaces, and tried in turn.
			s.idle(mqtt.Config{Servers: []string{"mqtt://first"}, Redirect: mqtt.RedirectAny})
			done = s.connecting()
			reply(s, s.arrival("first:1883"), away)
			s.arrival("stranger:1883").Close()
			conn := s.arrival("other:1884")
			reply(s, conn, &codec.ConnAck{})
			require.NoError(s, <-done)
			conn.Close() // for now, or for good
			s.arrival(map[codec.ReasonCode]string{codec.UseAnotherServer: "first:1883", codec.ServerMoved: "other:1884"}[code])

			conn = s.up(mqtt.Config{Servers: []string{"mqtt://first"}, Redirect: mqtt.RedirectAny})
			reply(s, conn, gone)
			s.arrival("stranger:1883")
			require.Equal(s, "stranger other:1884", refused(s, s.disconnected(), "DISCONNECT", code).ServerReference)
		}
	},
}

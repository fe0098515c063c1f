package conformance

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// transport5 needs real sockets.
var transport5 = outside{
	"MQTT-4.2.0-1": func(t *testing.T, v mqtt.Version) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		got := make(chan []byte, 1)
		go func() { // a server that reads in small pieces and answers byte by byte
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			d := codec.Dialect{Version: codec.Version(v), From: codec.FromClient}
			packet := func() []byte {
				for b := []byte{}; ; {
					if _, n, _ := codec.Next(b, d, 0); n > 0 && n <= len(b) {
						return b
					}
					piece := make([]byte, 1)
					if _, err := conn.Read(piece); err != nil {
						return nil
					}
					b = append(b, piece...)
				}
			}
			packet()
			ack, _ := (&codec.ConnAck{}).Append(nil, codec.Version(v))
			for i := range ack {
				conn.Write(ack[i : i+1])
			}
			got <- packet()
			packet()
		}()
		client, err := mqtt.Connect(t.Context(), "mqtt://"+l.Addr().String(), mqtt.Config{Version: v})
		require.NoError(t, err)
		require.NoError(t, client.Publish(t.Context(), mqtt.Message{Topic: "a", Payload: []byte("over TCP")}))
		require.Contains(t, string(<-got), "over TCP")
		require.NoError(t, client.Close(t.Context()))
	},
}

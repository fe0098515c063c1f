package mqtt_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestCloseOverAConnectionThatEnds(t *testing.T) {
	both(t, "Contract18 a connection that ends for what the server did is made anew: Close goes on waiting there", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		done := s.closes(time.Minute)
		synctest.Wait()
		reply(t, conn, &codec.ConnAck{}) // a second one breaks a rule: the DISCONNECT for it isn't Close's own
		expectExpelled(t, conn, v, codec.ProtocolError)
		pending(t, done)
		conn = s.resume()
		again := expectPayload(t, conn, "hi")
		require.Equal(t, [2]any{p.PacketID, true}, [2]any{again.PacketID, again.Dup})
		finish(t, conn, again)
		require.Equal(t, codec.NormalDisconnection, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
		conn.Close()
		require.NoError(t, <-done)
		require.NoError(t, outcomeOf(t, d))
	})
	both(t, "Contract18 one that ends behind Close's own DISCONNECT isn't", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		stream := s.declare("a")
		grant(t, conn)
		done := s.closes(time.Minute)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Reset()
		require.NoError(t, <-done)
		ended(t, stream.Messages())
		elapse(time.Hour)
		require.Equal(t, 1, s.server.Dials())
	})
}

func TestCloseBesideAStreamsClose(t *testing.T) {
	both(t, "Contract18 streams that close beside Close, with messages in hand", func(t *testing.T, v mqtt.Version) {
		for range 30 {
			h := host(t, mqtt.Config{Version: v}, mqtttest.BrokerConfig{})
			var group sync.WaitGroup
			for _, filter := range []string{"a", "b", "c"} {
				stream, err := h.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: filter, QoS: mqtt.AtLeastOnce})
				require.NoError(t, err)
				for range 5 {
					h.publish(filter, codec.AtLeastOnce, "hi")
				}
				take(t, stream.Messages())
				group.Go(func() { stream.Close(context.Background()) })
			}
			err := h.client.Close(closing(t, time.Minute))
			group.Wait()
			if err != nil {
				require.Positive(t, leftUndone(t, err).Unacknowledged, "%v", err)
			}
			require.Empty(t, h.broker.Violations())
		}
	})
}

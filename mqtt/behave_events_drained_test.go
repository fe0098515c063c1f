package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestEventDrained(t *testing.T) {
	drained := func(s *scene) int {
		synctest.Wait()
		return len(eventsOf[mqtt.EventDrained](events(s.client)))
	}
	bubble(t, "it isn't told when nothing waited", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		conn.Close()
		conn = s.accept()
		synctest.Wait()
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, d))
		require.Zero(t, drained(s))
	})
	bubble(t, "it is told once, when the last that was sent again and was queued has ended", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.inFlight(conn, mqtt.AtLeastOnce, "again")
		conn.Close()
		s.async(mqtt.AtLeastOnce, "offline")
		conn = s.resume()
		again := expectPayload(t, conn, "again")
		finish(t, conn, expectPayload(t, conn, "offline"))
		require.Zero(t, drained(s))
		finish(t, conn, again)
		require.Equal(t, 1, drained(s))
	})
	bubble(t, "what was subscribed and unsubscribed offline is waited for, too", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		subscribed := s.subscribing(mqtt.Subscription{Filter: "a"})
		synctest.Wait()
		unsubscribed := later(func() error { return s.client.Unsubscribe(t.Context(), "b") })
		synctest.Wait()
		s.async(mqtt.AtMostOnce, "x")
		conn := s.connect()
		first := mqtttest.Expect[*codec.Subscribe](t, conn)
		second := mqtttest.Expect[*codec.Unsubscribe](t, conn)
		expectPayload(t, conn, "x")
		require.Zero(t, drained(s))
		send(t, conn, grantOf(first))
		require.NoError(t, (<-subscribed).err)
		require.Zero(t, drained(s))
		reply(t, conn, &codec.UnsubAck{PacketID: second.PacketID, Codes: []codec.ReasonCode{0}})
		require.NoError(t, <-unsubscribed)
		require.Equal(t, 1, drained(s))
	})
	bubble(t, "nor does it wait for what was called on the connection", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		s.async(mqtt.AtLeastOnce, "offline")
		conn := s.connect()
		p := expectPayload(t, conn, "offline")
		s.subscribing(mqtt.Subscription{Filter: "a"})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		s.inFlight(conn, mqtt.AtLeastOnce, "online")
		finish(t, conn, p)
		require.Equal(t, 1, drained(s))
	})
	bubble(t, "a filter that is restored didn't wait", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.subscribe(conn, "a", mqtt.AtLeastOnce)
		conn.Close()
		grant(t, s.accept())
		require.Zero(t, drained(s))
	})
}

package mqtt_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// reserve is the room that a roomy outbox keeps for small messages that lie in the channel: their callers were told that they are
// admitted.
const reserve = 128

// behindALargeOne fills the outbox of a client so far that what comes now stays in the channel: a large message, for which
// there is no room, and behind it small ones, which their callers were told are admitted.
func behindALargeOne(t *testing.T, s *scene) (large <-chan error, small *mqtt.Delivery) {
	t.Helper()
	for i := range 2048 - reserve {
		s.async(mqtt.AtLeastOnce, numbered(i))
	}
	synctest.Wait()
	large = later(func() error {
		return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, strings.Repeat("x", 10_000)))
	})
	synctest.Wait()
	s.async(mqtt.AtMostOnce, "quick")
	small = s.async(mqtt.AtLeastOnce, "small")
	synctest.Wait()
	return large, small
}

func TestWhatWasAdmittedBehindALargeMessage(t *testing.T) {
	cfg := mqtt.Config{Outbox: mqtt.Bounds{Messages: 2048}, MaxInFlight: 65_535}
	bubble(t, "Close waits for it", func(t *testing.T) {
		s, conn := up(t, cfg)
		large, small := behindALargeOne(t, s)
		done := later(func() error { return s.client.Close(closing(t, time.Minute)) })
		requireOnly(t, <-large, mqtt.ErrNotSent)
		quick := false
		for range 2048 - reserve + 2 {
			p := mqtttest.Expect[*codec.Publish](t, conn)
			quick = quick || string(p.Payload) == "quick"
			if p.QoS > 0 {
				finish(t, conn, p)
			}
		}
		require.True(t, quick)
		require.NoError(t, outcomeOf(t, small))
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	bubble(t, "Abort ends it with an outcome, and counts it", func(t *testing.T) {
		s := idle(t, cfg)
		large, small := behindALargeOne(t, s)
		require.Equal(t, 2048-reserve+2, unfinished(t, s.client.Abort()).NotSent)
		requireOnly(t, <-large, mqtt.ErrNotSent)
		requireOnly(t, outcomeOf(t, small), mqtt.ErrNotSent)
		require.Equal(t, mqtt.OutStats{Admitted: 2048 - reserve + 2, NotSent: 2048 - reserve + 2}, s.client.Stats().Out)
	})
}

func TestTakenBackWhileThereWasNoRoom(t *testing.T) {
	for name, payload := range map[string]string{"large": strings.Repeat("x", 10_000), "small": "x"} {
		bubble(t, "a "+name+" message that Publish gave up was never admitted", func(t *testing.T) {
			s, _ := fullOutbox(t, 10)
			err := s.client.Publish(closing(t, time.Second), message(mqtt.AtLeastOnce, payload))
			requireOnly(t, err, mqtt.ErrNotSent)
			out := s.client.Stats().Out
			require.EqualValues(t, out.Queued, out.Admitted)
			require.Zero(t, out.NotSent)
		})
	}
}

func TestStoredOfWhatTheTrackerHasNotTaken(t *testing.T) {
	waiting := func(t *testing.T) (*scene, <-chan struct{}, *mqtt.Delivery) {
		s, all := fullOutbox(t, 0)
		last := all[len(all)-1]
		return s, last.Stored(), last
	}
	bubble(t, "it is closed when there is room for it", func(t *testing.T) {
		s, stored, last := waiting(t)
		conn := s.connect()
		for range 600 {
			finish(t, conn, mqtttest.Expect[*codec.Publish](t, conn))
		}
		openDelivery(t, last)
		require.True(t, isClosed(stored))
	})
	bubble(t, "and when it ends before that", func(t *testing.T) {
		_, stored, last := waiting(t)
		require.NoError(t, last.Withdraw(t.Context()))
		require.True(t, isClosed(stored))
	})
}

func TestPropertiesCountInTheRoom(t *testing.T) {
	bubble(t, "QoS 0 whose properties are large waits for room like any large message", func(t *testing.T) {
		s := idle(t, mqtt.Config{Version: mqtt.V5, Outbox: mqtt.Bounds{Messages: 4096, Bytes: 8 << 20}})
		large := mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{
			UserProperties: []mqtt.UserProperty{{Key: "k", Value: strings.Repeat("x", 65_000)}}}}
		admitted := 0
		for {
			if err := s.client.Publish(closing(t, time.Second), large); err != nil {
				requireOnly(t, err, mqtt.ErrNotSent)
				break
			}
			admitted++
		}
		require.Less(t, admitted*65_000, 8<<20)
	})
}

func TestFlushThatWasGivenUp(t *testing.T) {
	bubble(t, "it takes no counts with it", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		require.ErrorIs(t, s.client.Flush(closing(t, time.Second)), context.DeadlineExceeded)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NotAuthorized})
		require.ErrorIs(t, outcomeOf(t, d), codec.NotAuthorized)
		require.Equal(t, 1, unfinished(t, s.client.Flush(t.Context())).Refused)
		require.NoError(t, s.client.Flush(t.Context()))
	})
	bubble(t, "while what was called before it has no room yet", func(t *testing.T) {
		s, all := fullOutbox(t, 0)
		require.ErrorIs(t, s.client.Flush(closing(t, time.Second)), context.DeadlineExceeded)
		for _, d := range all {
			require.NoError(t, d.Withdraw(t.Context()))
		}
		require.Equal(t, len(all), unfinished(t, s.client.Flush(t.Context())).NotSent)
	})
}

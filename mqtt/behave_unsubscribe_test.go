package mqtt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// unsubscribing calls UnsubscribeWith beside the test.
func (s *scene) unsubscribing(filters ...string) <-chan got[[]mqtt.ReasonCode] {
	return begin(func() ([]mqtt.ReasonCode, error) {
		return s.client.UnsubscribeWith(closing(s.T, time.Hour), mqtt.Unsubscription{Filters: filters})
	})
}

func TestUnsubscribe(t *testing.T) {
	both(t, "B193 a list of filters keeps its order, in one UNSUBSCRIBE", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Unsubscribe(soon(t), "c", "a", "b") })
		require.Equal(t, []string{"c", "a", "b"}, release(t, conn).Filters)
		require.NoError(t, <-done)
	})
	both(t, "B193 with a batch of two, three filters are two packets and one result", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, SubscribeBatch: 2})
		done := s.unsubscribing("a", "b", "c")
		require.Equal(t, []string{"a", "b"}, release(t, conn).Filters)
		require.Empty(t, done)
		require.Equal(t, []string{"c"}, release(t, conn).Filters)
		require.Len(t, (<-done).value, 3)
	})
	both(t, "B194 completion on UNSUBACK", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		done := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		p := mqtttest.Expect[*codec.Unsubscribe](t, conn)
		conn.ExpectNothing(t, time.Second)
		pending(t, done)
		send(t, conn, &codec.UnsubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.Success}})
		require.NoError(t, <-done)
	})
	both(t, "B195 a filter beyond ASCII", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Unsubscribe(soon(t), "中国") })
		require.Equal(t, []string{"中国"}, release(t, conn).Filters)
		require.NoError(t, <-done)
	})
	both(t, "B196 an unsubscribed filter is not restored", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		done := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		release(t, conn)
		require.NoError(t, <-done)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	for name, session := range map[string]codec.ConnAck{"session kept": {SessionPresent: true}, "session lost": {}} {
		bubble(t, "B196 nor when UNSUBACK never came: asked for again, and the call completes: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			s.subscribe(conn, "a", mqtt.AtMostOnce)
			done := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
			mqtttest.Expect[*codec.Unsubscribe](t, conn)
			conn.Close()
			conn = s.accept(session)
			require.Equal(t, []string{"a"}, release(t, conn).Filters)
			require.NoError(t, <-done)
			conn.ExpectNothing(t, time.Second)
		})
	}
	bubble(t, "B197 the code of each filter: 0x00 and 0x11 succeed, others are reported", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		codes := []codec.ReasonCode{codec.Success, codec.NoSubscriptionExisted, codec.NotAuthorized}
		done := s.unsubscribing("a", "b", "c")
		release(t, conn, codes...)
		require.Equal(t, codes, (<-done).value)
		plain := later(func() error { return s.client.Unsubscribe(soon(t), "a", "b", "c") })
		release(t, conn, codes...)
		err := <-plain
		require.ErrorIs(t, err, codec.NotAuthorized)
		refused := new(mqtt.SubscribeError)
		require.ErrorAs(t, err, &refused)
		require.Equal(t, codec.NotAuthorized, refused.Grants[2].Code)
		require.NotErrorIs(t, err, codec.NoSubscriptionExisted)
	})
	bubble(t, "B198 what was never subscribed may be unsubscribed, and 5.0 says so", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.unsubscribing("a")
		release(t, conn, codec.NoSubscriptionExisted)
		require.Equal(t, []codec.ReasonCode{codec.NoSubscriptionExisted}, (<-done).value)
		plain := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		release(t, conn, codec.NoSubscriptionExisted)
		require.NoError(t, <-plain)
	})
	bubble(t, "B198 on 3.1.1 too, where nothing can be said", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		done := s.unsubscribing("a", "b")
		release(t, conn)
		require.Equal(t, []codec.ReasonCode{codec.Success, codec.Success}, (<-done).value)
	})
	bubble(t, "B193 User Properties go with the packet", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		begin(func() ([]mqtt.ReasonCode, error) {
			return s.client.UnsubscribeWith(soon(t), mqtt.Unsubscription{Filters: []string{"a"}, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}})
		})
		require.Equal(t, []codec.UserProperty{{Key: "k", Value: "v"}}, mqtttest.Expect[*codec.Unsubscribe](t, conn).UserProperties)
	})
	for kind, wanted := range map[string]mqtt.Version{"asked for": mqtt.V311, "come down to": mqtt.VersionAuto} {
		bubble(t, "B193 User Properties on a 3.1.1 that was "+kind+" are an error", func(t *testing.T) {
			s, conn := old(t, mqtt.Config{Version: wanted})
			_, err := s.client.UnsubscribeWith(closing(t, time.Minute), mqtt.Unsubscription{Filters: []string{"a"}, UserProperties: []mqtt.UserProperty{{Key: "k"}}})
			require.ErrorIs(t, err, mqtt.ErrVersion)
			conn.ExpectNothing(t, time.Second)
		})
	}
	for name, filters := range map[string][]string{
		"none": {}, "an empty one": {"a", ""}, "a wildcard in a level": {"a+"}, "too long": {strings.Repeat("a", 65536)}, "NUL": {"\x00"},
	} {
		bubble(t, "B193 filters that can't be are refused locally: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			require.ErrorAs(t, s.client.Unsubscribe(closing(t, time.Minute), filters...), new(*mqtt.ArgumentError))
			conn.ExpectNothing(t, time.Second)
		})
	}
	both(t, "B086 unsubscribed offline: sent, and complete on UNSUBACK", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		pending(t, done)
		conn := s.connect()
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
		require.NoError(t, <-done)
	})
	both(t, "B081 published, subscribed and unsubscribed before connecting: all are sent after CONNACK, in that order", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "first")))
		sub := s.subscribing(mqtt.Subscription{Filter: "a"})
		elapse(time.Millisecond)
		unsub := later(func() error { return s.client.Unsubscribe(soon(t), "b") })
		elapse(time.Millisecond)
		pub := later(func() error { return s.client.Publish(soon(t), message(mqtt.AtLeastOnce, "last")) })
		elapse(time.Millisecond)
		conn := s.connect()
		require.Equal(t, "first", string(mqtttest.Expect[*codec.Publish](t, conn).Payload))
		grant(t, conn)
		release(t, conn)
		last := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, "last", string(last.Payload))
		send(t, conn, &codec.PubAck{PacketID: last.PacketID})
		require.NoError(t, (<-sub).err)
		require.NoError(t, <-unsub)
		require.NoError(t, <-pub)
	})
}

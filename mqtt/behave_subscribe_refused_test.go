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

func TestSubscribeChecked(t *testing.T) {
	for _, filter := range []string{
		"+", "+/event", "event/+", "#", "event/#", "system/+/event", "system/+/event/#", "system/+/+/new_device", "/", "$share/g/a/#",
	} {
		both(t, "B165 a valid filter is accepted: "+filter, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			done := s.subscribing(mqtt.Subscription{Filter: filter})
			require.Equal(t, []string{filter}, filtersOf(grant(t, conn)))
			require.NoError(t, (<-done).err)
		})
	}
	for _, c := range []struct{ name, filter string }{
		{"B166 # before the end", "#/event"}, {"B166 # within a level", "event#"}, {"B166 + within a level", "event+"},
		{"B166 # in the middle", "system/#/event"}, {"B166 # behind +", "system/+/#/event"},
		{"B177 empty", ""}, {"B177 NUL", "a\x00b"}, {"B177 not UTF-8", "a\xff"}, {"B177 too long", strings.Repeat("a", 65536)},
		{"B177 shared without a name", "$share//a"}, {"B177 shared without a filter", "$share/g"},
		{"B177 shared with an empty filter", "$share/g/"}, {"B177 shared with a wildcard in the name", "$share/+/a"},
		{"B177 shared with a broken filter", "$share/g/a#"},
	} {
		both(t, c.name+" is refused locally, and all of its list", func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			grants, err := s.client.Subscribe(closing(t, time.Minute), mqtt.Subscription{Filter: "fine"}, mqtt.Subscription{Filter: c.filter})
			wrong := new(mqtt.ArgumentError)
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, "Subscriptions[1].Filter", wrong.Name)
			require.Empty(t, grants)
			_, err = s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: c.filter})
			require.ErrorAs(t, err, &wrong)
			conn.ExpectNothing(t, time.Second)
		})
	}
	bubble(t, "B167 an empty list is refused locally", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		_, err := s.client.Subscribe(soon(t))
		require.ErrorAs(t, err, new(*mqtt.ArgumentError))
		_, err = s.client.Declare(mqtt.StreamConfig{})
		require.ErrorAs(t, err, new(*mqtt.ArgumentError))
		conn.ExpectNothing(t, time.Second)
	})
	bubble(t, "B164 subscribing to a closed client is an error without grants", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{})
		s.client.Abort()
		grants, err := s.client.Subscribe(soon(t), mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, mqtt.ErrClosed)
		require.Empty(t, grants)
		_, err = s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, mqtt.ErrClosed)
		_, err = s.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, mqtt.ErrClosed)
	})
}

func TestSubscribeRefused(t *testing.T) {
	bubble(t, "B169 a refusal of 5.0 is an error with its code", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := s.subscribing(mqtt.Subscription{Filter: "a"})
		grant(t, conn, codec.NotAuthorized)
		r := <-done
		require.ErrorIs(t, r.err, codec.NotAuthorized)
		require.ErrorContains(t, r.err, "not authorized")
		refused := new(mqtt.SubscribeError)
		require.ErrorAs(t, r.err, &refused)
		require.Equal(t, []mqtt.Grant{{Filter: "a", Code: codec.NotAuthorized}}, refused.Grants)
	})
	bubble(t, "B169 a refusal of 3.1.1 is an error with the one code that it has", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		done := s.subscribing(mqtt.Subscription{Filter: "a"})
		grant(t, conn, codec.UnspecifiedError)
		require.ErrorIs(t, (<-done).err, codec.UnspecifiedError)
	})
	both(t, "B176 of granted and denied filters the granted stay, and the denied are told", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"}, mqtt.Subscription{Filter: "c"})
		grant(t, conn, codec.GrantedQoS0, codec.UnspecifiedError, codec.GrantedQoS0)
		r := <-done
		require.ErrorContains(t, r.err, `refused 1 of 3 filters: "b"`)
		require.Equal(t, []mqtt.Grant{{Filter: "a"}, {Filter: "b", Code: codec.UnspecifiedError}, {Filter: "c"}}, r.value)
		conn.Close()
		require.Equal(t, []string{"a", "c"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, s.accept())))
	})
	both(t, "B176 a filter that was granted before stays wanted when a second SUBSCRIBE is denied", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		done := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		grant(t, conn, codec.UnspecifiedError)
		require.Error(t, (<-done).err)
		conn.Close()
		require.Equal(t, []string{"a"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, s.accept())))
	})
	for _, c := range []struct {
		name string
		sub  mqtt.Subscription
		says codec.ConnAckProperties
		code codec.ReasonCode
	}{
		{"wildcards (§3.2.2.3.11)", mqtt.Subscription{Filter: "a/#"}, codec.ConnAckProperties{WildcardSubscriptionAvailable: new(false)}, codec.WildcardSubscriptionsNotSupported},
		{"shared subscriptions (§3.2.2.3.13)", mqtt.Subscription{Filter: "$share/g/a"}, codec.ConnAckProperties{SharedSubscriptionAvailable: new(false)}, codec.SharedSubscriptionsNotSupported},
		{"identifiers (§3.2.2.3.12)", mqtt.Subscription{Filter: "a", Identifier: 1}, codec.ConnAckProperties{SubscriptionIdentifiersAvailable: new(false)}, codec.SubscriptionIdentifiersNotSupported},
	} {
		bubble(t, "B180 what CONNACK rules out fails locally: "+c.name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{}, codec.ConnAck{Properties: &c.says})
			_, err := s.client.Subscribe(closing(t, time.Minute), c.sub)
			require.ErrorIs(t, err, c.code)
			conn.ExpectNothing(t, time.Second)
			require.Zero(t, s.client.Stats().Link.LastPacketID, "no identifier was taken")
		})
	}
	bubble(t, "B180 what CONNACK allows of a list is asked for", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, codec.ConnAck{Properties: &codec.ConnAckProperties{WildcardSubscriptionAvailable: new(false)}})
		done := s.subscribing(mqtt.Subscription{Filter: "a/#"}, mqtt.Subscription{Filter: "b"})
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		require.ErrorIs(t, (<-done).err, codec.WildcardSubscriptionsNotSupported)
	})
	for name, sub := range map[string]mqtt.Subscription{
		"No Local": {Filter: "a", NoLocal: true}, "Retain As Published": {Filter: "a", RetainAsPublished: true},
		"Retain Handling": {Filter: "a", RetainHandling: mqtt.RetainDontSend}, "an identifier": {Filter: "a", Identifier: 1},
		"User Properties": {Filter: "a", UserProperties: []mqtt.UserProperty{{Key: "k"}}},
	} {
		for kind, wanted := range map[string]mqtt.Version{"asked for": mqtt.V311, "come down to": mqtt.VersionAuto} {
			bubble(t, "B180 on a 3.1.1 that was "+kind+", an error: "+name, func(t *testing.T) {
				s, conn := old(t, mqtt.Config{Version: wanted})
				_, err := s.client.Subscribe(closing(t, time.Minute), sub)
				require.ErrorIs(t, err, mqtt.ErrVersion)
				conn.ExpectNothing(t, time.Second)
			})
		}
		bubble(t, "B180 on 3.1.1 with Lenient, left out: "+name, func(t *testing.T) {
			s, conn := old(t, mqtt.Config{Lenient: true})
			done := s.subscribing(sub)
			require.Equal(t, []codec.Subscription{{Filter: "a"}}, grant(t, conn).Subscriptions)
			require.NoError(t, (<-done).err)
		})
	}
}

// old connects to a server that speaks nothing above 3.1.1.
func old(t *testing.T, cfg mqtt.Config) (*scene, *mqtttest.Conn) {
	t.Helper()
	if cfg.Version == mqtt.V311 {
		return up(t, cfg)
	}
	s := idle(t, cfg)
	done := later(func() error { return s.client.Connect(soon(t)) })
	first, err := s.server.Accept(soon(t))
	require.NoError(t, err)
	first.Handshake(t, codec.ConnAck{Code: codec.UnsupportedProtocolVersion})
	conn := s.accept()
	require.NoError(t, <-done)
	require.Equal(t, codec.V311, conn.Version())
	return s, conn
}

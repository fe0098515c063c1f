package mqtt_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// modes are all there are.
var modes = []mqtt.AliasMode{mqtt.AliasOff, mqtt.AliasReuse, mqtt.AliasAuto}

func TestAliasModes(t *testing.T) {
	bubble(t, "B243 reuse: with an alias, then by it by hand, then by it without a word", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasReuse}, offering(3))
		s.asyncMessage(aliased("t1", 1, mqtt.AtMostOnce))
		s.asyncMessage(aliased("", 1, mqtt.AtMostOnce))
		s.asyncMessage(aliased("t1", 0, mqtt.AtMostOnce))
		s.asyncMessage(aliased("t2", 0, mqtt.AtLeastOnce))
		expectNames(t, conn, "t1 1", " 1", " 1", "t2")
	})
	bubble(t, "B243 reuse, the README's scenario: an alias that is given to another topic", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasReuse}, offering(3))
		s.asyncMessage(aliased("t1", 1, mqtt.AtMostOnce))
		s.publishes("t1")
		s.asyncMessage(aliased("t2", 1, mqtt.AtMostOnce))
		s.publishes("t2", "t1")
		expectNames(t, conn, "t1 1", " 1", "t2 1", " 1", "t1")
	})
	bubble(t, "B243 off: an alias is used where it is asked for, and nowhere else", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, offering(3))
		s.asyncMessage(aliased("t1", 1, mqtt.AtMostOnce))
		s.asyncMessage(aliased("", 1, mqtt.AtMostOnce))
		s.publishes("t1")
		s.asyncMessage(aliased("t1", 1, mqtt.AtMostOnce))
		expectNames(t, conn, "t1 1", " 1", "t1", "t1 1")
	})
	bubble(t, "B244 automatic, three aliases: the one that has gone unused the longest makes room", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(3))
		s.publishes("t1", "t2", "t3", "t1", "t3", "t4", "t1", "t2")
		expectNames(t, conn, "t1 1", "t2 2", "t3 3", " 1", " 3", "t4 2", " 1", "t2 3")
	})
	bubble(t, "B244 automatic, the README's scenario", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(3))
		s.publishes("t1", "t1", "t2", "t3", "t4")
		expectNames(t, conn, "t1 1", " 1", "t2 2", "t3 3", "t4 1")
	})
	bubble(t, "B244 automatic, at every QoS; a caller's alias goes before, and isn't given out", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(2))
		s.asyncMessage(aliased("mine", 1, mqtt.ExactlyOnce))
		s.asyncMessage(aliased("long", 0, mqtt.AtLeastOnce))
		s.asyncMessage(aliased("mine", 0, mqtt.AtLeastOnce))
		s.asyncMessage(aliased("yours", 2, mqtt.AtLeastOnce)) // takes it from "long"
		s.asyncMessage(aliased("long", 0, mqtt.ExactlyOnce))
		expectNames(t, conn, "mine 1", "long 2", " 1", "yours 2", "long 1")
	})
	bubble(t, "B244 automatic: the bytes", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(10))
		s.asyncMessage(mqtt.Message{Topic: "a/b", QoS: mqtt.AtLeastOnce, Payload: []byte("hi")})
		s.asyncMessage(mqtt.Message{Topic: "a/b", Payload: []byte("hi")})
		for _, want := range []string{"32 0D 00 03 61 2F 62 00 01 03 23 00 01 68 69", "30 08 00 00 03 23 00 01 68 69"} {
			got, err := conn.ReadRaw(t.Context())
			require.NoError(t, err)
			require.Equal(t, raw(t, want), got)
		}
	})
	bubble(t, "B244 all aliases up to 65535 may be used (MQTT-3.3.2-10)", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(65535))
		s.asyncMessage(aliased("t/last", 65535, mqtt.AtMostOnce))
		s.publishes("t/first", "t/last")
		expectNames(t, conn, "t/last 65535", "t/first 1", " 65535")
	})
	bubble(t, "B252 automatic: a topic of one byte gets none, and one that gains nothing takes none from one that does", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(2))
		s.publishes("t", "t", "a/b", "a/b", "long", "long/er", "a/b", "a/c", "long")
		expectNames(t, conn, "t", "t", "a/b 1", " 1", "long 2", "long/er 1", "a/b", "a/c", " 2")
	})
	bubble(t, "B252 automatic: where each topic is seen once, aliases are soon left alone, until one comes again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, offering(3))
		given := 0
		for i := range 300 {
			s.publishes(fmt.Sprintf("once/%d", i))
			if p := expectNow[*codec.Publish](t, conn); p.Properties != nil {
				given++
			}
		}
		require.Equal(t, 3+64, given)
		s.publishes("again", "again", "again")
		expectNames(t, conn, "again", "again 2", " 2")
	})
}

func TestAliasesThatAreNotAllowed(t *testing.T) {
	for _, most := range []uint16{0, 2} {
		bubble(t, fmt.Sprintf("B245 asked for by hand above the server's maximum of %d: an error, and nothing is sent", most), func(t *testing.T) {
			for _, mode := range modes {
				for qos := mqtt.AtMostOnce; qos <= mqtt.ExactlyOnce; qos++ {
					s, conn := up(t, mqtt.Config{TopicAlias: mode}, offering(most))
					err := s.client.Publish(t.Context(), aliased("a/b", most+1, qos))
					requireOnly(t, err, mqtt.ErrNotSent)
					require.ErrorIs(t, err, codec.TopicAliasInvalid)
					as[*mqtt.LimitError](t, err)
					err = s.client.Publish(t.Context(), aliased("", most+1, qos))
					as[*mqtt.ArgumentError](t, err) // what was refused has given the alias no topic
					quiet(t, conn)
				}
			}
		})
	}
	bubble(t, "B245 a server without aliases: the modes use none (MQTT-3.2.2-18)", func(t *testing.T) {
		for _, mode := range modes {
			s, conn := up(t, mqtt.Config{TopicAlias: mode})
			s.publishes("a/topic", "a/topic")
			expectNames(t, conn, "a/topic", "a/topic")
		}
	})
	bubble(t, "B099 an alias alone that nothing was published with: an error, and nothing is sent", func(t *testing.T) {
		for _, mode := range modes {
			s, conn := up(t, mqtt.Config{TopicAlias: mode}, offering(3))
			s.asyncMessage(aliased("a/b", 1, mqtt.AtMostOnce))
			expectNames(t, conn, "a/b 1")
			for qos := mqtt.AtMostOnce; qos <= mqtt.ExactlyOnce; qos++ {
				err := s.client.Publish(t.Context(), aliased("", 2, qos))
				require.Equal(t, "Message.Topic", as[*mqtt.ArgumentError](t, err).Name)
				require.ErrorContains(t, err, "topic alias 2")
				_, err = s.client.PublishAsync(t.Context(), aliased("", 2, qos))
				as[*mqtt.ArgumentError](t, err)
			}
			quiet(t, conn)
			require.Zero(t, s.client.Stats().Out.NotSent)
		}
	})
	bubble(t, "3.x: an alias is an error, and left out when that is asked for; the modes do nothing", func(t *testing.T) {
		for _, v := range []mqtt.Version{mqtt.V311, mqtt.V31} {
			for _, mode := range modes {
				s, conn := up(t, mqtt.Config{Version: v, TopicAlias: mode})
				for _, topic := range []string{"a/b", ""} {
					_, err := s.client.PublishAsync(t.Context(), aliased(topic, 1, mqtt.AtLeastOnce))
					require.ErrorIs(t, err, mqtt.ErrVersion)
					require.ErrorIs(t, err, mqtt.ErrNotSent)
				}
				s.publishes("a/b", "a/b")
				expectNames(t, conn, "a/b", "a/b")
				quiet(t, conn)

				s, conn = up(t, mqtt.Config{Version: v, TopicAlias: mode, Lenient: true})
				s.asyncMessage(aliased("a/b", 1, mqtt.AtMostOnce))
				s.asyncMessage(aliased("", 1, mqtt.AtLeastOnce))
				expectNames(t, conn, "a/b", "a/b")
			}
		}
	})
}

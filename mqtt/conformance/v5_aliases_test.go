package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// aliases5 is about the aliases that a client gives (§3.3.2.3.4).
var aliases5 = rows{
	"MQTT-3.2.2-17": func(s *scene) {
		s.aliasesWithin(2)
		conn := s.up(mqtt.Config{TopicAlias: mqtt.AliasAuto}, announcing(codec.ConnAckProperties{TopicAliasMaximum: 2}))
		used := map[uint16]bool{}
		for i := range 50 { // more topics than aliases
			s.asyncMessage(mqtt.Message{Topic: fmt.Sprintf("a/long/topic/%d", i%5)})
			if p := expectNow[*codec.Publish](s, conn).Properties; p != nil {
				used[p.TopicAlias] = true
			}
		}
		require.True(s, used[1] && used[2], "it uses them")
		delete(used, 0)
		require.Len(s, used, 2)
	},
	"MQTT-3.2.2-18": func(s *scene) {
		conn := s.up(mqtt.Config{})
		s.refusesAlias(1)
		quiet(s, conn)
		s.idle(mqtt.Config{}) // also what was published before the server said so
		s.asyncMessage(mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{TopicAlias: 1}})
		conn = s.connect()
		leaves(s, conn, "30 04 00 01 61 00")
		for _, mode := range []mqtt.AliasMode{mqtt.AliasReuse, mqtt.AliasAuto} {
			conn := s.up(mqtt.Config{TopicAlias: mode})
			for range 5 {
				s.asyncMessage(mqtt.Message{Topic: "a/long/topic"})
				require.Nil(s, expectNow[*codec.Publish](s, conn).Properties)
			}
		}
	},
	"MQTT-3.3.2-9": func(s *scene) { s.aliasesWithin(10) },
	"MQTT-3.3.2-12": func(s *scene) {
		for _, most := range []uint16{1, 10, 65_535} {
			conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{TopicAliasMaximum: most}))
			for _, alias := range []uint16{1, most} {
				s.asyncMessage(mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{TopicAlias: alias}})
				require.Equal(s, alias, expectNow[*codec.Publish](s, conn).Properties.TopicAlias)
			}
		}
	},
}

// aliasesWithin checks that no alias above the server's maximum leaves, and that those within do.
func (s *scene) aliasesWithin(most uint16) {
	s.Helper()
	conn := s.up(mqtt.Config{}, announcing(codec.ConnAckProperties{TopicAliasMaximum: most}))
	for alias := uint16(1); alias <= most; alias++ {
		s.asyncMessage(mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{TopicAlias: alias}})
		require.Equal(s, alias, expectNow[*codec.Publish](s, conn).Properties.TopicAlias)
	}
	s.refusesAlias(most + 1)
	s.refusesAlias(65_535)
	quiet(s, conn)
}

func (s *scene) refusesAlias(alias uint16) {
	s.Helper()
	for q := range mqtt.QoS(3) {
		m := mqtt.Message{Topic: "a", QoS: q, Properties: &mqtt.PublishProperties{TopicAlias: alias}}
		limited(s, s.client.Publish(s.Context(), m), codec.TopicAliasInvalid)
	}
}

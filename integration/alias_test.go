//go:build integration

package integration

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// sizes notes how large each PUBLISH of a client is on the wire.
type sizes struct {
	mu             sync.Mutex
	sent, received []int
}

func (s *sizes) tap(cfg *mqtt.Config) {
	note := func(to *[]int) func(mqtt.PacketInfo) {
		return func(p mqtt.PacketInfo) {
			if p.Type == "PUBLISH" {
				s.mu.Lock()
				defer s.mu.Unlock()
				*to = append(*to, p.Size)
			}
		}
	}
	cfg.Trace = &mqtt.Trace{PacketSent: note(&s.sent), PacketReceived: note(&s.received)}
}

func (s *sizes) all() (sent, received []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent, s.received
}

// takesAliases says whether the server takes any: mochi announces none.
func takesAliases(client *mqtt.Client) bool {
	ack, _ := client.ConnAck()
	return ack.TopicAliasMaximum >= 2
}

func TestTopicAliases(t *testing.T) { // §3.3.2.3.4
	const times = 3
	matrix{versions: v5}.run(t, func(c *cell) {
		subscriberSizes := new(sizes)
		var topics []string
		cfg := c.config()
		cfg.TopicAliasMaximum = 10
		subscriberSizes.tap(&cfg)
		subscriber := c.connect(cfg)
		c.subscribe(subscriber, c.topic("#"))
		for i := range 2 {
			topics = append(topics, c.topic(fmt.Sprintf("%s/%d", strings.Repeat("x", 50), i)))
		}
		length := len(topics[0])
		full := 1 + 1 + 2 + length + 1 + 1 // header, length, topic, no properties, payload
		if c.qos > mqtt.AtMostOnce {
			full += 2
		}
		for _, mode := range []mqtt.AliasMode{mqtt.AliasOff, mqtt.AliasReuse, mqtt.AliasAuto} {
			cfg, s := c.config(), new(sizes)
			cfg.TopicAlias = mode
			s.tap(&cfg)
			publisher := c.connect(cfg)
			takes := takesAliases(publisher)
			var want []int
			for n := range times {
				for i, topic := range topics {
					m := c.message(topic, fmt.Sprint(n))
					size := full
					if mode == mqtt.AliasReuse && takes && n == 0 {
						m.Properties = &mqtt.PublishProperties{TopicAlias: uint16(i + 1)}
					}
					if mode != mqtt.AliasOff && takes {
						size += 3
						if n > 0 {
							size -= length
						}
					}
					want = append(want, size)
					require.NoError(c, publisher.Publish(c.ctx, m))
				}
			}
			for n := range times {
				for _, topic := range topics {
					got := c.next(subscriber.Messages())
					require.Equal(c, topic, got.Topic)
					require.Equal(c, fmt.Sprint(n), string(got.Payload))
				}
			}
			sent, _ := s.all()
			require.Equal(c, want, sent, "mode %d", mode)
		}
		_, received := subscriberSizes.all()
		want := received[0]
		if _, is := c.server.(*embeddedServer); is { // mosquitto 2.0 gives none out
			want -= length
		}
		require.Equal(c, want, received[len(received)-1])
	})
}

func TestTopicAliasAloneByHand(t *testing.T) {
	matrix{versions: v5}.run(t, func(c *cell) {
		subscriber := c.connect(c.config())
		c.subscribe(subscriber, c.topic("#"))
		publisher := c.connect(c.config())
		for _, topic := range []string{c.topic("a"), "", c.topic("b"), ""} {
			m := c.message(topic, "")
			m.Properties = &mqtt.PublishProperties{TopicAlias: 2}
			err := publisher.Publish(c.ctx, m)
			if !takesAliases(publisher) {
				require.ErrorIs(c, err, codec.TopicAliasInvalid)
				return
			}
			require.NoError(c, err)
		}
		for _, topic := range []string{"a", "a", "b", "b"} {
			require.Equal(c, c.topic(topic), c.next(subscriber.Messages()).Topic)
		}
	})
}

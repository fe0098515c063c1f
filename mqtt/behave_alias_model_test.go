package mqtt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// aliasModel is a publisher that does what comes to its mind, and what a server reads of it that knows aliases by §3.3.2.3.4
// alone.
type aliasModel struct {
	*scene
	r       *rand.Rand
	last    map[uint16]string // what the publisher last gave an alias to
	sent    []mqtt.Message    // with the topics that they mean
	arrived map[string]int
}

// publish publishes a message, by its topic, with an alias or by an alias alone. Its payload says what it is about.
func (m *aliasModel) publish() {
	n := len(m.sent)
	topic := []string{"a", "ab", "abc", "a/topic", "another/topic", strings.Repeat("long/", 20)}[m.r.IntN(6)]
	alias := uint16(m.r.IntN(6))
	if m.r.IntN(2) == 0 {
		alias = 0
	}
	out := aliased(topic, alias, mqtt.QoS(m.r.IntN(3)))
	if known := m.last[alias]; known != "" && m.r.IntN(2) == 0 {
		topic, out.Topic = known, ""
	}
	out.Payload = fmt.Appendf(nil, "%d %s", n, topic)
	_, err := m.client.PublishAsync(m.Context(), out)
	if err != nil { // the alias is above what this connection allows, or nothing was published with it
		require.ErrorIs(m, err, codec.TopicAliasInvalid)
		return
	}
	if alias != 0 {
		m.last[alias] = topic
	}
	out.Topic = topic
	m.sent = append(m.sent, out)
}

// serve reads as far as n packets, and answers.
func (m *aliasModel) serve(ctx context.Context, conn *mqtttest.Conn, most uint16, n int) {
	names := map[uint16]string{}
	for range n {
		packet, err := conn.Read(ctx)
		if err != nil {
			return
		}
		switch p := packet.(type) {
		case *codec.Publish:
			m.read(p, names, most)
			switch p.QoS {
			case codec.AtLeastOnce:
				_ = conn.Send(&codec.PubAck{PacketID: p.PacketID})
			case codec.ExactlyOnce:
				_ = conn.Send(&codec.PubRec{PacketID: p.PacketID})
			}
		case *codec.PubRel:
			_ = conn.Send(&codec.PubComp{PacketID: p.PacketID})
		case *codec.PingReq:
			_ = conn.Send(&codec.PingResp{})
		}
	}
}

// read finds the topic of a PUBLISH and compares it with what was meant.
func (m *aliasModel) read(p *codec.Publish, names map[uint16]string, most uint16) {
	topic := p.Topic
	if p.Properties != nil && p.Properties.TopicAlias != 0 {
		alias := p.Properties.TopicAlias
		require.LessOrEqual(m, alias, most)
		require.False(m, p.Dup, "sent again with an alias")
		if topic != "" {
			names[alias] = topic
		}
		topic = names[alias]
	}
	var n int
	_, err := fmt.Sscanf(string(p.Payload), "%d", &n)
	require.NoError(m, err)
	require.Equal(m, fmt.Sprintf("%d %s", n, topic), string(p.Payload))
	m.arrived[string(p.Payload)]++
}

func TestAliasModel(t *testing.T) {
	for seed := range uint64(30) {
		bubble(t, fmt.Sprintf("B246 each message arrives with its own topic, whatever the connections allow: %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			cfg := keptSession(mqtt.V5)
			cfg.TopicAlias, cfg.MaxInFlight = modes[r.IntN(3)], 1+r.IntN(20)
			cfg.Backoff = mqtt.Backoff{Min: time.Millisecond, Max: 100 * time.Millisecond}
			if r.IntN(3) == 0 {
				cfg.Outbox = mqtt.Bounds{Messages: 20, Bytes: 2000}
			}
			if r.IntN(3) == 0 {
				cfg.Store = newDisk()
			}
			m := &aliasModel{scene: idle(t, cfg), r: r, last: map[uint16]string{}, arrived: map[string]int{}}
			over, ends := context.WithCancel(t.Context())
			served := make(chan struct{})
			go func() {
				defer close(served)
				sr := rand.New(rand.NewPCG(seed, 1))
				for k := 0; over.Err() == nil; k++ {
					conn, err := m.server.Accept(over)
					if err != nil {
						return
					}
					most := uint16(sr.IntN(7))
					lost := k == 0 || sr.IntN(4) == 0
					conn.Handshake(t, codec.ConnAck{SessionPresent: !lost, Properties: &codec.ConnAckProperties{TopicAliasMaximum: most}})
					n := 1 + sr.IntN(60)
					if k > 10 {
						n = 1_000_000
					}
					m.serve(over, conn, most, n)
					conn.Reset()
				}
			}()
			require.NoError(t, m.client.Connect(t.Context()))
			for range 400 {
				m.publish()
				if r.IntN(8) == 0 {
					elapse(time.Duration(r.IntN(200)) * time.Millisecond)
				}
			}
			_ = m.client.Flush(closing(t, time.Hour)) // what the maxima and lost sessions ended is counted there
			ends()
			<-served
			m.judge()
		})
	}
}

// judge compares what arrived with what was published: at QoS 1 all of it, unless its alias was forbidden while it waited.
func (m *aliasModel) judge() {
	require.NotEmpty(m, m.sent)
	for i, out := range m.sent {
		if out.QoS == mqtt.AtLeastOnce {
			require.Positive(m, m.arrived[string(out.Payload)], "message %d: %+v", i, out)
		}
	}
}

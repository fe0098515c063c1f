package mqtt_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestAliasesOverConnections(t *testing.T) {
	for _, mode := range modes {
		name := []string{"off", "reuse", "automatic"}[mode]
		bubble(t, "B246 sent again on the next connection: the whole topic, and no alias: "+name, func(t *testing.T) {
			cfg := keptSession(mqtt.V5)
			cfg.TopicAlias = mode
			s, conn := up(t, cfg, offering(3))
			for qos := mqtt.AtLeastOnce; qos <= mqtt.ExactlyOnce; qos++ {
				s.asyncMessage(aliased("a/b", 1, qos))
				s.asyncMessage(aliased("", 1, qos))
			}
			expectNames(t, conn, "a/b 1", " 1", "a/b 1", " 1")
			conn.Close()
			conn = s.refill(true, &codec.ConnAckProperties{TopicAliasMaximum: 3})
			for _, p := range expectNames(t, conn, "a/b", "a/b", "a/b", "a/b") {
				require.True(t, p.Dup)
			}
			s.asyncMessage(aliased("", 1, mqtt.AtLeastOnce)) // the server is told anew what it means
			s.asyncMessage(aliased("", 1, mqtt.AtLeastOnce))
			expectNames(t, conn, "a/b 1", " 1")
		})
		bubble(t, "B246 the session is lost: published again with the whole topic, and without the alias that was asked for: "+name, func(t *testing.T) {
			cfg := keptSession(mqtt.V5)
			cfg.TopicAlias = mode
			s, conn := up(t, cfg, offering(3))
			s.asyncMessage(aliased("a/b", 3, mqtt.AtLeastOnce))
			s.asyncMessage(aliased("", 3, mqtt.AtLeastOnce))
			expectNames(t, conn, "a/b 3", " 3")
			conn.Close()
			conn = s.refill(false, &codec.ConnAckProperties{TopicAliasMaximum: 3})
			want := []string{"a/b", "a/b"}
			if mode == mqtt.AliasAuto {
				want = []string{"a/b 1", " 1"} // of this connection
			}
			for _, p := range expectNames(t, conn, want...) {
				require.False(t, p.Dup)
			}
		})
		bubble(t, "B247 published with an alias, or with that alone, and no connection: "+name, func(t *testing.T) {
			for _, most := range []uint16{0, 3} {
				cfg := keptSession(mqtt.V5)
				cfg.TopicAlias = mode
				s := idle(t, cfg)
				for qos := mqtt.AtMostOnce; qos <= mqtt.AtLeastOnce; qos++ {
					s.asyncMessage(aliased("a/b", 3, qos))
					s.asyncMessage(aliased("", 3, qos))
				}
				_, err := s.client.PublishAsync(t.Context(), aliased("", 2, mqtt.AtLeastOnce))
				as[*mqtt.ArgumentError](t, err)
				conn := s.connect(offering(most))
				want := []string{"a/b", "a/b", "a/b", "a/b"}
				if mode == mqtt.AliasAuto && most > 0 {
					want = []string{"a/b 1", " 1", " 1", " 1"} // none that was asked for
				}
				expectNames(t, conn, want...)
				quiet(t, conn)
			}
		})
		bubble(t, "B247 the alias was given on a connection that is gone: "+name, func(t *testing.T) {
			cfg := keptSession(mqtt.V5)
			cfg.TopicAlias = mode
			s, conn := up(t, cfg, offering(3))
			s.asyncMessage(aliased("a/b", 3, mqtt.AtMostOnce))
			expectNames(t, conn, "a/b 3")
			conn.Close()
			synctest.Wait()
			s.asyncMessage(aliased("", 3, mqtt.AtMostOnce))
			s.asyncMessage(aliased("", 3, mqtt.AtLeastOnce))
			expectNames(t, s.refill(true, nil), "a/b", "a/b")
		})
		bubble(t, "B248 what the server knew is dropped with the connection, and its new maximum applies: "+name, func(t *testing.T) {
			cfg := keptSession(mqtt.V5)
			cfg.TopicAlias = mode
			s, conn := up(t, cfg, offering(3))
			s.asyncMessage(aliased("a/topic", 1, mqtt.AtMostOnce))
			s.asyncMessage(aliased("b/topic", 3, mqtt.AtMostOnce))
			expectNames(t, conn, "a/topic 1", "b/topic 3")
			conn.Close()
			conn = s.refill(true, &codec.ConnAckProperties{TopicAliasMaximum: 1})
			s.publishes("a/topic")
			want := "a/topic"
			if mode == mqtt.AliasAuto {
				want = "a/topic 1"
			}
			expectNames(t, conn, want)
			for _, topic := range []string{"b/topic", ""} {
				err := s.client.Publish(t.Context(), aliased(topic, 3, mqtt.AtMostOnce))
				require.ErrorIs(t, err, codec.TopicAliasInvalid)
				requireOnly(t, err, mqtt.ErrNotSent)
			}
			conn.Close()
			conn = s.refill(true, nil)
			s.publishes("a/topic", "a/topic")
			expectNames(t, conn, "a/topic", "a/topic")
			quiet(t, conn)
		})
	}
	bubble(t, "B248 a buffer of which nothing was read: what it named by aliases is named in full on the next connection", func(t *testing.T) {
		cfg := keptSession(mqtt.V5)
		cfg.TopicAlias = mqtt.AliasAuto
		s, conn := up(t, cfg, offering(3))
		stuck(conn, 1)
		for range 3 {
			s.asyncMessage(aliased("a/topic", 0, mqtt.AtMostOnce))
			s.asyncMessage(aliased("a/topic", 0, mqtt.AtLeastOnce))
		}
		synctest.Wait()
		conn.Reset()
		conn = s.refill(true, &codec.ConnAckProperties{TopicAliasMaximum: 3})
		first := true
		for range 6 {
			p := expectNow[*codec.Publish](t, conn)
			switch {
			case p.Dup:
				require.Equal(t, "a/topic", naming(p))
			case first:
				require.Equal(t, "a/topic 1", naming(p))
				first = false
			default:
				require.Equal(t, " 1", naming(p))
			}
		}
		quiet(t, conn)
	})
}

func TestAliasesAndTheStore(t *testing.T) {
	for _, mode := range modes {
		bubble(t, "B246 the store has the whole topic, and the next process sends it: "+[]string{"off", "reuse", "automatic"}[mode], func(t *testing.T) {
			d := newDisk()
			cfg := stored(mqtt.V5, d)
			cfg.TopicAlias = mode
			s, conn := up(t, cfg, offering(3))
			s.asyncMessage(aliased("a/b", 1, mqtt.AtLeastOnce))
			s.asyncMessage(aliased("", 1, mqtt.ExactlyOnce))
			expectNames(t, conn, "a/b 1", " 1")
			conn.Close()
			synctest.Wait()
			s.asyncMessage(aliased("", 1, mqtt.AtLeastOnce)) // never leaves
			synctest.Wait()
			next, _ := s.reborn(d)
			conn = next.connect(codec.ConnAck{SessionPresent: true, Properties: &codec.ConnAckProperties{TopicAliasMaximum: 3}})
			last := "a/b"
			if mode == mqtt.AliasAuto {
				last = "a/b 1"
			}
			got := expectNames(t, conn, "a/b", "a/b", last)
			require.Equal(t, []bool{true, true, false}, []bool{got[0].Dup, got[1].Dup, got[2].Dup})
			_, err := next.client.PublishAsync(t.Context(), aliased("", 1, mqtt.AtLeastOnce))
			as[*mqtt.ArgumentError](t, err) // another process published with it
		})
	}
}

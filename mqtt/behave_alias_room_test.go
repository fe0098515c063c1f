package mqtt_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestAliasesAndRoom(t *testing.T) {
	bubble(t, "an alias alone means what was last published with it, in the order of the calls, also while they wait for room", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: 1, Outbox: mqtt.Bounds{Messages: 1, Bytes: 1 << 20}}, offering(3))
		s.asyncMessage(aliased("first", 1, mqtt.AtLeastOnce))
		calls := make([]<-chan error, 4)
		for i, topic := range []string{"", "second", "", ""} {
			calls[i] = later(func() error { return s.client.Publish(t.Context(), aliased(topic, 1, mqtt.AtLeastOnce)) })
			synctest.Wait()
		}
		for _, want := range []string{"first 1", " 1", "second 1", " 1", " 1"} {
			p := expectNames(t, conn, want)[0]
			reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		}
		for _, call := range calls {
			require.NoError(t, within(t, time.Minute, call))
		}
	})
	bubble(t, "what waited at the door and left it gives the alias no topic, and who waits behind it learns that", func(t *testing.T) {
		s, _ := up(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 10, Bytes: 30}}, offering(3))
		s.asyncMessage(aliased("fills the outbox", 0, mqtt.AtLeastOnce))
		ctx := closing(t, time.Second)
		gives := later(func() error { return s.client.Publish(ctx, aliased("too much for it", 1, mqtt.AtLeastOnce)) })
		synctest.Wait()
		takes := later(func() error { return s.client.Publish(t.Context(), aliased("", 1, mqtt.AtLeastOnce)) })
		pending(t, takes)
		requireOnly(t, within(t, time.Minute, gives), mqtt.ErrNotSent)
		as[*mqtt.ArgumentError](t, within(t, time.Minute, takes))
	})
	bubble(t, "Maximum Packet Size counts the packet that leaves: a new alias is left out where it doesn't fit", func(t *testing.T) {
		ack := announcing(codec.ConnAckProperties{TopicAliasMaximum: 2, MaximumPacketSize: 40})
		s, conn := up(t, mqtt.Config{TopicAlias: mqtt.AliasAuto}, ack)
		fits := mqtt.Message{Topic: "a/topic", Payload: []byte(strings.Repeat("x", 40-2-9-1))}
		require.NoError(t, s.client.Publish(t.Context(), fits))
		expectNames(t, conn, "a/topic")
		s.publishes("a/topic", "a/topic")
		expectNames(t, conn, "a/topic 1", " 1")
		fits.Payload = append(fits.Payload, "four"...)
		require.NoError(t, s.client.Publish(t.Context(), fits), "its alias makes it small enough")
		expectNames(t, conn, " 1")
		fits.Payload = append(fits.Payload, "x"...)
		require.ErrorIs(t, s.client.Publish(t.Context(), fits), codec.PacketTooLarge)
		short := mqtt.Message{Topic: "ab", Payload: []byte(strings.Repeat("x", 40-2-4-1))}
		s.publishes("ab")
		require.NoError(t, s.client.Publish(t.Context(), short))
		expectNames(t, conn, "ab 2", "ab")
		quiet(t, conn)
	})
	bubble(t, "Maximum Packet Size, by hand: the topic is left out of what is right behind the message that gave the alias", func(t *testing.T) {
		ack := announcing(codec.ConnAckProperties{TopicAliasMaximum: 2, MaximumPacketSize: 40})
		s, conn := up(t, mqtt.Config{MaxInFlight: 1}, ack)
		s.asyncMessage(aliased("waits for the window/2/3/4", 0, mqtt.AtLeastOnce))
		s.asyncMessage(aliased("a/long/topic/of/26/letters", 1, mqtt.AtLeastOnce))
		m := aliased("", 1, mqtt.AtLeastOnce)
		m.Payload = []byte(strings.Repeat("x", 20))
		d := s.asyncMessage(m)
		for _, want := range []string{"waits for the window/2/3/4", "a/long/topic/of/26/letters 1", " 1"} {
			p := expectNames(t, conn, want)[0]
			reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		}
		require.NoError(t, outcomeOf(t, d))
		m.Topic = "a/long/topic/of/26/letters"
		require.ErrorIs(t, s.client.Publish(t.Context(), m), codec.PacketTooLarge)
	})
	bubble(t, "with a store: what an alias made small enough ends as not sent when it has lost that alias", func(t *testing.T) {
		ack := announcing(codec.ConnAckProperties{TopicAliasMaximum: 1, MaximumPacketSize: 40})
		d := newDisk()
		cfg := stored(mqtt.V5, d)
		cfg.TopicAlias = mqtt.AliasAuto
		s, conn := up(t, cfg, ack)
		s.publishes("a/long/topic/of/26/letters")
		expectNames(t, conn, "a/long/topic/of/26/letters 1")
		gate := d.slow()
		s.asyncMessage(aliased("takes/the/alias", 0, mqtt.AtLeastOnce))
		m := mqtt.Message{Topic: "a/long/topic/of/26/letters", QoS: mqtt.AtLeastOnce, Payload: []byte(strings.Repeat("x", 20))}
		late := s.asyncMessage(m)
		synctest.Wait()
		close(gate)
		first := expectNames(t, conn, "takes/the/alias 1")[0]
		reply(t, conn, &codec.PubAck{PacketID: first.PacketID})
		err := outcomeOf(t, late)
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, codec.PacketTooLarge)
		noRecords(t, d, "mn")
		m.Payload = nil
		next := s.asyncMessage(m)
		p := expectNames(t, conn, "a/long/topic/of/26/letters 1")[0]
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, next))
	})
	bubble(t, "LatestOnly knows a message by the topic that its alias stands for", func(t *testing.T) {
		s := idle(t, mqtt.Config{LatestOnly: true})
		old := s.asyncMessage(aliased("a/b", 1, mqtt.AtLeastOnce))
		s.asyncMessage(aliased("", 1, mqtt.AtLeastOnce))
		require.ErrorIs(t, outcomeOf(t, old), mqtt.ErrSuperseded)
		conn := s.connect(offering(3))
		expectNames(t, conn, "a/b")
		quiet(t, conn)
	})
}

// A publisher can't make the client remember aliases that no publish was admitted with.
func TestAliasOfARefusedPublish(t *testing.T) {
	bubble(t, "an alias alone means what was last admitted, not what was refused since", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, announcing(codec.ConnAckProperties{TopicAliasMaximum: 3, MaximumPacketSize: 30}))
		s.asyncMessage(aliased("kept", 1, mqtt.AtMostOnce))
		m := aliased("refused", 1, mqtt.AtMostOnce)
		m.Payload = make([]byte, 30)
		require.ErrorIs(t, s.client.Publish(t.Context(), m), codec.PacketTooLarge)
		s.asyncMessage(aliased("", 1, mqtt.AtMostOnce))
		expectNames(t, conn, "kept 1", " 1")
	})
}

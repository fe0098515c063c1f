package mqtttest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func broker(t testing.TB, cfg ...mqtttest.BrokerConfig) *mqtttest.Broker {
	t.Helper()
	if len(cfg) == 0 {
		cfg = append(cfg, mqtttest.BrokerConfig{})
	}
	b := mqtttest.NewBroker(cfg[0])
	t.Cleanup(b.Close)
	return b
}

// payloads are what the broker received, in order.
func payloads(b *mqtttest.Broker) (all []string) {
	for _, r := range b.Received() {
		all = append(all, string(r.Message.Payload))
	}
	return all
}

func TestPublishToBroker(t *testing.T) { // §4.3
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		c.send(publish(2, 5, "a", "two"))
		require.EqualValues(t, 5, expect[*codec.PubRec](c).PacketID)
		c.send(publish(0, 0, "a", "zero"), publish(1, 9, "a", "one"))
		require.EqualValues(t, 9, expect[*codec.PubAck](c).PacketID)
		require.Equal(t, []string{"zero", "one"}, payloads(b), "QoS 2 isn't complete before PUBREL")
		require.Equal(t, 1, b.Stats().Held)
		c.send(&codec.PubRel{PacketID: 5})
		done := expect[*codec.PubComp](c)
		require.EqualValues(t, 5, done.PacketID)
		require.Equal(t, codec.Success, done.Code)
		require.Equal(t, []string{"zero", "one", "two"}, payloads(b))
		require.Equal(t, "me", b.Received()[2].ClientID)
		require.Equal(t, codec.ExactlyOnce, b.Received()[2].Message.QoS)
		require.Len(t, b.TakeReceived(), 3)
		require.Empty(t, b.Received())
		require.Equal(t, 3, b.Stats().Received)
		require.Empty(t, b.Violations())
	})
}

func TestPubRelOfWhatIsUnknownIsAnswered(t *testing.T) { // §4.3.3
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		c.send(&codec.PubRel{PacketID: 5})
		want := codec.Success
		if v == codec.V5 {
			want = codec.PacketIdentifierNotFound
		}
		require.Equal(t, want, expect[*codec.PubComp](c).Code)
		require.Empty(t, b.Received())
	})
}

func TestBrokerDeliversWithTheLesserQoS(t *testing.T) { // §3.8.4
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		c.subscribe("zero", 0)
		c.subscribe("one/+", 1)
		c.subscribe("two/#", 2)
		for _, topic := range []string{"zero", "one/x", "two/x"} {
			for q := range codec.QoS(3) {
				require.NoError(t, b.Publish(*publish(q, 0, topic, "hi")))
			}
		}
		var got []codec.QoS
		for range 9 {
			p := expect[*codec.Publish](c)
			got = append(got, p.QoS)
			require.Equal(t, p.QoS > 0, p.PacketID > 0)
			require.False(t, p.Dup)
			require.Equal(t, "hi", string(p.Payload))
		}
		require.Equal(t, []codec.QoS{0, 0, 0, 0, 1, 1, 0, 1, 2}, got)
		require.Empty(t, b.Received(), "what the Broker publishes wasn't received")
		require.Error(t, b.Publish(*publish(0, 0, "a/#", "")))
	})
}

func TestDeliveriesAreAcknowledged(t *testing.T) { // §4.3
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		c.subscribe("#", 2)
		c.send(publish(1, 1, "a", "one"), publish(2, 2, "a", "two"), &codec.PubRel{PacketID: 2})
		one := expect[*codec.Publish](c)
		expect[*codec.PubAck](c)
		expect[*codec.PubRec](c)
		two := expect[*codec.Publish](c)
		expect[*codec.PubComp](c)
		require.Equal(t, 2, b.Stats().InFlight)
		c.send(&codec.PubRec{PacketID: two.PacketID}, &codec.PubAck{PacketID: one.PacketID})
		require.Equal(t, two.PacketID, expect[*codec.PubRel](c).PacketID)
		c.send(&codec.PubComp{PacketID: two.PacketID})
		c.ping()
		st := b.Stats()
		require.Zero(t, st.InFlight)
		require.Equal(t, 2, st.Delivered)
		require.Empty(t, b.Violations())
	})
}

func TestDeliveryRefusedWithPubRecIsOver(t *testing.T) { // §4.3.3
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me")
		c.subscribe("#", 2)
		require.NoError(t, b.Publish(*publish(2, 0, "a", "hi")))
		p := expect[*codec.Publish](c)
		c.send(&codec.PubRec{PacketID: p.PacketID, Code: codec.QuotaExceeded})
		c.nothing()
		require.Zero(t, b.Stats().InFlight)
	})
}

func TestPublishResumesExactlyOnce(t *testing.T) { // §4.4, §4.3.3
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me", durable)
		c.send(publish(2, 5, "a", "two"))
		expect[*codec.PubRec](c)
		c.conn.Close()
		synctest.Wait()

		c, ack := connect(t, b, v, "me", durable)
		require.Equal(t, v != codec.V31, ack.SessionPresent)
		again := publish(2, 5, "a", "two")
		again.Dup = true
		c.send(again)
		expect[*codec.PubRec](c)
		require.Empty(t, b.Received())
		c.send(&codec.PubRel{PacketID: 5})
		expect[*codec.PubComp](c)
		c.conn.Close()
		synctest.Wait()

		c, _ = connect(t, b, v, "me", durable)
		c.send(&codec.PubRel{PacketID: 5})
		expect[*codec.PubComp](c)
		require.Equal(t, []string{"two"}, payloads(b))
		require.Empty(t, b.Violations())
		require.Equal(t, 3, b.Connections())
	})
}

func TestDeliveriesResumeInOrder(t *testing.T) { // §4.4, §4.6
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t, mqtttest.BrokerConfig{Window: 3})
		c, _ := connect(t, b, v, "me", durable)
		c.subscribe("#", 2)
		for _, m := range []*codec.Publish{publish(1, 0, "a", "1"), publish(2, 0, "a", "2"), publish(2, 0, "a", "3")} {
			require.NoError(t, b.Publish(*m))
		}
		p1, p2, p3 := expect[*codec.Publish](c), expect[*codec.Publish](c), expect[*codec.Publish](c)
		c.send(&codec.PubRec{PacketID: p2.PacketID})
		expect[*codec.PubRel](c)
		c.conn.Close()
		synctest.Wait()
		require.NoError(t, b.Publish(*publish(0, 0, "a", "not kept")))
		require.NoError(t, b.Publish(*publish(1, 0, "a", "4")))
		require.Equal(t, 1, b.Stats().Queued)

		c, _ = connect(t, b, v, "me", durable)
		for _, want := range []*codec.Publish{p1, nil, p3} {
			if want == nil {
				require.Equal(t, p2.PacketID, expect[*codec.PubRel](c).PacketID)
				continue
			}
			got := expect[*codec.Publish](c)
			require.True(t, got.Dup)
			require.Equal(t, want.PacketID, got.PacketID)
			require.Equal(t, want.QoS, got.QoS)
			require.Equal(t, want.Payload, got.Payload)
		}
		c.nothing()
		c.send(&codec.PubAck{PacketID: p1.PacketID})
		p4 := expect[*codec.Publish](c)
		require.Equal(t, "4", string(p4.Payload))
		require.False(t, p4.Dup)
		require.Empty(t, b.Violations())
	})
}

func TestWindowOfTheResumedConnectionHolds(t *testing.T) { // §4.9
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me", durable)
		c.subscribe("#", 1)
		for range 5 {
			require.NoError(t, b.Publish(*publish(1, 0, "a", "hi")))
			expect[*codec.Publish](c)
		}
		c.conn.Close()
		synctest.Wait()
		c, _ = connect(t, b, codec.V5, "me", durable, func(p *codec.Connect) { p.Properties.ReceiveMaximum = 2 })
		for range 2 {
			require.True(t, expect[*codec.Publish](c).Dup)
		}
		c.nothing()
		c.send(&codec.PubAck{PacketID: 1})
		require.EqualValues(t, 3, expect[*codec.Publish](c).PacketID)
		c.nothing()
		require.Empty(t, b.Violations())
		c.send(&codec.PubAck{PacketID: 5})
		c.nothing()
		require.Len(t, b.Violations(), 1, "what an earlier connection brought can't be acknowledged on this one")
	})
}

func TestReceiveMaximumOfTheClient(t *testing.T) { // §3.1.2.11.3
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me", durable, func(p *codec.Connect) { p.Properties.ReceiveMaximum = 1 })
		c.subscribe("#", 2)
		require.NoError(t, b.Publish(*publish(2, 0, "a", "1")))
		require.NoError(t, b.Publish(*publish(2, 0, "a", "2")))
		require.NoError(t, b.Publish(*publish(0, 0, "a", "0")))
		first := expect[*codec.Publish](c)
		require.Equal(t, "0", string(expect[*codec.Publish](c).Payload), "QoS 0 needs no room")
		c.send(&codec.PubRec{PacketID: first.PacketID})
		expect[*codec.PubRel](c)
		c.nothing()
		c.send(&codec.PubComp{PacketID: first.PacketID})
		require.Equal(t, "2", string(expect[*codec.Publish](c).Payload))
	})
}

func TestIdentifiersInUseAreNotGivenAgain(t *testing.T) { // §2.2.1
	b := broker(t)
	c, _ := connect(t, b, codec.V5, "me")
	c.subscribe("#", 1)
	require.NoError(t, b.Publish(*publish(1, 0, "a", "kept")))
	kept := expect[*codec.Publish](c)
	for range 65535 {
		require.NoError(t, b.Publish(*publish(1, 0, "a", "")))
		p := expect[*codec.Publish](c)
		require.NotEqual(t, kept.PacketID, p.PacketID)
		require.NotZero(t, p.PacketID)
		c.send(&codec.PubAck{PacketID: p.PacketID})
		if p.PacketID%64 == 0 {
			c.ping()
		}
	}
}

func TestPropertiesPassThrough(t *testing.T) { // §3.3.2.3
	b := broker(t)
	c, _ := connect(t, b, codec.V5, "me")
	c.subscribe("a", 1)
	props := &codec.PublishProperties{PayloadFormatIndicator: 1, ResponseTopic: "r", CorrelationData: []byte("id"), ContentType: "x",
		UserProperties: []codec.UserProperty{{Key: "k", Value: "1"}, {Key: "k", Value: "2"}}}
	m := publish(2, 9, "a", "payload")
	m.Properties = props
	c.send(m)
	expect[*codec.PubRec](c)
	c.send(publish(0, 0, "b", "what comes later must not be seen in what came before"), &codec.PubRel{PacketID: 9})
	got := expect[*codec.Publish](c)
	require.Equal(t, "payload", string(got.Payload))
	require.Equal(t, props, got.Properties)
	require.Equal(t, props, b.Received()[1].Message.Properties)
}

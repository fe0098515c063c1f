package mqtttest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestAnnouncedLimitsHold(t *testing.T) { // §3.2.2.3
	retained := publish(0, 0, "a", "x")
	retained.Retain = true
	alias := func(topic string, n uint16) *codec.Publish {
		p := publish(0, 0, topic, "x")
		p.Properties = &codec.PublishProperties{TopicAlias: n}
		return p
	}
	for _, tc := range []struct {
		name     string
		announce codec.ConnAckProperties
		send     []codec.Packet
		want     codec.ReasonCode
	}{
		{"maximum QoS (§3.2.2.3.4)", codec.ConnAckProperties{MaximumQoS: new(codec.AtLeastOnce)},
			[]codec.Packet{publish(2, 1, "a", "x")}, codec.QoSNotSupported},
		{"retain (§3.2.2.3.5)", codec.ConnAckProperties{RetainAvailable: new(false)}, []codec.Packet{retained}, codec.RetainNotSupported},
		{"packet size (§3.2.2.3.6)", codec.ConnAckProperties{MaximumPacketSize: 50},
			[]codec.Packet{publish(0, 0, "a", strings.Repeat("x", 50))}, codec.PacketTooLarge},
		{"no alias (§3.2.2.3.8)", codec.ConnAckProperties{}, []codec.Packet{alias("a", 1)}, codec.TopicAliasInvalid},
		{"alias above (§3.2.2.3.8)", codec.ConnAckProperties{TopicAliasMaximum: 2}, []codec.Packet{alias("a", 3)}, codec.TopicAliasInvalid},
		{"alias unknown (§3.3.2.3.4)", codec.ConnAckProperties{TopicAliasMaximum: 2}, []codec.Packet{alias("", 1)}, codec.ProtocolError},
		{"receive maximum (§3.3.4)", codec.ConnAckProperties{ReceiveMaximum: 2},
			[]codec.Packet{publish(2, 1, "a", ""), publish(2, 2, "a", ""), publish(2, 3, "a", "")}, codec.ReceiveMaximumExceeded},
		{"second CONNECT (§3.1)", codec.ConnAckProperties{}, []codec.Packet{&codec.Connect{ClientID: "me"}}, codec.ProtocolError},
		{"AUTH without a method (§4.12)", codec.ConnAckProperties{},
			[]codec.Packet{&codec.Auth{Code: codec.ReAuthenticate, AuthenticationMethod: "x"}}, codec.ProtocolError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := broker(t, mqtttest.BrokerConfig{Announce: tc.announce})
			c, ack := connect(t, b, codec.V5, "me")
			tc.announce.SharedSubscriptionAvailable = new(false)
			require.Equal(t, &tc.announce, ack.Properties)
			c.send(tc.send...)
			for {
				got, err := c.read()
				require.NoError(t, err)
				if d, ok := got.(*codec.Disconnect); ok {
					require.Equal(t, tc.want, d.Code)
					break
				}
			}
			c.closed()
			require.Len(t, b.Violations(), 1)
			require.ErrorIs(t, b.Violations()[0], tc.want)
			require.Contains(t, b.Violations()[0].Error(), "me: ")
		})
	}
}

func TestReceiveMaximumCountsWhatIsAnswered(t *testing.T) { // §4.9
	b := broker(t, mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{ReceiveMaximum: 2}})
	c, _ := connect(t, b, codec.V5, "me")
	c.send(publish(2, 1, "a", ""))
	expect[*codec.PubRec](c)
	for id := range uint16(10) {
		c.send(publish(1, id+10, "a", ""))
		expect[*codec.PubAck](c)
	}
	again := publish(2, 1, "a", "")
	again.Dup = true
	c.send(publish(2, 2, "a", ""))
	expect[*codec.PubRec](c)
	c.send(again)
	expect[*codec.PubRec](c)
	c.send(&codec.PubRel{PacketID: 1}, &codec.PubRel{PacketID: 2})
	expect[*codec.PubComp](c)
	expect[*codec.PubComp](c)
	c.send(publish(2, 3, "a", ""), publish(2, 4, "a", ""))
	expect[*codec.PubRec](c)
	expect[*codec.PubRec](c)
	require.Len(t, b.Violations(), 1, "sent again on the same connection (§4.4)")
}

func TestMaximumQoSIsGrantedAtMost(t *testing.T) { // §3.2.2.3.4
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t, mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{MaximumQoS: new(codec.AtLeastOnce)}})
		c, _ := connect(t, b, v, "me")
		require.Equal(t, codec.GrantedQoS1, c.ask(codec.Subscription{Filter: "a", QoS: 2}, 0))
		c.send(publish(2, 1, "a", "x"))
		if v == codec.V5 {
			expect[*codec.Disconnect](c)
		}
		c.closed()
	})
}

func TestTopicAliasesOfTheClient(t *testing.T) { // §3.3.2.3.4
	b := broker(t, mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{TopicAliasMaximum: 2}})
	c, _ := connect(t, b, codec.V5, "me")
	for _, p := range []struct {
		topic string
		alias uint16
	}{{"a", 1}, {"b", 2}, {"", 1}, {"", 2}, {"c", 1}, {"", 1}} {
		c.send(&codec.Publish{Topic: p.topic, Properties: &codec.PublishProperties{TopicAlias: p.alias}})
	}
	c.ping()
	var topics []string
	for _, r := range b.Received() {
		topics = append(topics, r.Message.Topic)
		require.Zero(t, r.Message.Properties.TopicAlias)
	}
	require.Equal(t, []string{"a", "b", "a", "b", "c", "c"}, topics)
}

func TestTopicAliasesOfTheBroker(t *testing.T) { // §3.3.2.3.4
	b := broker(t, mqtttest.BrokerConfig{TopicAliases: true})
	c, _ := connect(t, b, codec.V5, "me", durable, func(p *codec.Connect) { p.Properties.TopicAliasMaximum = 2 })
	c.subscribe("#", 0)
	drop := true
	b.OnPacket(func(_ string, _ codec.Side, p codec.Packet) mqtttest.Action {
		if m, ok := p.(*codec.Publish); ok && m.Topic == "b" && drop {
			drop = false
			return mqtttest.ActionDrop
		}
		return mqtttest.ActionPass
	})
	type sent struct {
		topic string
		alias uint16
	}
	var got []sent
	for _, topic := range []string{"a", "a", "b", "b", "b", "c", "a"} {
		require.NoError(t, b.Publish(*publish(0, 0, topic, "x")))
	}
	for range 6 {
		p := expect[*codec.Publish](c)
		s := sent{topic: p.Topic}
		if p.Properties != nil {
			s.alias = p.Properties.TopicAlias
		}
		got = append(got, s)
	}
	require.Equal(t, []sent{{"a", 1}, {"", 1}, {"b", 2}, {"", 2}, {"c", 0}, {"", 1}}, got,
		"an alias whose first message was lost is told again")
}

func TestMaximumPacketSizeOfTheClient(t *testing.T) { // §3.1.2.11.4
	b := broker(t)
	c, _ := connect(t, b, codec.V5, "me", durable, func(p *codec.Connect) { p.Properties.MaximumPacketSize = 40 })
	c.subscribe("#", 1)
	require.NoError(t, b.Publish(*publish(1, 0, "a", strings.Repeat("x", 40))))
	require.NoError(t, b.Publish(*publish(0, 0, "a", strings.Repeat("x", 40))))
	require.NoError(t, b.Publish(*publish(1, 0, "a", "short")))
	require.Equal(t, "short", string(expect[*codec.Publish](c).Payload))
	require.Equal(t, 1, b.Stats().InFlight)
}

func TestKeepAlive(t *testing.T) { // §3.1.2.10
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me", func(p *codec.Connect) { p.KeepAlive = 10 })
		for range 10 {
			time.Sleep(14 * time.Second)
			c.ping()
		}
		start := time.Now()
		if v == codec.V5 {
			require.Equal(t, codec.KeepAliveTimeout, expect[*codec.Disconnect](c).Code)
		}
		c.closed()
		require.Equal(t, 15*time.Second, time.Since(start))
		require.Len(t, b.Violations(), 1)
	})
}

func TestServerKeepAlive(t *testing.T) { // §3.2.2.3.14
	synctest.Test(t, func(t *testing.T) {
		b := broker(t, mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{ServerKeepAlive: new(uint16(4))}})
		c, _ := connect(t, b, codec.V5, "me", func(p *codec.Connect) { p.KeepAlive = 60 })
		start := time.Now()
		expect[*codec.Disconnect](c)
		require.Equal(t, 6*time.Second, time.Since(start))
	})
}

func TestStalledReadingIsNoSilence(t *testing.T) { // §3.1.2.10
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V311, "me", func(p *codec.Connect) { p.KeepAlive = 10 })
		b.Stall(true)
		c.send(&codec.PingReq{})
		c.nothing()
		b.Stall(false)
		expect[*codec.PingResp](c)
	})
}

func TestBacklogStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mqtttest.NewServer()
		s.Prepare(func(p *mqtttest.PipeConn) {
			p.In().SetSize(1000)
			p.Out().SetSize(1000)
		})
		b := broker(t, mqtttest.BrokerConfig{Server: s, MaxBacklog: 5000})
		c, _ := connect(t, b, codec.V311, "me", func(p *codec.Connect) { p.KeepAlive = 60 })
		c.subscribe("#", 0)
		done := make(chan error, 1)
		go func() {
			for range 1000 {
				b, _ := publish(0, 0, "a", strings.Repeat("x", 100)).Append(nil, codec.V311)
				if _, err := c.conn.Write(b); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		time.Sleep(time.Hour)
		require.Empty(t, done, "the client is stuck, and not ended for it")
		require.Less(t, b.Stats().Received, 200)
		for range 1000 {
			expect[*codec.Publish](c)
		}
		require.NoError(t, <-done)
		require.Equal(t, 1000, b.Stats().Received)
	})
}

func TestClientsThatBreakTheOrder(t *testing.T) { // §4.6, §4.3
	for _, tc := range []struct {
		name string
		acks []codec.Packet
		want int
	}{
		{"in order", []codec.Packet{&codec.PubAck{PacketID: 1}, &codec.PubAck{PacketID: 2}, &codec.PubRec{PacketID: 3}, &codec.PubRec{PacketID: 4}}, 0},
		{"QoS 2 before QoS 1", []codec.Packet{&codec.PubRec{PacketID: 3}, &codec.PubAck{PacketID: 1}}, 0},
		{"PUBACK too early", []codec.Packet{&codec.PubAck{PacketID: 2}}, 1},
		{"PUBREC too early", []codec.Packet{&codec.PubRec{PacketID: 4}}, 1},
		{"PUBACK twice", []codec.Packet{&codec.PubAck{PacketID: 1}, &codec.PubAck{PacketID: 1}}, 1},
		{"PUBACK for QoS 2", []codec.Packet{&codec.PubAck{PacketID: 3}}, 1},
		{"PUBREC for nothing", []codec.Packet{&codec.PubRec{PacketID: 9}}, 1},
		{"PUBCOMP before PUBREC", []codec.Packet{&codec.PubComp{PacketID: 3}}, 1},
		{"identifier in use without DUP", []codec.Packet{publish(2, 9, "x", "1"), publish(2, 9, "x", "2")}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := broker(t)
				c, _ := connect(t, b, codec.V5, "me")
				c.subscribe("a", 2)
				for _, q := range []codec.QoS{1, 1, 2, 2} {
					require.NoError(t, b.Publish(*publish(q, 0, "a", "")))
				}
				c.send(tc.acks...)
				synctest.Wait()
				require.Len(t, b.Violations(), tc.want, "%v", b.Violations())
				require.Equal(t, 1, b.Stats().Open, "the connection goes on")
			})
		})
	}
}

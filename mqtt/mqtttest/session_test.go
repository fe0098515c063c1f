package mqtttest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestCleanStartForgetsTheSession(t *testing.T) { // §3.1.2.4
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, ack := connect(t, b, v, "me", durable)
		require.False(t, ack.SessionPresent)
		c.subscribe("#", 1)
		require.Len(t, b.Subscriptions("me"), 1)
		c.conn.Close()
		synctest.Wait()
		require.NoError(t, b.Publish(*publish(1, 0, "a", "1")))
		c, ack = connect(t, b, v, "me")
		require.False(t, ack.SessionPresent)
		require.Empty(t, b.Subscriptions("me"))
		c.nothing()
		c.conn.Close()
		synctest.Wait()
		require.Zero(t, b.Stats().Sessions, "a clean session ends with its connection")
		_, ack = connect(t, b, v, "me", durable)
		require.False(t, ack.SessionPresent)
	})
}

func TestSessionExpires(t *testing.T) { // §3.1.2.11.2
	for _, tc := range []struct {
		name    string
		config  mqtttest.BrokerConfig
		expiry  uint32
		say     *uint32 // in DISCONNECT
		lives   time.Duration
		forever bool
	}{
		{name: "asked", expiry: 60, lives: time.Minute},
		{name: "none", expiry: 0, lives: 0},
		{name: "never", expiry: 0xFFFFFFFF, forever: true},
		{name: "changed with DISCONNECT (§3.14.2.2.2)", expiry: 60, say: new(uint32(10)), lives: 10 * time.Second},
		{name: "the server's (§3.2.2.3.2)", expiry: 60, lives: 30 * time.Second,
			config: mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{SessionExpiryInterval: new(uint32(30))}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := broker(t, tc.config)
				there := func() int { synctest.Wait(); return b.Stats().Sessions }
				c, _ := connect(t, b, codec.V5, "me", durable, func(p *codec.Connect) {
					p.Properties.SessionExpiryInterval = new(tc.expiry)
				})
				time.Sleep(24 * time.Hour)
				require.Equal(t, 1, there(), "the clock runs from the end of the connection")
				bye := &codec.Disconnect{}
				if tc.say != nil {
					bye.Properties = &codec.DisconnectProperties{SessionExpiryInterval: tc.say}
				}
				c.send(bye)
				c.closed()
				if tc.forever {
					time.Sleep(1000 * time.Hour)
					require.Equal(t, 1, there())
					return
				}
				if tc.lives > 0 {
					time.Sleep(tc.lives - time.Second)
					require.Equal(t, 1, there())
					time.Sleep(time.Second)
				}
				require.Zero(t, there())
			})
		})
	}
}

func TestSessionThatIsResumedDoesNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me", durable)
		c.conn.Close()
		time.Sleep(59 * time.Minute)
		_, ack := connect(t, b, codec.V5, "me", durable)
		require.True(t, ack.SessionPresent)
		time.Sleep(59 * time.Minute)
		require.Equal(t, 1, b.Stats().Sessions)
	})
}

func TestDisconnectMustNotBeginAnExpiry(t *testing.T) { // §3.14.2.2.2
	b := broker(t)
	c, _ := connect(t, b, codec.V5, "me")
	c.send(&codec.Disconnect{Properties: &codec.DisconnectProperties{SessionExpiryInterval: new(uint32(1))}})
	require.Equal(t, codec.ProtocolError, expect[*codec.Disconnect](c).Code)
	c.closed()
}

func TestSessionIsTakenOver(t *testing.T) { // §3.1.4
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		first, _ := connect(t, b, v, "me", durable)
		first.subscribe("a", 1)
		second, ack := connect(t, b, v, "me", durable)
		require.Equal(t, v != codec.V31, ack.SessionPresent)
		if v == codec.V5 {
			require.Equal(t, codec.SessionTakenOver, expect[*codec.Disconnect](first).Code)
		}
		first.closed()
		require.NoError(t, b.Publish(*publish(1, 0, "a", "hi")))
		expect[*codec.Publish](second)
		require.Equal(t, 1, b.Stats().Open)
	})
}

func TestSessionIsOfNoVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V311, "me", durable)
		c.subscribe("#", 1)
		c.send(&codec.Disconnect{})
		c.closed()
		require.NoError(t, b.Publish(codec.Publish{Topic: "a", QoS: 1, Properties: &codec.PublishProperties{ContentType: "x"}}))
		c, ack := connect(t, b, codec.V5, "me", durable)
		require.True(t, ack.SessionPresent)
		require.Equal(t, "x", expect[*codec.Publish](c).Properties.ContentType)
	})
}

// willing gives a CONNECT a will.
func willing(p *codec.Connect) {
	p.Will = &codec.Will{Topic: "will", Payload: []byte("bye"), QoS: 1, Retain: true}
}

func TestWill(t *testing.T) { // §3.1.2.5
	for _, tc := range []struct {
		name   string
		end    func(b *mqtttest.Broker, c *client)
		wanted bool
	}{
		{"the client closes", func(_ *mqtttest.Broker, c *client) { c.conn.Close() }, true},
		{"dropped", func(b *mqtttest.Broker, _ *client) { b.Drop("me") }, true},
		{"broken rule (§4.13)", func(_ *mqtttest.Broker, c *client) { c.conn.Write([]byte{0, 0}) }, true},
		{"DISCONNECT", func(_ *mqtttest.Broker, c *client) { c.send(&codec.Disconnect{}) }, false},
		{"taken over, clean", func(b *mqtttest.Broker, c *client) { connect(c.t, b, c.version, "me") }, true},
		{"cut before DISCONNECT", func(b *mqtttest.Broker, c *client) {
			b.CutBefore(codec.FromClient, codec.TypeDisconnect, 1)
			c.send(&codec.Disconnect{})
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			overVersions(t, func(t *testing.T, v codec.Version) {
				b := broker(t)
				other, _ := connect(t, b, v, "other")
				other.subscribe("will", 1)
				c, _ := connect(t, b, v, "me", willing)
				other.nothing()
				tc.end(b, c)
				if !tc.wanted {
					other.nothing()
					return
				}
				p := expect[*codec.Publish](other)
				require.Equal(t, "bye", string(p.Payload))
				require.Equal(t, codec.AtLeastOnce, p.QoS)
				require.False(t, p.Retain, "an old subscription")
				kept, ok := b.Retained("will")
				require.True(t, ok)
				require.Equal(t, "bye", string(kept.Payload))
				other.nothing()
				require.Empty(t, b.Received())
			})
		})
	}
}

func TestWillOfV5(t *testing.T) { // §3.1.3.2.2, §3.14.4
	delayed := func(delay, expiry uint32) func(*codec.Connect) {
		return func(p *codec.Connect) {
			willing(p)
			p.Will.Properties = &codec.WillProperties{WillDelayInterval: delay, MessageExpiryInterval: new(uint32(9)), ContentType: "x"}
			p.CleanStart = false
			p.Properties = &codec.ConnectProperties{SessionExpiryInterval: new(expiry)}
		}
	}
	closes := func(_ *mqtttest.Broker, c *client) { c.conn.Close() }
	never := time.Duration(-1)
	for _, tc := range []struct {
		name          string
		delay, expiry uint32
		end           func(b *mqtttest.Broker, c *client)
		after         time.Duration
	}{
		{"delayed", 5, 60, closes, 5 * time.Second},
		{"session ends before the delay", 60, 5, closes, 5 * time.Second},
		{"no session, no delay", 60, 0, closes, 0},
		{"DISCONNECT with will", 5, 60, func(_ *mqtttest.Broker, c *client) {
			c.send(&codec.Disconnect{Code: codec.DisconnectWithWill})
		}, 5 * time.Second},
		{"DISCONNECT", 5, 60, func(_ *mqtttest.Broker, c *client) { c.send(&codec.Disconnect{}) }, never},
		{"back in time", 5, 60, func(b *mqtttest.Broker, c *client) {
			c.conn.Close()
			time.Sleep(4 * time.Second)
			connect(c.t, b, codec.V5, "me", durable)
		}, never},
		{"back in time with a clean start", 5, 60, func(b *mqtttest.Broker, c *client) {
			c.conn.Close()
			time.Sleep(4 * time.Second)
			connect(c.t, b, codec.V5, "me")
		}, 4 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := broker(t)
				other, _ := connect(t, b, codec.V5, "other")
				other.subscribe("will", 1)
				c, _ := connect(t, b, codec.V5, "me", delayed(tc.delay, tc.expiry))
				start := time.Now()
				tc.end(b, c)
				if tc.after == never {
					other.nothing()
					return
				}
				p := expect[*codec.Publish](other)
				require.Equal(t, tc.after, time.Since(start))
				require.Equal(t, "x", p.Properties.ContentType)
				require.EqualValues(t, 9, *p.Properties.MessageExpiryInterval, "counts from when it is published")
				other.nothing()
			})
		})
	}
}

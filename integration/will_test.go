//go:build integration

package integration

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// mortal is a config with a will, at the cell's QoS.
func (c *cell) mortal() mqtt.Config {
	cfg := c.config()
	cfg.ClientID = c.name("mortal")
	cfg.Will = &mqtt.Will{Topic: c.topic("will"), Payload: []byte("gone"), QoS: c.qos}
	return cfg
}

// watcher is a client that sees wills.
func (c *cell) watcher() *mqtt.Client {
	c.Helper()
	watcher := c.connect(c.config())
	c.subscribe(watcher, c.topic("will"))
	return watcher
}

func TestAbortLetsTheServerSendTheWill(t *testing.T) {
	matrix{versions: allVersions}.run(t, func(c *cell) {
		watcher := c.watcher()
		client := c.connect(c.mortal())
		require.NoError(c, client.Abort())
		got := c.next(watcher.Messages())
		require.Equal(c, "gone", string(got.Payload))
		require.Equal(c, c.qos, got.QoS)
		require.ErrorIs(c, client.Err(), mqtt.ErrClosed)
	})
}

func TestCloseTakesTheWillBack(t *testing.T) {
	matrix{versions: allVersions, qos: once}.run(t, func(c *cell) {
		watcher := c.watcher()
		cfg := c.mortal()
		client := c.connect(cfg)
		gone := c.departure(cfg)
		require.NoError(c, client.Close(c.ctx))
		gone()
		c.requireNoWill(watcher)
	})
}

// A socket that is closed with unread input is reset, and the server takes that for the client's death: Close reads on.
func TestCloseTakesTheWillBackThoughMessagesAreUnread(t *testing.T) {
	matrix{qos: []mqtt.QoS{mqtt.AtMostOnce}}.run(t, func(c *cell) {
		watcher := c.watcher()
		cfg := c.mortal()
		cfg.Inbox, cfg.Overflow = mqtt.Bounds{Messages: 4}, mqtt.OverflowHold
		client := c.connect(cfg)
		c.subscribe(client, c.topic("flood"))
		gone := c.departure(cfg)

		publisher := c.connect(c.config())
		flood := mqtt.Message{Topic: c.topic("flood"), Payload: bytes.Repeat([]byte("x"), 4096)}
		for range 1000 {
			require.NoError(c, publisher.Publish(c.ctx, flood))
		}
		c.settle(publisher)

		require.NoError(c, client.Close(c.ctx))
		gone()
		c.requireNoWill(watcher)
	})
}

func TestDisconnectWithWill(t *testing.T) { // §3.14.2.1, 0x04
	matrix{versions: v5, qos: once}.run(t, func(c *cell) {
		watcher := c.watcher()
		client := c.connect(c.mortal())
		words := mqtt.Disconnect{Code: codec.DisconnectWithWill, ReasonString: "mochi overlooks a code without properties"}
		require.NoError(c, client.CloseWith(c.ctx, words))
		require.Equal(c, "gone", string(c.next(watcher.Messages()).Payload))
	})
}

func TestWillWithProperties(t *testing.T) { // mochi keeps the User Properties of a will alone
	matrix{places: mosquittos, versions: v5}.run(t, func(c *cell) {
		watcher := c.watcher()
		cfg := c.mortal()
		cfg.Will.Properties = &mqtt.WillProperties{
			PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Hour), ContentType: "text/plain",
			ResponseTopic: c.topic("answers"), CorrelationData: []byte{0, 1, 255}, UserProperties: pairs,
		}
		require.NoError(c, c.connect(cfg).Abort())
		p := c.next(watcher.Messages()).Properties
		require.NotNil(c, p)
		require.EqualValues(c, 1, p.PayloadFormatIndicator)
		require.NotNil(c, p.MessageExpiryInterval)
		require.InDelta(c, time.Hour, *p.MessageExpiryInterval, float64(patience))
		require.Equal(c, "text/plain", p.ContentType)
		require.Equal(c, c.topic("answers"), p.ResponseTopic)
		require.Equal(c, []byte{0, 1, 255}, p.CorrelationData)
		require.Equal(c, pairs, p.UserProperties)
	})
}

func TestWillWaitsForItsDelay(t *testing.T) { // §3.1.3.2.2
	matrix{versions: v5, qos: once, parallel: true}.run(t, func(c *cell) {
		watcher := c.watcher()
		cfg := c.mortal()
		cfg.Will.Properties = &mqtt.WillProperties{WillDelayInterval: 2 * time.Second}
		client := c.connect(cfg)
		died := time.Now()
		require.NoError(c, client.Abort())
		require.Equal(c, "gone", string(c.next(watcher.Messages()).Payload))
		require.Greater(c, time.Since(died), time.Second, "servers count whole seconds")
	})
}

// departure gives a function that returns when the server has ended the connection that cfg's client has now. A will
// that the server sends then was sent before.
func (c *cell) departure(cfg mqtt.Config) func() {
	if s, is := c.server.(*embeddedServer); is {
		gone := s.journal.leaves(cfg.ClientID)
		return func() { c.ended(gone) }
	}
	cfg.Will, cfg.Session = nil, mqtt.SessionConnection
	return func() { // mosquitto does one thing at a time: it has ended the one when it lets the other in
		require.NoError(c, c.connect(cfg).Close(c.ctx))
	}
}

// requireNoWill shows that nothing has come to the watcher.
func (c *cell) requireNoWill(watcher *mqtt.Client) {
	c.Helper()
	c.publish(watcher, c.topic("will"), "none")
	require.Equal(c, "none", string(c.next(watcher.Messages()).Payload))
}

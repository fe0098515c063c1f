//go:build integration

package integration

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// guarded is a server that asks for a password.
var guarded = place{"mosquitto-auth", openGuarded}

func openGuarded(t *testing.T) server {
	return &mosquitto{name: "auth", url: environment(t, "MQTT_AUTH")}
}

// known gives cfg the credentials of the guarded server.
func known(c *cell) mqtt.Config {
	cfg := c.config()
	cfg.Username, cfg.Password = environment(c.T, "MQTT_USER"), []byte(environment(c.T, "MQTT_PASSWORD"))
	return cfg
}

func TestPasswordLetsIn(t *testing.T) {
	matrix{places: []place{guarded}, versions: allVersions, qos: once}.run(t, func(c *cell) {
		client := c.connect(known(c))
		c.subscribe(client, "open/"+c.root)
		c.publish(client, "open/"+c.root, "hello")
		require.Equal(c, "hello", string(c.next(client.Messages()).Payload))
	})
}

func TestWrongPasswordIsNotTriedAgain(t *testing.T) {
	matrix{places: []place{guarded, embedded}, versions: allVersions, qos: once}.run(t, func(c *cell) {
		code := codec.NotAuthorized // is what mosquitto says
		if s, is := c.server.(*embeddedServer); is {
			code = badPassword(c)
			s.journal.demand("right")
		}
		cfg := c.config()
		cfg.Username, cfg.Password = "alice", []byte("wrong")
		cfg.RetryFirst = true
		line := lay(&cfg)
		client := c.idle(cfg)
		err := client.Connect(c.ctx)
		failed, is := errors.AsType[*mqtt.ConnectError](err)
		require.True(c, is, "%v", err)
		require.Equal(c, "connack", failed.Stage)
		require.Equal(c, 1, failed.Attempt)
		refused, is := errors.AsType[*mqtt.ReasonError](err)
		require.True(c, is, "%v", err)
		require.Equal(c, "CONNACK", refused.Packet)
		require.Equal(c, code, refused.Code)
		require.ErrorIs(c, err, code)
		require.NotContains(c, err.Error(), "wrong")
		require.Equal(c, 1, line.dials())
		require.Equal(c, mqtt.StateIdle, client.State())
	})
}

// badPassword is what mochi says.
func badPassword(c *cell) mqtt.ReasonCode {
	if c.version == mqtt.V5 {
		return codec.BadUserNameOrPassword
	}
	return codec.NotAuthorized
}

// A client that was let in once, and isn't any more, ends.
func TestClientEndsWhenItsPasswordIsRefused(t *testing.T) {
	matrix{places: []place{embedded}, qos: once}.run(t, func(c *cell) {
		cfg := c.config()
		cfg.Username, cfg.Password = "alice", []byte("old")
		client := c.connect(cfg)
		waiting, err := client.Declare(mqtt.StreamConfig{}, c.wants(c.topic("a"))...)
		require.NoError(c, err)
		c.server.(*embeddedServer).journal.demand("new")
		c.server.stop(c.T)
		delivery, err := client.PublishAsync(c.ctx, c.message(c.topic("a"), ""))
		require.NoError(c, err)
		c.server.start(c.T)

		c.ended(client.Done())
		require.ErrorIs(c, client.Err(), badPassword(c))
		require.ErrorIs(c, delivery.Wait(c.ctx), badPassword(c))
		require.ErrorIs(c, waiting.Err(), badPassword(c))
		_, open := <-waiting.Messages()
		require.False(c, open)
	})
}

func TestPublishThatIsNotAllowed(t *testing.T) {
	matrix{places: []place{guarded}, versions: v5, qos: acknowledged}.run(t, func(c *cell) {
		client := c.connect(known(c))
		err := client.Publish(c.ctx, c.message("closed/"+c.root, ""))
		require.ErrorIs(c, err, codec.NotAuthorized)
		refused, is := errors.AsType[*mqtt.ReasonError](err)
		require.True(c, is, "%v", err)
		require.Equal(c, map[mqtt.QoS]string{mqtt.AtLeastOnce: "PUBACK", mqtt.ExactlyOnce: "PUBREC"}[c.qos], refused.Packet)
		c.publish(client, "open/"+c.root, "goes on")
		out := client.Stats().Out
		require.EqualValues(c, 1, out.Refused)
		require.EqualValues(c, 1, out.Done)
	})
}

func TestNobodyListens(t *testing.T) {
	cfg := mqtt.Config{ConnectTimeout: patience}
	listener := freePort(t)
	cfg.Servers = []string{"mqtt://" + listener.Addr().String()}
	require.NoError(t, listener.Close())
	client, err := mqtt.New(cfg)
	require.NoError(t, err)
	defer client.Abort()
	begun := time.Now()
	err = client.Connect(t.Context())
	failed, is := errors.AsType[*mqtt.ConnectError](err)
	require.True(t, is, "%v", err)
	require.Equal(t, "tcp", failed.Stage)
	require.Less(t, time.Since(begun), patience)
}

//go:build integration

package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// service answers what comes for a topic with what it got, until the test ends.
func (c *cell) service(cfg mqtt.Config, topic string) *mqtt.Client {
	c.Helper()
	client := c.connect(cfg)
	stream, err := client.Stream(c.ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: topic, QoS: c.qos})
	require.NoError(c, err)
	ctx, stop := context.WithCancel(c.ctx)
	var serving sync.WaitGroup
	serving.Go(func() {
		for request := range stream.All(ctx) {
			client.Reply(ctx, request, mqtt.Message{Payload: append([]byte("to "), request.Payload...), QoS: c.qos})
		}
	})
	c.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return client
}

// ask makes n requests at once, each of which gets its answer.
func (c *cell) ask(client *mqtt.Client, n int) {
	c.Helper()
	failures := make(chan error, n)
	for i := range n {
		go func() {
			payload := fmt.Sprint(i)
			m, err := client.Request(c.ctx, mqtt.Message{Topic: c.topic("ask"), Payload: []byte(payload), QoS: c.qos})
			if err == nil && string(m.Payload) != "to "+payload {
				err = fmt.Errorf("request %s got %q", payload, m.Payload)
			}
			failures <- err
		}()
	}
	for range n {
		require.NoError(c, <-failures)
	}
}

func TestRequestsGetTheirAnswers(t *testing.T) {
	matrix{versions: v5}.run(t, func(c *cell) {
		c.service(c.config(), c.topic("ask"))
		client := c.connect(c.config())
		c.ask(client, 1)
		n := 500
		if c.qos != mqtt.AtMostOnce {
			n = 100 // mosquitto queues a thousand for a client, and takes twenty of QoS 2 at a time
		}
		c.ask(client, n)
		require.Len(c, client.Stats().Streams, 2)
		require.Zero(c, client.Stats().In.Strays)
	})
}

// What was asked before a server restarts is answered after it: both sessions live there, and QoS 1 is sent again.
func TestRequestsOutliveARestart(t *testing.T) {
	matrix{places: mosquittos, versions: v5, qos: once}.run(t, func(c *cell) {
		service := c.durable("service")
		requester := c.durable("requester")
		c.service(service, c.topic("ask"))
		client := c.connect(requester)
		c.ask(client, 1)
		await[mqtt.EventConnected](c, client)
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() { done <- c.askUntil(client, stop) }()
		c.server.stop(c.T)
		c.server.start(c.T)
		await[mqtt.EventDisconnected](c, client)
		require.True(c, await[mqtt.EventConnected](c, client).ConnAck.SessionPresent)
		close(stop)
		require.NoError(c, <-done)
		c.ask(client, 50)
	})
}

// askUntil asks one by one.
func (c *cell) askUntil(client *mqtt.Client, stop <-chan struct{}) error {
	for {
		m, err := client.Request(c.ctx, mqtt.Message{Topic: c.topic("ask"), Payload: []byte("x"), QoS: c.qos})
		if err != nil || string(m.Payload) != "to x" {
			return fmt.Errorf("%v, %w", m, err)
		}
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

// mosquitto says so in a PUBACK, and not in a PUBREC.
func TestRequestThatNobodyHears(t *testing.T) {
	matrix{places: mosquittos, versions: v5, qos: once}.run(t, func(c *cell) {
		client := c.connect(c.config())
		_, err := client.Request(c.ctx, mqtt.Message{Topic: c.topic("nobody"), QoS: c.qos})
		require.ErrorIs(c, err, codec.NoMatchingSubscribers)
	})
}

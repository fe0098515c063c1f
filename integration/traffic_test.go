//go:build integration

package integration

import (
	"strconv"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// subscribe subscribes filters on Messages, at the cell's QoS.
func (c *cell) subscribe(client *mqtt.Client, filters ...string) {
	c.Helper()
	_, err := client.Subscribe(c.ctx, c.wants(filters...)...)
	require.NoError(c, err)
}

// wants are subscriptions at the cell's QoS.
func (c *cell) wants(filters ...string) (subs []mqtt.Subscription) {
	for _, filter := range filters {
		subs = append(subs, mqtt.Subscription{Filter: filter, QoS: c.qos})
	}
	return subs
}

// message is one at the cell's QoS.
func (c *cell) message(topic, payload string) mqtt.Message {
	return mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: c.qos}
}

// publish publishes at the cell's QoS, and waits as that does.
func (c *cell) publish(client *mqtt.Client, topic, payload string) {
	c.Helper()
	require.NoError(c, client.Publish(c.ctx, c.message(topic, payload)))
}

// pipeline publishes numbers from first to before last without waiting for answers.
func (c *cell) pipeline(client *mqtt.Client, topic string, first, last int) (deliveries []*mqtt.Delivery) {
	c.Helper()
	for i := first; i < last; i++ {
		d, err := client.PublishAsync(c.ctx, c.message(topic, strconv.Itoa(i)))
		require.NoError(c, err)
		deliveries = append(deliveries, d)
	}
	return deliveries
}

// done waits until all are done.
func (c *cell) done(deliveries []*mqtt.Delivery) {
	c.Helper()
	for i, d := range deliveries {
		require.NoError(c, d.Wait(c.ctx), "delivery %d", i)
	}
}

// next is the next message.
func (c *cell) next(from <-chan *mqtt.Received) *mqtt.Received {
	c.Helper()
	select {
	case m, open := <-from:
		require.True(c, open, "the channel is closed")
		return m
	case <-c.ctx.Done():
		require.FailNow(c, "no message came")
		return nil
	}
}

// take is the next n messages.
func (c *cell) take(from <-chan *mqtt.Received, n int) (got []*mqtt.Received) {
	c.Helper()
	for i := range n {
		select {
		case m, open := <-from:
			require.True(c, open, "the channel is closed after %d of %d messages", i, n)
			got = append(got, m)
		case <-c.ctx.Done():
			require.FailNow(c, "messages are missing", "%d of %d came", i, n)
		}
	}
	return got
}

// payloads are what messages hold.
func payloads(messages []*mqtt.Received) (texts []string) {
	for _, m := range messages {
		texts = append(texts, string(m.Payload))
	}
	return texts
}

// numbers are the payloads of a pipeline.
func numbers(first, last int) (texts []string) {
	for i := first; i < last; i++ {
		texts = append(texts, strconv.Itoa(i))
	}
	return texts
}

// await reads events until one of type E comes.
func await[E mqtt.Event](c *cell, client *mqtt.Client) (found E) {
	c.Helper()
	for {
		select {
		case event, open := <-client.Events():
			require.True(c, open, "the client has ended before a %T: %v", found, client.Err())
			if e, ok := event.(E); ok {
				return e
			}
		case <-c.ctx.Done():
			require.FailNow(c, "no event", "no %T came", found)
		}
	}
}

// ended waits for the end of a channel that says so by being closed.
func (c *cell) ended(closed <-chan struct{}) {
	c.Helper()
	select {
	case <-closed:
	case <-c.ctx.Done():
		require.FailNow(c, "it didn't end")
	}
}

// settle returns when the server has dealt with all that client has published. One server acknowledges a message before
// it hands it on, but after it has handed on the one before.
func (c *cell) settle(client *mqtt.Client) {
	c.Helper()
	for range 2 {
		require.NoError(c, client.Publish(c.ctx, mqtt.Message{Topic: c.topic("settle"), QoS: mqtt.AtLeastOnce}))
	}
}

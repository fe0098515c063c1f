//go:build integration

package integration

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// signal sends a signal to the process of the plain mosquitto.
func signal(c *cell, s syscall.Signal) {
	c.Helper()
	text, err := os.ReadFile(environment(c.T, "MQTT_PIDFILE"))
	require.NoError(c, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(c, err)
	require.NoError(c, syscall.Kill(pid, s))
}

// The server hangs, messages leave for it, and it dies: none of them had an answer, and all are sent again.
func TestCrashOfAServerThatHangs(t *testing.T) {
	matrix{places: []place{plain}, qos: acknowledged}.run(t, func(c *cell) {
		const n = 100
		subscribing, publishing := c.durable("subscriber"), c.durable("publisher")
		in, out := tap(&subscribing), tap(&publishing)
		subscriber, publisher := c.connect(subscribing), c.connect(publishing)
		c.subscribe(subscriber, c.topic("numbers"))
		c.done(c.pipeline(publisher, c.topic("numbers"), 0, n))
		require.Empty(c, difference(numbers(0, n), payloads(c.take(subscriber.Messages(), n))))
		in.untilSent(c, map[mqtt.QoS]string{mqtt.AtLeastOnce: "PUBACK", mqtt.ExactlyOnce: "PUBCOMP"}[c.qos], n)
		c.saved(subscriber)

		signal(c, syscall.SIGSTOP)
		deliveries := c.pipeline(publisher, c.topic("numbers"), n, 2*n)
		window := 20
		if c.version != mqtt.V5 && c.qos == mqtt.AtLeastOnce {
			window = n
		}
		out.untilSent(c, "PUBLISH", n+window)
		c.server.(*mosquitto).kill(c.T)
		c.server.start(c.T)
		for _, client := range []*mqtt.Client{subscriber, publisher} {
			await[mqtt.EventDisconnected](c, client)
			require.NoError(c, client.AwaitConnected(c.ctx))
		}
		c.done(deliveries)
		require.Empty(c, difference(numbers(n, 2*n), payloads(c.take(subscriber.Messages(), n))))
		c.requireAllDone(publisher, 2*n)
	})
}

// saved returns when mosquitto has written to its disk what client has told it. It writes after each round of reading, and
// the second answer is of a later round than the first.
func (c *cell) saved(client *mqtt.Client) {
	c.Helper()
	for _, name := range []string{"first", "second"} {
		c.subscribe(client, c.topic(name))
	}
}

// The server dies in the midst of traffic.
func TestCrashesLoseNothing(t *testing.T) {
	matrix{places: []place{plain}, qos: acknowledged}.run(t, func(c *cell) {
		p := c.pair()
		for range 2 {
			p.sink.until(c, p.sink.count()+100)
			c.server.(*mosquitto).kill(c.T)
			c.server.start(c.T)
			require.Equal(c, []bool{true, true}, p.outage())
		}
		p.sink.until(c, p.sink.count()+100)
		deliveries := p.flow.end()
		c.done(deliveries)
		c.requireDelivered(p.sink, deliveries)
		c.requireAllDone(p.publisher, len(deliveries))
	})
}

//go:build integration

package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// mosquitto answers before it saves: it writes its data down when it has gone through the packets that were there, and
// doesn't count as a change what it sends at once. A message that it has acknowledged to the publisher and sent to the
// subscriber may so be in no file, for any time. So nothing that it says reaches the clients from some moment on, then it
// saves, and then it is killed: all that the clients know is in its file.
func TestCrashesLoseNothingThatWasSaved(t *testing.T) {
	matrix{places: []place{plain}, qos: acknowledged}.run(t, func(c *cell) {
		p := c.pair()
		for range 2 {
			p.sink.until(c, p.sink.count()+50)
			for _, line := range p.lines {
				line.hold()
			}
			c.saved()
			c.server.(*mosquitto).kill(c.T)
			for _, line := range p.lines {
				line.cut()
			}
			c.server.start(c.T)
			for _, line := range p.lines {
				line.mend()
			}
			require.Equal(c, []bool{true, true}, p.outage())
		}
		p.sink.until(c, p.sink.count()+50)
		deliveries := p.flow.end()
		c.done(deliveries)
		c.requireDelivered(p.sink, deliveries)
		c.requireAllDone(p.publisher, len(deliveries))
	})
}

// saved returns when mosquitto has saved what it has sent before. A subscription is a change that counts, and what comes
// in after its answer is dealt with after the saving.
func (c *cell) saved() {
	c.Helper()
	client := c.connect(c.config())
	c.subscribe(client, c.topic("saved"))
	c.settle(client)
	require.NoError(c, client.Close(c.ctx))
}

// Killed at any moment, mosquitto comes back as it was some time ago, and loses messages, and sends others again as new. What
// the client says and does follows from what it was sent, all the same: a message is done when its answer has come, and not
// twice, and each exchange of QoS 2 that the server begins is handed out once.
func TestCrashesAtAnyMoment(t *testing.T) {
	matrix{places: []place{plain}, qos: acknowledged}.run(t, func(c *cell) {
		subscribing, publishing := c.durable("subscriber"), c.durable("publisher")
		publishing.Outbox, publishing.MaxInFlight = mqtt.Bounds{Messages: 100}, 5
		incoming, outgoing := keep(&subscribing), keep(&publishing)
		subscriber, publisher := c.connect(subscribing), c.connect(publishing)
		clients := []*mqtt.Client{subscriber, publisher}
		c.subscribe(subscriber, c.topic("numbers/#"))
		sink := newSink(subscriber.Messages())
		for _, client := range clients {
			await[mqtt.EventConnected](c, client)
		}

		flow := c.flow(publisher, c.topic("numbers"), unpaced)
		for range 2 {
			sink.until(c, sink.count()+50)
			c.server.(*mosquitto).kill(c.T)
			c.server.start(c.T)
			for _, client := range clients {
				await[mqtt.EventDisconnected](c, client)
				require.True(c, await[mqtt.EventConnected](c, client).ConnAck.SessionPresent)
			}
		}
		deliveries := flow.end()
		c.done(deliveries)
		c.publish(publisher, c.topic("numbers/end"), "end")
		incoming.until(c, c.topic("numbers/end"))
		c.requireAllDone(publisher, len(deliveries)+1)
		require.Equal(c, len(deliveries)+1, outgoing.settled())
		if c.qos == mqtt.ExactlyOnce {
			sink.until(c, incoming.begun())
			handedOut := sink.count() // before it is compared: more may still come
			require.LessOrEqual(c, handedOut, incoming.begun())
		}
	})
}

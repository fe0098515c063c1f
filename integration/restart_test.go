//go:build integration

package integration

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// pair is a subscriber and a publisher that goes on and on.
type pair struct {
	c                     *cell
	subscriber, publisher *mqtt.Client
	lines                 []*line // theirs
	sink                  *sink
	flow                  *flow
}

func (c *cell) pair() *pair {
	c.Helper()
	publishing := c.durable("publisher")
	publishing.Outbox = mqtt.Bounds{Messages: 100}
	subscribing := c.durable("subscriber")
	wire, pace := tap(&subscribing), unpaced
	if _, is := c.server.(*mosquitto); is && c.qos == mqtt.ExactlyOnce {
		// What is in flight to a subscriber beyond the first twenty, mosquitto 2.0 reads from its disk as not yet sent,
		// though it has sent the PUBREL: it would send it as a new message.
		pace = wire.pace(5)
	}
	lines := []*line{lay(&subscribing), lay(&publishing)}
	p := &pair{c: c, lines: lines, subscriber: c.connect(subscribing), publisher: c.connect(publishing)}
	c.subscribe(p.subscriber, c.topic("numbers"))
	p.sink = newSink(p.subscriber.Messages())
	for _, client := range p.both() {
		await[mqtt.EventConnected](c, client)
	}
	p.flow = c.flow(p.publisher, c.topic("numbers"), pace)
	return p
}

func (p *pair) both() []*mqtt.Client { return []*mqtt.Client{p.subscriber, p.publisher} }

// outage waits until both are connected again, and says whether their sessions live.
func (p *pair) outage() (present []bool) {
	p.c.Helper()
	for _, client := range p.both() {
		await[mqtt.EventDisconnected](p.c, client)
		present = append(present, await[mqtt.EventConnected](p.c, client).ConnAck.SessionPresent)
	}
	return present
}

func TestRestartsLoseNothing(t *testing.T) {
	matrix{places: mosquittos, qos: acknowledged}.run(t, func(c *cell) {
		p := c.pair()
		for range 2 {
			p.sink.until(c, p.sink.count()+100)
			c.server.stop(c.T)
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

// requireAllDone shows that each delivery was counted once, and as done.
func (c *cell) requireAllDone(client *mqtt.Client, n int) {
	c.Helper()
	out := client.Stats().Out
	out.QueuedBytes, out.OldestAge = 0, 0
	require.Equal(c, mqtt.OutStats{Admitted: uint64(n), Done: uint64(n)}, out)
}

// A server that has forgotten all sessions: what the client says of each message is true, and it listens again.
func TestRestartOfAForgetfulServer(t *testing.T) {
	matrix{places: []place{embedded}, qos: acknowledged}.run(t, func(c *cell) {
		p := c.pair()
		p.sink.until(c, 100)
		c.server.stop(c.T)
		c.server.start(c.T)
		require.Equal(c, []bool{false, false}, p.outage())
		p.sink.until(c, p.sink.count()+100)
		deliveries := p.flow.end()

		uncertain := 0
		for i, d := range deliveries {
			err := d.Wait(c.ctx)
			if c.qos == mqtt.ExactlyOnce && errors.Is(err, mqtt.ErrUncertain) {
				uncertain++
			} else {
				require.NoError(c, err, "delivery %d", i)
			}
		}
		c.settle(p.publisher)
		arrived := map[string]int{}
		for _, payload := range c.server.(*embeddedServer).journal.accepted(c.topic("numbers")) {
			arrived[payload]++
		}
		for i, payload := range numbers(0, len(deliveries)) {
			done := deliveries[i].Wait(c.ctx) == nil
			require.False(c, done && arrived[payload] == 0, "%s is done and didn't arrive", payload)
			require.False(c, c.qos == mqtt.ExactlyOnce && arrived[payload] > 1, "%s arrived twice", payload)
		}
		out := p.publisher.Stats().Out
		require.EqualValues(c, len(deliveries)+2, out.Admitted)
		require.EqualValues(c, uncertain, out.Uncertain)
		require.EqualValues(c, len(deliveries)+2-uncertain, out.Done)
	})
}

func TestStreamsAndFiltersAreSubscribedAgain(t *testing.T) {
	matrix{versions: allVersions, qos: once}.run(t, func(c *cell) {
		client := c.connect(c.config())
		c.subscribe(client, c.topic("kept"), c.topic("dropped"))
		require.NoError(c, client.Unsubscribe(c.ctx, c.topic("dropped")))
		open, err := client.Stream(c.ctx, mqtt.StreamConfig{}, c.wants(c.topic("open"))...)
		require.NoError(c, err)
		closed, err := client.Stream(c.ctx, mqtt.StreamConfig{}, c.wants(c.topic("closed"))...)
		require.NoError(c, err)
		require.NoError(c, closed.Close(c.ctx))
		await[mqtt.EventConnected](c, client)

		c.server.stop(c.T)
		await[mqtt.EventDisconnected](c, client)
		late, err := client.Declare(mqtt.StreamConfig{}, c.wants(c.topic("late"))...)
		require.NoError(c, err)
		c.server.start(c.T)
		require.False(c, await[mqtt.EventConnected](c, client).ConnAck.SessionPresent)
		_, err = late.Ready(c.ctx)
		require.NoError(c, err)

		publisher := c.connect(c.config())
		for _, name := range []string{"dropped", "closed", "kept", "open", "late"} {
			c.publish(publisher, c.topic(name), name)
		}
		require.Equal(c, "kept", string(c.next(client.Messages()).Payload))
		require.Equal(c, "open", string(c.next(open.Messages()).Payload))
		require.Equal(c, "late", string(c.next(late.Messages()).Payload))
	})
}

//go:build integration

package integration

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// tally is a stream whose messages are taken as they come.
type tally struct {
	*mqtt.Stream
	sink *sink
	want int // how often it gets each message
}

// declare makes a stream, for messages to which so many of its filters lead.
func (c *cell) declare(client *mqtt.Client, filters ...string) tally {
	c.Helper()
	stream, err := client.Declare(mqtt.StreamConfig{}, c.wants(filters...)...)
	require.NoError(c, err)
	return tally{stream, newSink(stream.Messages()), c.copies(len(filters))}
}

// ready waits for the server's answers.
func (c *cell) ready(tallies ...tally) {
	c.Helper()
	for _, t := range tallies {
		_, err := t.Ready(c.ctx)
		require.NoError(c, err)
	}
}

// copies is how often the server sends a message that matches so many filters of a client: mosquitto once for each on 5.0,
// each with the identifier of its filter, and once in all on 3.x; mochi once with all the identifiers.
func (c *cell) copies(filters int) int {
	if _, is := c.server.(*mosquitto); is && c.version == mqtt.V5 {
		return filters
	}
	return 1
}

// requireTallies shows that these streams got the numbers up to n, each in order and as often as it should. The client has
// subscribed to fence on Messages: while messages are on their way to a client, mochi refuses a SUBSCRIBE that has the
// identifier of one of them.
func (c *cell) requireTallies(client, publisher *mqtt.Client, fence string, n int, tallies []tally) {
	c.Helper()
	for _, t := range tallies {
		t.sink.until(c, n*t.want)
	}
	c.publish(publisher, fence, "")
	c.next(client.Messages()) // what the server has sent more often came before it
	received := map[*mqtt.Stream]int{}
	for _, s := range client.Stats().Streams {
		received[s.Stream] = int(s.Received)
	}
	for i, t := range tallies {
		got := t.sink.all(c, nil)
		require.Equal(c, n*t.want, received[t.Stream], "stream %d", i)
		require.Empty(c, difference(numbers(0, n), firsts(got)), "stream %d", i)
		for _, text := range numbers(0, n) {
			require.Equal(c, t.want, countOf(text, got), "%s on stream %d", text, i)
		}
	}
}

func countOf(text string, in []string) (n int) {
	for _, t := range in {
		if t == text {
			n++
		}
	}
	return n
}

// Each stream has each delivery of the server once: that of its filters alone, if the message says whose it is. There is
// one shared filter: of several, mochi leaves out the identifiers of all but one.
func TestOverlappingStreams(t *testing.T) {
	matrix{}.run(t, func(c *cell) {
		const n = 100
		client := c.idle(c.config())
		tallies := []tally{
			c.declare(client, c.topic("a/b")),
			c.declare(client, c.topic("a/+")),
			c.declare(client, c.topic("#")),
			c.declare(client, c.topic("a/b")), // as another one
			c.declare(client, "$share/workers/"+c.topic("a/+")),
			c.declare(client, c.topic("+/b"), c.topic("a/#")),
		}
		require.NoError(c, client.Connect(c.ctx))
		fence := c.name("fence")
		c.subscribe(client, fence)
		tallies = append(tallies, c.declare(client, c.topic("a/+"), "$share/workers/"+c.topic("a/+"), c.topic("a/b/#")))
		silent := c.declare(client, c.topic("b/+"))
		c.ready(append(tallies, silent)...)

		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("a/b"), 0, n))
		c.requireTallies(client, publisher, fence, n, tallies)
		require.Zero(c, silent.sink.count())
		require.EqualValues(c, n*c.copies(7)+1, client.Stats().In.Received)
	})
}

// Two members of a group that listen beside it, too: a message goes to one of the group. On 3.1.1 nothing says why it came,
// and so each stream that it matches gets it.
func TestSharedStreamsBesideOthers(t *testing.T) {
	matrix{}.run(t, func(c *cell) {
		const n = 100
		var clients []*mqtt.Client
		var fences []string
		var shared, beside []tally
		for range 2 {
			client := c.connect(c.config())
			clients, fences = append(clients, client), append(fences, c.name("fence"))
			c.subscribe(client, fences[len(fences)-1])
			shared = append(shared, c.declare(client, "$share/workers/"+c.topic("jobs/+")))
			beside = append(beside, c.declare(client, c.topic("jobs/#")))
		}
		c.ready(slices.Concat(shared, beside)...)

		publisher := c.connect(c.config())
		c.done(c.pipeline(publisher, c.topic("jobs/a"), 0, n))
		for i, client := range clients {
			both := []tally{beside[i], shared[i]}
			if c.version == mqtt.V5 {
				both = both[:1]
			}
			c.requireTallies(client, publisher, fences[i], n, both)
		}
		if c.version == mqtt.V5 {
			for shared[0].sink.count()+shared[1].sink.count() < n {
				select {
				case <-shared[0].sink.news:
				case <-shared[1].sink.news:
				case <-c.ctx.Done():
					require.FailNow(c, "messages are missing")
				}
			}
			require.ElementsMatch(c, numbers(0, n), slices.Concat(shared[0].sink.all(c, nil), shared[1].sink.all(c, nil)))
		}
	})
}

//go:build integration

package integration

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// breakings are plans for the connections of a publisher, of which the first forty break.
var breakings = []struct {
	name string
	at   func(connection int) (sent, received limit)
}{
	{"after each packet that was sent", func(i int) (sent, received limit) { return limit{packets: i}, limit{} }},
	{"after each packet that came", func(i int) (sent, received limit) { return limit{}, limit{packets: i} }},
	{"after some byte that was sent", func(i int) (sent, received limit) { return limit{bytes: someByte(i, 1000)}, limit{} }},
	{"after some byte that came", func(i int) (sent, received limit) { return limit{}, limit{bytes: someByte(i, 100)} }},
}

// someByte is random, and the same in each run.
func someByte(seed, most int) int { return 1 + rand.New(rand.NewPCG(uint64(seed), 0)).IntN(most) }

// breaks publishes over connections that break, and gives what became of it.
func (c *cell) breaks(cfg mqtt.Config, at func(connection int) (sent, received limit)) (fates []error, arrived []string) {
	c.Helper()
	const n, broken = 400, 40
	tear(&cfg, func(connection int) (sent, received limit) {
		if connection > broken {
			return limit{}, limit{}
		}
		return at(connection)
	})
	cfg.MaxInFlight = 5
	client := c.connect(cfg)
	for _, d := range c.pipeline(client, c.topic("numbers"), 0, n) {
		err := d.Wait(c.ctx)
		require.NoError(c, c.ctx.Err())
		fates = append(fates, err)
	}
	c.settle(client)
	require.Greater(c, client.Stats().Link.Connections, uint64(broken/2))
	out := client.Stats().Out
	require.EqualValues(c, n+2, out.Admitted)
	require.EqualValues(c, n+2, out.Done+out.Uncertain)
	return fates, c.server.(*embeddedServer).journal.accepted(c.topic("numbers"))
}

func TestBrokenConnectionsOfAKeptSession(t *testing.T) {
	for _, breaking := range breakings {
		t.Run(breaking.name, func(t *testing.T) {
			matrix{places: []place{embedded}, qos: acknowledged}.run(t, func(c *cell) {
				fates, arrived := c.breaks(c.resumed("publisher"), breaking.at)
				for i, err := range fates {
					require.NoError(c, err, "message %d", i)
				}
				if c.qos == mqtt.AtLeastOnce {
					arrived = firsts(arrived)
				}
				require.Empty(c, difference(numbers(0, len(fates)), arrived))
			})
		})
	}
}

// At QoS 2 nobody can know, without the session, what became of a message in flight: the client says so.
func TestBrokenConnectionsOfALostSession(t *testing.T) {
	for _, breaking := range breakings {
		t.Run(breaking.name, func(t *testing.T) {
			matrix{places: []place{embedded}, qos: acknowledged}.run(t, func(c *cell) {
				cfg := c.config()
				if c.version == mqtt.V5 {
					cfg.Session = mqtt.SessionConnection // on 3.1.1 that is the default
				}
				fates, arrived := c.breaks(cfg, breaking.at)
				done := numbers(0, len(fates))
				if c.qos == mqtt.AtLeastOnce {
					arrived = firsts(arrived)
				}
				uncertain := map[string]bool{}
				for i, err := range fates {
					if err != nil {
						require.Equal(c, mqtt.ExactlyOnce, c.qos)
						require.ErrorIs(c, err, mqtt.ErrUncertain, "message %d", i)
						uncertain[done[i]] = true
					}
				}
				require.NotEqual(c, c.qos == mqtt.AtLeastOnce, len(uncertain) > 0, "%d are uncertain", len(uncertain))
				require.Equal(c, firsts(arrived), arrived, "none came twice")
				known := func(text string) bool { return uncertain[text] }
				require.Empty(c, difference(slices.DeleteFunc(done, known), slices.DeleteFunc(arrived, known)))
			})
		})
	}
}

//go:build integration

package integration

import (
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// outcome is what came out of a run, by kind.
type outcome struct {
	messages   int    // that were sent, a number with each of its attempts
	attempts   int    // of those, numbers that were published again
	resends    int    // of PUBLISH by the publisher
	redelivers int    // taken again by hand, and marked as such
	doubled    int    // QoS 1: that came twice because the publisher has sent them again
	renewed    int    // QoS 2: that the server has begun again, to both consumers
	gone       int    // by hand: lost by a server that was killed
	swallowed  int    // by hand: under an identifier that a server that was killed had not given back
	untaken    [3]int // on take: acknowledged, and not noted by a process that was killed, by QoS
	goneOnTake int    // on take: lost by a server that was killed
}

// batch is how many messages that are taken by being handed out one write to the store may cover.
const batch = 64

// compare holds what the consumers have taken against what was published.
func (r *torture) compare(c *complaints, w *witness, byHand, onTake string) {
	numbers := map[[2]int]bool{}
	for l, o := range r.published.all {
		if o.stored {
			numbers[[2]int{int(l.qos), l.number}] = true
		}
		r.messages++
		r.compareByHand(c, w, byHand, l, o)
		r.compareOnTake(c, w, onTake, l, o)
	}
	if len(numbers) != 2*r.count {
		c.add("%d numbers are stored, of %d", len(numbers), 2*r.count)
	}
	r.attempts, r.resends = r.messages-2*r.count, r.published.resends
	if n := r.untaken[mqtt.ExactlyOnce]; n > batch*r.deaths {
		c.add("%d messages of QoS 2 were marked as taken, and nobody has them, after %d crashes", n, r.deaths)
	}
	if n := r.untaken[mqtt.AtLeastOnce]; n > r.deaths {
		c.add("%d messages of QoS 1 were acknowledged, and nobody has noted them, after %d crashes", n, r.deaths)
	}
	for client, t := range map[string]*taken{byHand: r.byHand, onTake: r.onTake} {
		for l, m := range t.all {
			if l != end && r.published.all[l] == nil {
				c.add("%v was taken, and never sent", l)
			}
			if m.begun > 1 && l.qos == mqtt.ExactlyOnce {
				r.renewed++
				if !w.again(l, client) {
					c.add("%v was begun %d times, and the server says nothing of that", l, m.begun)
				}
			}
		}
	}
}

func (r *torture) compareByHand(c *complaints, w *witness, client string, l label, o *outgoing) {
	m := r.byHand.of(l)
	r.redelivers += m.again
	if l.qos == mqtt.AtLeastOnce && m.fresh > 1 {
		r.doubled++
	}
	if r.servers == 0 && l.qos == mqtt.AtLeastOnce && m.begun > o.sends {
		c.add("%v was sent %d times to the server, and came %d times without DUP", l, o.sends, m.begun)
	}
	switch {
	case m.fresh+m.again > 0:
	case m.swallow && r.servers > 0:
		r.swallowed++
	case !m.acked && r.servers > 0 && w.lost(l, client):
		r.gone++
	default:
		c.add("%v is missing: stored: %t, came %d times, acknowledged: %t", l, o.stored, m.came, m.acked)
	}
}

func (r *torture) compareOnTake(c *complaints, w *witness, client string, l label, o *outgoing) {
	m := r.onTake.of(l)
	switch {
	case m.fresh+m.again > 0:
	case m.acked:
		r.untaken[l.qos]++
	case r.servers > 0 && w.lost(l, client):
		r.goneOnTake++
	default:
		c.add("%v is missing, and was not acknowledged: stored: %t, came %d times", l, o.stored, m.came)
	}
}

const header = "                    |    kills     |      messages      |       twice, by hand        | missing, by hand | missing, on take |\n" +
	"run                 | client server|   all  again resent| again-marked doubled renewed|  server  reused  | QoS 2 QoS 1 serv.| seconds"

// row is the run in the table. Of what came twice: again, Redelivered or at QoS 1 DUP was set; doubled, at QoS 1 the publisher
// has sent it again; renewed, at QoS 2 the server has begun it again.
func (r *torture) row() string {
	return fmt.Sprintf("%-20s| %6d %6d| %6d %5d %6d| %12d %7d %7d| %7d %7d  | %5d %5d %5d| %7.0f", r.name, 3*r.deaths, r.servers,
		r.messages, r.attempts, r.resends, r.redelivers, r.doubled, r.renewed, r.gone, r.swallowed,
		r.untaken[mqtt.ExactlyOnce], r.untaken[mqtt.AtLeastOnce], r.goneOnTake, r.took.Round(time.Second).Seconds())
}

package retained

import (
	"context"
	"strconv"

	"github.com/sluicemq/sluice/mqtt"
)

// marker publishes marks, by a connection of its own: some servers end the connection of who publishes where it isn't allowed.
type marker struct {
	cfg   mqtt.Config
	topic string

	orders chan int    // from the walk, the number of a mark; closed at its end
	told   chan marked // to the walk, which waits for all that it has ordered or ends ctx
}

// marked is what became of a mark: nil when the server has acknowledged it.
type marked struct {
	number int
	err    error
}

// mostMarks is how many there are in a walk at most: two that show the end, and one that tells why none came back.
const mostMarks = 3

func newMarker(cfg mqtt.Config, topic string) *marker {
	cfg.ClientID, cfg.NoClientID = "mark-"+random(), false // 3.1 allows 23 characters
	cfg.Session, cfg.SessionExpiry, cfg.Will = mqtt.SessionConnection, 0, nil
	cfg.Logger = nil // the other client has warned already
	return &marker{cfg: cfg, topic: topic, orders: make(chan int, mostMarks), told: make(chan marked, mostMarks)}
}

func (m *marker) run(ctx context.Context) {
	c, err := mqtt.New(m.cfg)
	if err == nil {
		defer c.Abort()
		err = c.Connect(ctx)
	}
	for n := range m.orders {
		if err == nil {
			err = c.Publish(ctx, m.mark(c, n))
		}
		m.told <- marked{n, err}
	}
	if err == nil {
		c.Close(ctx)
	}
}

// mark is published with QoS 1 where that can be: one of QoS 0 may overtake what waits for acknowledgements of others.
func (m *marker) mark(c *mqtt.Client, n int) mqtt.Message {
	mark := mqtt.Message{Topic: m.topic, Payload: []byte(strconv.Itoa(n))}
	if ack, _ := c.ConnAck(); ack.MaximumQoS > 0 {
		mark.QoS = mqtt.AtLeastOnce
	}
	return mark
}

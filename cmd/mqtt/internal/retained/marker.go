package retained

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

// marker finds out whether messages may be published to a topic, by a connection of its own: some servers end the connection of
// who publishes where it isn't allowed. The marks themselves don't leave by it: a server that serves many clients at the same time
// keeps the order of what one connection asks for, and of no two.
type marker struct {
	cfg   mqtt.Config
	topic string
	told  chan error // to the walk, once: nil when the server took a message
}

func newMarker(cfg mqtt.Config, topic string) *marker {
	cfg.ClientID, cfg.NoClientID = "mark-"+random(), false // 3.1 allows 23 characters
	cfg.Session, cfg.SessionExpiry, cfg.Will = mqtt.SessionConnection, 0, nil
	cfg.Logger = nil // the other client has warned already
	return &marker{cfg: cfg, topic: topic, told: make(chan error, 1)}
}

func (m *marker) run(ctx context.Context) { m.told <- m.try(ctx) }

func (m *marker) try(ctx context.Context) error {
	c, err := mqtt.New(m.cfg)
	if err != nil {
		return err
	}
	defer c.Abort()
	if err := c.Connect(ctx); err != nil {
		return err
	}
	if err := c.Publish(ctx, mark(c, m.topic, "?")); err != nil {
		return err
	}
	return c.Close(ctx)
}

// mark is published with QoS 1 where that can be: one of QoS 0 may overtake what waits for acknowledgements of others.
func mark(c *mqtt.Client, topic, text string) mqtt.Message {
	m := mqtt.Message{Topic: topic, Payload: []byte(text)}
	if ack, _ := c.ConnAck(); ack.MaximumQoS > 0 {
		m.QoS = mqtt.AtLeastOnce
	}
	return m
}

package retained

import (
	"context"
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
)

// window is how many messages are under way at once. All of them are waited for before the next ones.
const window = 1000

// batch publishes messages to be retained, each with an acknowledgement where the server has any. It stops at the first that is
// refused: the others hardly do better, and some servers end the connection at each.
type batch struct {
	client *mqtt.Client
	open   []delivery
	done   int
}

type delivery struct {
	*mqtt.Delivery
	topic string
}

func (b *batch) publish(ctx context.Context, m mqtt.Message) error {
	m.Retain = true
	if ack, _ := b.client.ConnAck(); m.QoS == mqtt.AtMostOnce && ack.MaximumQoS > 0 {
		m.QoS = mqtt.AtLeastOnce
	}
	d, err := b.client.PublishAsync(ctx, m)
	if err != nil {
		return err
	}
	if b.open = append(b.open, delivery{d, m.Topic}); len(b.open) < window {
		return nil
	}
	return b.settle(ctx)
}

// settle waits for all that is under way.
func (b *batch) settle(ctx context.Context) error {
	for i, d := range b.open {
		if err := d.Wait(ctx); err != nil {
			b.open = b.open[i:]
			return fmt.Errorf("%s: %w", printable(d.topic), err)
		}
		b.done++
	}
	b.open = b.open[:0]
	return nil
}

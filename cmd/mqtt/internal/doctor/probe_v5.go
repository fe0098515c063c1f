package doctor

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

// identifiers looks for the Subscription Identifier on a message (§3.8.2.1.2).
func identifiers(ctx context.Context, l *lab) (finding, error) {
	switch {
	case l.ack.Version != mqtt.V5:
		return found("", info, "need MQTT 5.0"), nil
	case !l.ack.SubscriptionIdentifiersAvailable:
		return found("", info, "not there, as the server says"), nil
	}
	c, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	const id = 77
	topic := l.topic("identifier")
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: topic, Identifier: id}); err != nil {
		return finding{}, err
	}
	if err := c.Publish(ctx, mqtt.Message{Topic: topic}); err != nil {
		return finding{}, err
	}
	m, err := l.next(ctx, c)
	if err != nil {
		return finding{}, err
	}
	if len(m.SubscriptionIdentifiers) != 1 || m.SubscriptionIdentifiers[0] != id {
		return found("", warn, "subscribed with %d, and the message has %d", id, m.SubscriptionIdentifiers), nil
	}
	return found("", ok, "each message says which subscription it is for"), nil
}

// noLocal publishes to itself, and then has another client publish, which shows that nothing of the first is to come (§3.8.3.1).
func noLocal(ctx context.Context, l *lab) (finding, error) {
	if l.ack.Version != mqtt.V5 {
		return found("", info, "needs MQTT 5.0"), nil
	}
	c, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	topic, qos := l.topic("local"), l.best(mqtt.AtLeastOnce)
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: topic, NoLocal: true, QoS: qos}); err != nil {
		return finding{}, err
	}
	other, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(other)
	for _, from := range []struct {
		c    *mqtt.Client
		text string
	}{{c, "own"}, {other, "other"}} {
		if err := from.c.Publish(ctx, mqtt.Message{Topic: topic, QoS: qos, Payload: []byte(from.text)}); err != nil {
			return finding{}, err
		}
	}
	m, err := l.next(ctx, c)
	switch {
	case err != nil:
		return finding{}, err
	case string(m.Payload) == "own":
		return found("", warn, "a client gets its own messages although it doesn't want them"), nil
	}
	return found("", ok, "a client that doesn't want its own messages gets none"), nil
}

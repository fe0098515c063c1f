package doctor

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

// toShare is how many messages two clients are to share.
const toShare = 10

// shared has two clients share a subscription: each message has to come once.
func shared(ctx context.Context, l *lab) (finding, error) {
	if l.ack.Version == mqtt.V5 && !l.ack.SharedSubscriptionAvailable {
		return found("", info, "not there, as the server says"), nil
	}
	topic := l.topic("shared")
	var members [2]*mqtt.Client
	for i := range members {
		c, err := l.client(ctx)
		if err != nil {
			return finding{}, err
		}
		defer l.leave(c)
		if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: "$share/mqtt-doctor/" + topic}); err != nil {
			return finding{}, err
		}
		members[i] = c
	}
	if err := l.send(ctx, topic, toShare); err != nil {
		return finding{}, err
	}
	got, err := shares(ctx, members)
	if err != nil {
		return finding{}, err
	}
	if sum := got[0] + got[1]; sum < toShare {
		return found("", warn, "of %d messages %d were delivered", toShare, sum), nil
	}
	return found("", ok, "%d messages went to two clients, %d and %d", toShare, got[0], got[1]), nil
}

// send publishes messages by a client of its own.
func (l *lab) send(ctx context.Context, topic string, messages int) error {
	c, err := l.client(ctx)
	if err != nil {
		return err
	}
	defer l.leave(c)
	for range messages {
		if err := c.Publish(ctx, mqtt.Message{Topic: topic, QoS: l.best(mqtt.AtLeastOnce)}); err != nil {
			return err
		}
	}
	return nil
}

// shares is how many messages each member got, when all are there or time is up. None at all is an error.
func shares(ctx context.Context, members [2]*mqtt.Client) (got [2]int, err error) {
	for got[0]+got[1] < toShare {
		member, open := 0, true
		select {
		case _, open = <-members[0].Messages():
		case _, open = <-members[1].Messages():
			member = 1
		case <-ctx.Done():
			if got[0]+got[1] == 0 {
				return got, errNotDelivered
			}
			return got, nil
		}
		if !open {
			return got, members[member].Err()
		}
		got[member]++
	}
	return got, nil
}

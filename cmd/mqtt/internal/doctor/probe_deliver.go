package doctor

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// roundTrip measures with UNSUBSCRIBE, which each server answers at once and allows to everybody.
func roundTrip(ctx context.Context, l *lab) (finding, error) {
	c, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	var times []time.Duration
	for range 9 {
		begin := time.Now()
		if _, err := c.UnsubscribeWith(ctx, mqtt.Unsubscription{Filters: []string{l.topic("none")}}); err != nil {
			return finding{}, err
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	middle := times[len(times)/2]
	return found("", ok, "%s, at best %s", took(middle), took(times[0])).with("ms", millis(middle)), nil
}

// delivers sends a message there and back.
func delivers(qos mqtt.QoS) func(context.Context, *lab) (finding, error) {
	return func(ctx context.Context, l *lab) (finding, error) {
		c, err := l.client(ctx)
		if err != nil {
			return finding{}, err
		}
		defer l.leave(c)
		topic := l.topic("qos" + string('0'+rune(qos)))
		grants, err := c.Subscribe(ctx, mqtt.Subscription{Filter: topic, QoS: qos})
		if err != nil {
			return finding{}, err
		}
		begin := time.Now()
		if err := c.Publish(ctx, mqtt.Message{Topic: topic, QoS: qos, Payload: []byte("there")}); err != nil {
			return finding{}, err
		}
		m, err := l.next(ctx, c)
		switch {
		case err != nil:
			return finding{}, err
		case m.QoS < qos && grants[0].QoS < qos:
			return found("", info, "delivered, with %v: more isn't granted", m.QoS), nil
		case m.QoS < qos:
			return found("", warn, "granted, and delivered with %v", m.QoS), nil
		}
		return found("", ok, "delivered (%s)", took(time.Since(begin))), nil
	}
}

func wildcards(ctx context.Context, l *lab) (finding, error) {
	c, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	for _, filter := range []string{l.topic("wild/+/x"), l.topic("wilder/#")} {
		if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: filter}); err != nil {
			return finding{}, err
		}
	}
	for _, topic := range []string{"wild/one/x", "wilder/two/three"} {
		if err := c.Publish(ctx, mqtt.Message{Topic: l.topic(topic), Payload: []byte(topic)}); err != nil {
			return finding{}, err
		}
	}
	if err := l.collect(ctx, c, "wild/one/x", "wilder/two/three"); err != nil {
		return finding{}, err
	}
	return found("", ok, "subscriptions with + and # deliver"), nil
}

// sizes are those of the payloads that large tries, in bytes.
var sizes = []int{100, 1 << 10, 16 << 10, 64 << 10, 256 << 10}

// large finds the largest payload that comes back.
func large(ctx context.Context, l *lab) (finding, error) {
	c, err := l.client(ctx, func(cfg *mqtt.Config) { cfg.MaxPacketSize = max(cfg.MaxPacketSize, 1<<20) })
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	topic := l.topic("large")
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce}); err != nil {
		return finding{}, err
	}
	best := 0
	for _, size := range sizes {
		payload := bytes.Repeat([]byte{'.'}, size)
		err := c.Publish(ctx, mqtt.Message{Topic: topic, QoS: l.best(mqtt.AtLeastOnce), Payload: payload})
		if _, limited := errors.AsType[*mqtt.LimitError](err); limited {
			return found("", info, "%d bytes come back; the server takes packets up to %d bytes", best, l.ack.MaximumPacketSize).with("bytes", best), nil
		}
		if err == nil {
			var m *mqtt.Received
			if m, err = l.next(ctx, c); err == nil && !bytes.Equal(m.Payload, payload) {
				return found("", warn, "%d bytes come back as other ones", size), nil
			}
		}
		if ctx.Err() != nil {
			return found("", warn, "%d bytes come back, %d not within %s in all", best, size, l.limit).with("bytes", best), nil
		}
		if err != nil {
			return found("", warn, "%d bytes come back, %d don't: %s", best, size, brief(err)).with("bytes", best), nil
		}
		best = size
	}
	return found("", ok, "%d bytes come back", best).with("bytes", best), nil
}

// system reads who the server is, where it says so.
func system(ctx context.Context, l *lab) (finding, error) {
	c, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	ctx, cancel := context.WithTimeout(ctx, min(l.limit, time.Second))
	defer cancel()
	for _, filter := range []string{"$SYS/broker/version", "$SYS/brokers/+/version"} {
		c.Subscribe(ctx, mqtt.Subscription{Filter: filter}) // refused: then nothing comes, which is told below
	}
	if m, err := l.next(ctx, c); err == nil {
		return found("", ok, "%s is %.80q", m.Topic, m.Payload).with("version", string(m.Payload)), nil
	}
	return found("", info, "no version of the server to be read"), nil
}

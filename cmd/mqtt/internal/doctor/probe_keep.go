package doctor

import (
	"context"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// retains has a message kept for who subscribes later, and clears it.
func retains(ctx context.Context, l *lab) (finding, error) {
	c, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	topic, qos := l.topic("retained"), l.best(mqtt.AtLeastOnce)
	if err := c.Publish(ctx, mqtt.Message{Topic: topic, QoS: qos, Retain: true, Payload: []byte("kept")}); err != nil {
		return finding{}, err
	}
	clear := func(ctx context.Context) error {
		return c.Publish(ctx, mqtt.Message{Topic: topic, QoS: qos, Retain: true})
	}
	kept, err := l.later(ctx, topic)
	if err != nil || !kept {
		l.tidy(clear)
		return found("", warn, "taken, and not there for who subscribes later"), err
	}
	if err := clear(ctx); err != nil {
		l.tidy(clear)
		return finding{}, err
	}
	if kept, err = l.later(ctx, topic); kept {
		return found("", warn, "kept, and not cleared by an empty message; left at %s", topic), err
	}
	return found("", ok, "kept and cleared"), err
}

// later looks whether a new subscriber gets a retained message. A message behind the subscription shows that there is none.
func (l *lab) later(ctx context.Context, topic string) (bool, error) {
	c, err := l.client(ctx)
	if err != nil {
		return false, err
	}
	defer l.leave(c)
	mark := l.topic("retained-mark")
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: topic}, mqtt.Subscription{Filter: mark}); err != nil {
		return false, err
	}
	if err := c.Publish(ctx, mqtt.Message{Topic: mark, QoS: l.best(mqtt.AtLeastOnce)}); err != nil {
		return false, err
	}
	for {
		m, err := l.next(ctx, c)
		if err != nil {
			return false, err
		}
		if m.Topic == topic || m.Topic == mark {
			return m.Topic == topic && m.Retain, nil
		}
	}
}

// tidy cleans up after a check, also when its time is over.
func (l *lab) tidy(clean func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	clean(ctx)
}

// asleep makes a session that is subscribed to topic, and disconnects from it. What it gives comes back to it.
func (l *lab) asleep(ctx context.Context, topic string) (wake func(context.Context) (*mqtt.Client, error), end func(), err error) {
	id := anyID()
	durable := func(cfg *mqtt.Config) {
		cfg.ClientID, cfg.Session = id, mqtt.SessionDurable
		if l.ack.Version == mqtt.V5 {
			cfg.SessionExpiry = time.Minute
		}
	}
	c, err := l.client(ctx, durable)
	if err != nil {
		return nil, nil, err
	}
	_, err = c.Subscribe(ctx, mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce})
	l.leave(c)
	end = func() {
		l.tidy(func(ctx context.Context) error { // a session ends when a clean one takes its place
			c, err := l.client(ctx, func(cfg *mqtt.Config) { cfg.ClientID = id })
			if err == nil {
				l.leave(c)
			}
			return err
		})
	}
	wake = func(ctx context.Context) (*mqtt.Client, error) { return l.client(ctx, durable) }
	if err != nil {
		end()
		return nil, nil, err
	}
	return wake, end, nil
}

// resumes has a message come while its subscriber is away.
func resumes(ctx context.Context, l *lab) (finding, error) {
	topic := l.topic("session")
	wake, end, err := l.asleep(ctx, topic)
	if err != nil {
		return finding{}, err
	}
	defer end()
	other, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(other)
	if err := other.Publish(ctx, mqtt.Message{Topic: topic, QoS: l.best(mqtt.AtLeastOnce), Payload: []byte("meanwhile")}); err != nil {
		return finding{}, err
	}
	c, err := wake(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	if ack, _ := c.ConnAck(); !ack.SessionPresent && l.ack.Version != mqtt.V31 {
		return found("", warn, "the server doesn't keep a session that it was asked to keep"), nil
	}
	if l.best(mqtt.AtLeastOnce) == mqtt.AtMostOnce {
		return found("", ok, "goes on after a reconnect"), nil
	}
	if err := l.collect(ctx, c, "meanwhile"); err != nil {
		return found("", warn, "goes on after a reconnect, and what came meanwhile is lost"), nil
	}
	return found("", ok, "goes on after a reconnect, with what came meanwhile"), nil
}

// expires lets a message of one second wait for longer, for a client that is away.
func expires(ctx context.Context, l *lab) (finding, error) {
	if l.ack.Version != mqtt.V5 {
		return found("", info, "needs MQTT 5.0"), nil
	}
	topic, qos := l.topic("expiry"), l.best(mqtt.AtLeastOnce)
	if qos == mqtt.AtMostOnce {
		return found("", info, "can't be told at QoS 0"), nil
	}
	wake, end, err := l.asleep(ctx, topic)
	if err != nil {
		return finding{}, err
	}
	defer end()
	other, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(other)
	brief := &mqtt.PublishProperties{MessageExpiryInterval: new(time.Second)}
	if err := other.Publish(ctx, mqtt.Message{Topic: topic, QoS: qos, Payload: []byte("brief"), Properties: brief}); err != nil {
		return finding{}, err
	}
	select {
	case <-time.After(2500 * time.Millisecond):
	case <-ctx.Done():
		return finding{}, ctx.Err()
	}
	if err := other.Publish(ctx, mqtt.Message{Topic: topic, QoS: qos, Payload: []byte("lasting")}); err != nil {
		return finding{}, err
	}
	c, err := wake(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(c)
	m, err := l.next(ctx, c)
	switch {
	case err != nil:
		return finding{}, err
	case string(m.Payload) == "brief":
		return found("", warn, "a message of 1 s is delivered after 2.5 s"), nil
	}
	return found("", ok, "a message of 1 s isn't delivered after 2.5 s"), nil
}

// wills lets a client break off.
func wills(ctx context.Context, l *lab) (finding, error) {
	topic := l.topic("will")
	watcher, err := l.client(ctx)
	if err != nil {
		return finding{}, err
	}
	defer l.leave(watcher)
	if _, err := watcher.Subscribe(ctx, mqtt.Subscription{Filter: topic}); err != nil {
		return finding{}, err
	}
	c, err := l.client(ctx, func(cfg *mqtt.Config) { cfg.Will = &mqtt.Will{Topic: topic, Payload: []byte("gone")} })
	if err != nil {
		return finding{}, err
	}
	begin := time.Now()
	c.Abort()
	if err := l.collect(ctx, watcher, "gone"); err != nil {
		return found("", warn, "a client broke off, and its will isn't published"), nil
	}
	return found("", ok, "published when a client breaks off (%s)", took(time.Since(begin))), nil
}

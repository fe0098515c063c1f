package main

import (
	"context"

	atwat "github.com/at-wat/mqtt-go"
)

// atWat is at-wat/mqtt-go. Its BaseClient is the fast one: the RetryClient of a ReconnectClient publishes one message after the
// other, each when the one before is acknowledged. Connections that only stay are those of a ReconnectClient, since a BaseClient
// sends no PINGREQ by itself.
type atWat struct{}

func (p atWat) do(ctx context.Context, o order) (result, error) {
	return works{"publish": p.publish, "receive": p.receive, "trip": p.trip, "idle": p.idle, "reconnect": p.reconnect}.do(ctx, o)
}

func (atWat) connect(ctx context.Context, o order, handler atwat.Handler) (*atwat.BaseClient, error) {
	c, err := atwat.DialContext(ctx, "mqtt://"+o.Address)
	if err != nil {
		return nil, err
	}
	c.Handle(handler)
	_, err = c.Connect(ctx, o.Client, atwat.WithCleanSession(true), atwat.WithKeepAlive(60))
	return c, err
}

func (atWat) close(ctx context.Context, c *atwat.BaseClient) {
	c.Disconnect(ctx)
	<-c.Done()
}

func (p atWat) publish(ctx context.Context, o order) (result, error) {
	c, err := p.connect(ctx, o, nil)
	if err != nil {
		return result{}, err
	}
	defer p.close(ctx, c)
	o = o.blocking()
	return o.publishing(o.each(func(topic string, payload []byte) error {
		return c.Publish(ctx, &atwat.Message{Topic: topic, QoS: atwat.QoS(o.QoS), Payload: payload})
	}), func() error { return p.acknowledged(ctx, c, counted) })
}

// acknowledged publishes an empty message at QoS 1.
func (atWat) acknowledged(ctx context.Context, c *atwat.BaseClient, topic string) error {
	return c.Publish(ctx, &atwat.Message{Topic: topic, QoS: atwat.QoS1})
}

func (p atWat) receive(ctx context.Context, o order) (result, error) {
	t := newChecker(o)
	var handler atwat.Handler = atwat.HandlerFunc(func(m *atwat.Message) { t.take(0, m.Payload) })
	if o.Streams > 0 {
		mux := &atwat.ServeMux{}
		for i, topic := range o.topics() {
			if err := mux.HandleFunc(topic, func(m *atwat.Message) { t.take(i, m.Payload) }); err != nil {
				return result{}, err
			}
		}
		handler = mux
	}
	c, err := p.connect(ctx, o, handler)
	if err != nil {
		return result{}, err
	}
	defer p.close(ctx, c)
	subscribe := func(filters ...string) error {
		var all []atwat.Subscription
		for _, f := range filters {
			all = append(all, atwat.Subscription{Topic: f, QoS: atwat.QoS(o.QoS)})
		}
		_, err := c.Subscribe(ctx, all...)
		return err
	}
	if err := subscribe(o.topics()...); err != nil {
		return result{}, err
	}
	return o.receiving(ctx, t, subscribe, func(topic string) error { return p.acknowledged(ctx, c, topic) })
}

func (p atWat) trip(ctx context.Context, o order) (result, error) {
	c, err := p.connect(ctx, o, nil)
	if err != nil {
		return result{}, err
	}
	defer p.close(ctx, c)
	return o.trips(func(payload []byte) error {
		return c.Publish(ctx, &atwat.Message{Topic: measured, QoS: atwat.QoS(o.QoS), Payload: payload})
	})
}

func (atWat) idle(ctx context.Context, o order) (result, error) {
	var all []atwat.ReconnectClient
	defer func() {
		for _, c := range all {
			c.Disconnect(ctx)
		}
	}()
	return idle(o.N, func(i int) error {
		c, err := atwat.NewReconnectClient(&atwat.URLDialer{URL: "mqtt://" + o.Address})
		if err != nil {
			return err
		}
		all = append(all, c)
		_, err = c.Connect(ctx, o.numbered(i).Client, atwat.WithCleanSession(true), atwat.WithKeepAlive(60))
		return err
	})
}

func (atWat) reconnect(context.Context, order) (result, error) {
	return result{Cannot: "its client that connects again has one message in flight, and no more"}, nil
}

package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/eclipse/paho.golang/autopaho"
	paho5 "github.com/eclipse/paho.golang/paho"
	"github.com/eclipse/paho.golang/paho/extensions/topicaliases"
)

// autoPaho is paho.golang, through the package that keeps its connection up. Its Publish waits for the outcome, so that many
// goroutines keep many messages in flight. PublishViaQueue tells no outcome, and sends no faster.
type autoPaho struct{}

func (p autoPaho) do(ctx context.Context, o order) (result, error) {
	return works{"publish": p.publish, "receive": p.receive, "trip": p.trip, "idle": p.idle, "reconnect": p.reconnect}.do(ctx, o)
}

func (autoPaho) config(o order) autopaho.ClientConfig {
	c := autopaho.ClientConfig{
		ServerUrls: []*url.URL{{Scheme: "mqtt", Host: o.Address}}, KeepAlive: 60, CleanStartOnInitialConnection: true,
	}
	c.ClientID = o.Client
	return c
}

func (autoPaho) connect(ctx context.Context, c autopaho.ClientConfig) (*autopaho.ConnectionManager, error) {
	m, err := autopaho.NewConnection(ctx, c)
	if err != nil {
		return nil, err
	}
	return m, m.AwaitConnection(ctx)
}

func (p autoPaho) publish(ctx context.Context, o order) (result, error) {
	config := p.config(o)
	if o.Aliases {
		if o.Goroutines > 1 || o.Window > 1 || o.Properties {
			return result{Cannot: "its handler for topic aliases isn't made for many goroutines, nor for shared properties"}, nil
		}
		hook := topicaliases.NewTAHandler(aliasTopics).PublishHook
		config.PublishHook = func(m *paho5.Publish) {
			if m.Topic != counted { // it panics when it has no alias left
				hook(m)
			}
		}
	}
	c, err := p.connect(ctx, config)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(ctx)
	properties := p.properties(o)
	o = o.blocking()
	return o.publishing(o.each(func(topic string, payload []byte) error {
		_, err := c.Publish(ctx, &paho5.Publish{Topic: topic, QoS: byte(o.QoS), Payload: payload, Properties: properties})
		return err
	}), func() error { return p.acknowledged(ctx, c, counted) })
}

// acknowledged publishes an empty message at QoS 1.
func (autoPaho) acknowledged(ctx context.Context, c *autopaho.ConnectionManager, topic string) error {
	_, err := c.Publish(ctx, &paho5.Publish{Topic: topic, QoS: 1})
	return err
}

func (autoPaho) properties(o order) *paho5.PublishProperties {
	if !o.Properties {
		return nil
	}
	return &paho5.PublishProperties{
		ContentType: contentType, ResponseTopic: responseTopic, CorrelationData: []byte(correlation),
		User: paho5.UserProperties{{Key: userKey, Value: userValue}},
	}
}

func (p autoPaho) receive(ctx context.Context, o order) (result, error) {
	t, config := newChecker(o), p.config(o)
	take := func(r paho5.PublishReceived) (bool, error) {
		t.take(0, r.Packet.Payload)
		return true, nil
	}
	if o.Streams > 0 {
		router := paho5.NewStandardRouter()
		for i, topic := range o.topics() {
			router.RegisterHandler(topic, func(m *paho5.Publish) { t.take(i, m.Payload) })
		}
		take = func(r paho5.PublishReceived) (bool, error) {
			router.Route(r.Packet.Packet())
			return true, nil
		}
	}
	config.OnPublishReceived = append(config.OnPublishReceived, take)
	c, err := p.connect(ctx, config)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(ctx)
	subscribe := func(filters ...string) error {
		s := &paho5.Subscribe{}
		for _, f := range filters {
			s.Subscriptions = append(s.Subscriptions, paho5.SubscribeOptions{Topic: f, QoS: byte(o.QoS)})
		}
		_, err := c.Subscribe(ctx, s)
		return err
	}
	if err := subscribe(o.topics()...); err != nil {
		return result{}, err
	}
	return o.receiving(ctx, t, subscribe, func(topic string) error { return p.acknowledged(ctx, c, topic) })
}

func (p autoPaho) trip(ctx context.Context, o order) (result, error) {
	c, err := p.connect(ctx, p.config(o))
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(ctx)
	return o.trips(func(payload []byte) error {
		_, err := c.Publish(ctx, &paho5.Publish{Topic: measured, QoS: byte(o.QoS), Payload: payload})
		return err
	})
}

func (p autoPaho) idle(ctx context.Context, o order) (result, error) {
	var all []*autopaho.ConnectionManager
	defer func() {
		for _, c := range all {
			c.Disconnect(ctx)
		}
	}()
	return idle(o.N, func(i int) error {
		c, err := p.connect(ctx, p.config(o.numbered(i)))
		all = append(all, c)
		return err
	})
}

// reconnect is measured from the second dial. The queue is what its documentation names for outages. It tells no outcome; but what is in
// the session leaves before a connection counts as up, so that a last message is acknowledged behind all of it.
func (p autoPaho) reconnect(ctx context.Context, o order) (result, error) {
	config := p.config(o)
	config.SessionExpiryInterval = 600
	dialled, down := make(chan *meter, 100), make(chan struct{})
	config.AttemptConnection = func(ctx context.Context, _ autopaho.ClientConfig, u *url.URL) (net.Conn, error) {
		return dialer{dialled}.DialContext(ctx, "tcp", u.Host)
	}
	config.OnConnectionDown = func() bool {
		close(down)
		return true
	}
	c, err := p.connect(ctx, config)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(ctx)
	<-dialled
	hold := []paho5.SubscribeOptions{{Topic: fmt.Sprintf("hold/%d", o.N)}}
	if _, err := c.Subscribe(ctx, &paho5.Subscribe{Subscriptions: hold}); err != nil {
		return result{}, err
	}
	payload := o.payload(0)
	for i := range o.N {
		number(payload, uint64(i)) // the queue encodes it at once
		if err := c.PublishViaQueue(ctx, &autopaho.QueuePublish{Publish: &paho5.Publish{Topic: measured, QoS: 1, Payload: payload}}); err != nil {
			return result{}, err
		}
	}
	select {
	case <-down:
	case <-ctx.Done():
		return result{}, ctx.Err()
	}
	if err := c.AwaitConnection(ctx); err != nil {
		return result{}, err
	}
	if err := p.acknowledged(ctx, c, counted); err != nil {
		return result{}, err
	}
	return (<-dialled).took(o.N), nil
}

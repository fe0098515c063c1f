package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

func (s sluice) receive(ctx context.Context, o order) (result, error) {
	c, err := s.connect(ctx, o)
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	sources, err := s.sources(ctx, c, o)
	if err != nil {
		return result{}, err
	}
	failed, due := make(chan error, len(sources)), expectationsOf(o, len(sources))
	var all sync.WaitGroup
	m := begin()
	for i, source := range sources {
		all.Go(func() { failed <- take(source, due[i]) })
	}
	if err := s.request(ctx, c, o); err != nil {
		c.Abort()
		all.Wait()
		return result{}, err
	}
	all.Wait()
	r := m.end(o.N)
	for range sources {
		if err := <-failed; err != nil {
			return result{}, fmt.Errorf("%w (the client: %v)", err, c.Err())
		}
	}
	return r, c.Close(ctx)
}

// sources are the channels on which the messages will come.
func (sluice) sources(ctx context.Context, c *mqtt.Client, o order) (all []<-chan *mqtt.Received, err error) {
	if o.Streams == 0 {
		_, err := c.Subscribe(ctx, mqtt.Subscription{Filter: measured, QoS: mqtt.QoS(o.QoS)})
		return append(all, c.Messages()), err
	}
	for _, topic := range o.topics() {
		stream, err := c.Stream(ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: topic, QoS: mqtt.QoS(o.QoS)})
		if err != nil {
			return nil, err
		}
		all = append(all, stream.Messages())
	}
	return all, nil
}

// request begins the flood.
func (s sluice) request(ctx context.Context, c *mqtt.Client, o order) error {
	return o.ask(func(filters ...string) error {
		_, err := c.Subscribe(ctx, mqtt.Subscription{Filter: filters[0]})
		return err
	}, func(topic string) error { return s.acknowledged(ctx, c, topic) })
}

// take takes what is due from one source. It has due for itself, as neighbours would share cache lines.
func take(source <-chan *mqtt.Received, due expectation) error {
	for !due.over() {
		m, open := <-source
		if !open {
			return errGone
		}
		if err := due.take(m.Payload); err != nil {
			return err
		}
	}
	return due.end()
}

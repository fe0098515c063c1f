package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

func (s sluice) receive(ctx context.Context, o order) (result, error) {
	c, err := mqtt.Connect(ctx, "mqtt://"+o.Address, s.config(o))
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	sources, err := s.sources(ctx, c, o)
	if err != nil {
		return result{}, err
	}
	failed := make(chan error, len(sources))
	var all sync.WaitGroup
	m := begin()
	for i, source := range sources {
		all.Go(func() { failed <- take(source, i, len(sources), o.N) })
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
func (sluice) request(ctx context.Context, c *mqtt.Client, o order) error {
	if o.Broker {
		return c.Publish(ctx, mqtt.Message{Topic: readied + o.Client, QoS: mqtt.AtLeastOnce})
	}
	_, err := c.Subscribe(ctx, mqtt.Subscription{Filter: o.request()})
	return err
}

// take takes those of n messages that are dealt to one of several sources.
func take(source <-chan *mqtt.Received, which, of, n int) error {
	for want := which; want < n; want += of {
		m, open := <-source
		if !open {
			return errGone
		}
		if err := follow(m.Payload, want); err != nil {
			return err
		}
	}
	return nil
}

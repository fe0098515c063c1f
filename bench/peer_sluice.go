package main

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// sluice is measured as it is by default: its Config has what the order asks for, and nothing else.
type sluice struct{}

func (s sluice) do(ctx context.Context, o order) (result, error) {
	switch o.Work {
	case "publish":
		return s.publish(ctx, o)
	case "receive":
		return s.receive(ctx, o)
	case "trip":
		return s.trip(ctx, o)
	case "idle":
		return s.idle(ctx, o)
	case "reconnect":
		return s.reconnect(ctx, o)
	case "streams":
		return s.streams(ctx, o)
	case "clients":
		return s.clients(ctx, o)
	}
	return result{Cannot: "it doesn't know " + o.Work}, nil
}

func (sluice) config(o order) mqtt.Config {
	cfg := mqtt.Config{Version: mqtt.V311, ClientID: o.Client}
	if o.Version == 5 {
		cfg.Version = mqtt.V5
	}
	if o.Work == "publish" && o.Window > 0 {
		cfg.MaxInFlight = o.Window                    // 1000 by default
		cfg.Outbox.Messages = max(16_384, 2*o.Window) // the former by default
	}
	if o.Work == "receive" && o.Size > 900_000 {
		cfg.MaxPacketSize = o.Size + 100_000 // 1 MiB by default, which a payload of 1 MiB doesn't fit in
	}
	if o.Aliases {
		cfg.TopicAlias = mqtt.AliasAuto
	}
	return cfg
}

func (sluice) message(o order) mqtt.Message {
	m := mqtt.Message{QoS: mqtt.QoS(o.QoS)}
	if o.Properties {
		m.Properties = &mqtt.PublishProperties{
			ContentType: contentType, ResponseTopic: responseTopic, CorrelationData: []byte(correlation),
			UserProperties: []mqtt.UserProperty{{Key: userKey, Value: userValue}},
		}
	}
	return m
}

func (s sluice) publish(ctx context.Context, o order) (result, error) {
	c, err := mqtt.Connect(ctx, "mqtt://"+o.Address, s.config(o))
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	var all sync.WaitGroup
	failed := make(chan error, o.Goroutines+1)
	m := begin()
	for g := 1; g < o.Goroutines; g++ {
		all.Go(func() { failed <- s.stretch(ctx, c, o, g) })
	}
	failed <- s.stretch(ctx, c, o, 0)
	all.Wait()
	for range max(1, o.Goroutines) {
		if err := <-failed; err != nil {
			return result{}, err
		}
	}
	if err := c.Flush(ctx); err != nil {
		return result{}, err
	}
	if o.QoS == 0 {
		if err := c.Publish(ctx, mqtt.Message{Topic: counted, QoS: mqtt.AtLeastOnce}); err != nil {
			return result{}, err
		}
	}
	r := m.end(o.N)
	return r, c.Close(ctx)
}

// stretch is what one goroutine publishes.
func (s sluice) stretch(ctx context.Context, c *mqtt.Client, o order, goroutine int) (err error) {
	topics, m := o.topics(), s.message(o)
	m.Payload = o.payload(goroutine)
	for i := range o.share(goroutine) {
		m.Topic = topics[i%len(topics)]
		number(m.Payload, i)
		if o.Window > 0 && o.QoS > 0 {
			_, err = c.PublishAsync(ctx, m)
		} else {
			err = c.Publish(ctx, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s sluice) trip(ctx context.Context, o order) (result, error) {
	c, err := mqtt.Connect(ctx, "mqtt://"+o.Address, s.config(o))
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	msg := s.message(o)
	msg.Topic, msg.Payload = measured, o.payload(0)
	all := make([]time.Duration, 0, o.N)
	m := begin()
	for i := range o.N {
		start := time.Now()
		number(msg.Payload, i)
		if err := c.Publish(ctx, msg); err != nil {
			return result{}, err
		}
		all = append(all, time.Since(start))
	}
	r := m.end(o.N)
	r.percentiles(all)
	return r, c.Close(ctx)
}

func (s sluice) idle(ctx context.Context, o order) (result, error) {
	var all []*mqtt.Client
	r, err := idle(o.N, func(i int) error {
		cfg := s.config(o)
		cfg.ClientID += "-" + strconv.Itoa(i)
		c, err := mqtt.Connect(ctx, "mqtt://"+o.Address, cfg)
		all = append(all, c)
		return err
	})
	for _, c := range all {
		if c != nil && err == nil {
			err = c.Close(ctx)
		}
	}
	return r, err
}

// reconnect measures from the second dial. The server keeps the session, as it does for the others.
func (s sluice) reconnect(ctx context.Context, o order) (result, error) {
	cfg := s.config(o)
	cfg.MaxInFlight, cfg.Session = o.N, mqtt.SessionDurable
	cfg.Servers = []string{"mqtt://" + o.Address}
	dialled := make(chan *meter, 100)
	cfg.Dialer = dialer{dialled}
	c, err := mqtt.New(cfg)
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	if err := c.Connect(ctx); err != nil {
		return result{}, err
	}
	<-dialled
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: "hold/" + strconv.Itoa(o.N)}); err != nil {
		return result{}, err
	}
	o.Window = o.N
	if err := s.stretch(ctx, c, o, 0); err != nil {
		return result{}, err
	}
	if err := c.Flush(ctx); err != nil {
		return result{}, err
	}
	r := (<-dialled).took(o.N)
	return r, c.Close(ctx)
}

// dialer tells when it dials.
type dialer struct{ dialled chan<- *meter }

var _ netx.Dialer = dialer{}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.dialled <- now()
	return new(net.Dialer).DialContext(ctx, network, address)
}

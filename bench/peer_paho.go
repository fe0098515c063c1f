package main

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	pahomqtt "github.com/eclipse/paho.mqtt.golang"
)

// paho is paho.mqtt.golang, on 3.1.1.
type paho struct{}

func (p paho) do(ctx context.Context, o order) (result, error) {
	if o.Version != 4 {
		return result{Cannot: "it has no MQTT 5.0"}, nil
	}
	switch o.Work {
	case "publish":
		return p.publish(ctx, o)
	case "receive":
		return p.receive(ctx, o)
	case "trip":
		return p.trip(ctx, o)
	case "idle":
		return p.idle(ctx, o)
	case "reconnect":
		return p.reconnect(ctx, o)
	}
	return result{Cannot: "it doesn't know " + o.Work}, nil
}

func (paho) options(o order) *pahomqtt.ClientOptions {
	return pahomqtt.NewClientOptions().AddBroker("tcp://" + o.Address).SetClientID(o.Client).SetProtocolVersion(4)
}

func (p paho) connect(o order) (pahomqtt.Client, error) {
	c := pahomqtt.NewClient(p.options(o))
	return c, waited(c.Connect())
}

// waited waits for the outcome.
func waited(t pahomqtt.Token) error {
	if !t.WaitTimeout(patience) {
		return context.DeadlineExceeded
	}
	return t.Error()
}

const farewell = 100 // milliseconds that Disconnect may take

func (p paho) publish(ctx context.Context, o order) (result, error) {
	c, err := p.connect(o)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	var all sync.WaitGroup
	failed := make(chan error, o.Goroutines+1)
	m := begin()
	for g := 1; g < o.Goroutines; g++ {
		all.Go(func() { failed <- p.stretch(c, o, g) })
	}
	failed <- p.stretch(c, o, 0)
	all.Wait()
	for range max(1, o.Goroutines) {
		if err := <-failed; err != nil {
			return result{}, err
		}
	}
	if o.QoS == 0 {
		if err := waited(c.Publish(counted, 1, false, []byte{})); err != nil {
			return result{}, err
		}
	}
	return m.end(o.N), nil
}

// stretch is what one goroutine publishes. paho keeps the payload, so each message has its own.
func (paho) stretch(c pahomqtt.Client, o order, goroutine int) error {
	topics := o.topics()
	flight := make(chan pahomqtt.Token, max(1, o.Window))
	for i := range o.share(goroutine) {
		payload := o.payload(goroutine)
		number(payload, i)
		t := c.Publish(topics[i%len(topics)], byte(o.QoS), false, payload)
		if o.QoS == 0 && i+1 < o.share(goroutine) {
			continue // the call has waited until the writer takes it
		}
		if o.QoS == 0 || o.Window == 0 {
			if err := waited(t); err != nil {
				return err
			}
			continue
		}
		flight <- t
		if len(flight) == o.Window {
			if err := waited(<-flight); err != nil {
				return err
			}
		}
	}
	for len(flight) > 0 {
		if err := waited(<-flight); err != nil {
			return err
		}
	}
	return nil
}

func (p paho) trip(ctx context.Context, o order) (result, error) {
	c, err := p.connect(o)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	all := make([]time.Duration, 0, o.N)
	m := begin()
	for i := range o.N {
		start := time.Now()
		payload := o.payload(0)
		number(payload, i)
		if err := waited(c.Publish(measured, byte(o.QoS), false, payload)); err != nil {
			return result{}, err
		}
		all = append(all, time.Since(start))
	}
	r := m.end(o.N)
	r.percentiles(all)
	return r, nil
}

func (p paho) receive(ctx context.Context, o order) (result, error) {
	c, err := p.connect(o)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	topics := o.topics()
	failed, whole := make(chan error, o.N), make(chan struct{}, len(topics))
	for i, topic := range topics {
		want := i
		handler := func(_ pahomqtt.Client, m pahomqtt.Message) { // they are called one at a time
			if err := follow(m.Payload(), want); err != nil {
				failed <- err
			}
			if want += len(topics); want >= o.N {
				whole <- struct{}{}
			}
		}
		if err := waited(c.Subscribe(topic, byte(o.QoS), handler)); err != nil {
			return result{}, err
		}
	}
	m := begin()
	if o.Broker {
		err = waited(c.Publish(readied+o.Client, 1, false, []byte{}))
	} else {
		err = waited(c.Subscribe(o.request(), 0, nil))
	}
	if err != nil {
		return result{}, err
	}
	for range min(o.N, len(topics)) {
		select {
		case <-whole:
		case <-ctx.Done():
			return result{}, ctx.Err()
		}
	}
	r := m.end(o.N)
	if len(failed) > 0 {
		return result{}, <-failed
	}
	return r, nil
}

func (p paho) idle(ctx context.Context, o order) (result, error) {
	var all []pahomqtt.Client
	r, err := idle(o.N, func(i int) error {
		o := o
		o.Client += "-" + strconv.Itoa(i)
		c, err := p.connect(o)
		all = append(all, c)
		return err
	})
	var ended sync.WaitGroup
	for _, c := range all {
		ended.Go(func() { c.Disconnect(farewell) })
	}
	ended.Wait()
	return r, err
}

// reconnect measures from the second dial. The store is the one in memory that keeps the order: with the one that paho has by
// default, messages come again in a random order.
func (p paho) reconnect(ctx context.Context, o order) (result, error) {
	dialled := make(chan *meter, 100)
	options := p.options(o).SetCleanSession(false).SetStore(pahomqtt.NewOrderedMemoryStore()).SetCustomOpenConnectionFn(func(u *url.URL, _ pahomqtt.ClientOptions) (net.Conn, error) {
		return dialer{dialled}.DialContext(ctx, "tcp", u.Host)
	})
	c := pahomqtt.NewClient(options)
	if err := waited(c.Connect()); err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	<-dialled
	if err := waited(c.Subscribe("hold/"+strconv.Itoa(o.N), 0, nil)); err != nil {
		return result{}, err
	}
	o.Window = o.N + 1 // none is waited for before all have left
	if err := p.stretch(c, o, 0); err != nil {
		return result{}, err
	}
	// Its tokens are done when a message is about to be sent again, not when it is acknowledged; what is published behind them all
	// tells that. The first of these may still overtake the last of those.
	for range 2 {
		if err := waited(c.Publish(counted, 1, false, []byte{})); err != nil {
			return result{}, err
		}
	}
	return (<-dialled).took(o.N), nil
}

package main

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"strconv"
	"sync"

	pahomqtt "github.com/eclipse/paho.mqtt.golang"
)

// paho is paho.mqtt.golang, on 3.1.1.
type paho struct{}

func (p paho) do(ctx context.Context, o order) (result, error) {
	return works{"publish": p.publish, "receive": p.receive, "trip": p.trip, "idle": p.idle, "reconnect": p.reconnect}.do(ctx, o)
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

// acknowledged publishes an empty message at QoS 1.
func (paho) acknowledged(c pahomqtt.Client, topic string) error {
	return waited(c.Publish(topic, 1, false, []byte{}))
}

func (p paho) publish(_ context.Context, o order) (result, error) {
	c, err := p.connect(o)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	return o.publishing(func(g int) error { return p.stretch(c, o, g) }, func() error { return p.acknowledged(c, counted) })
}

// stretch is what one goroutine publishes. paho keeps the payload, so each message has its own.
func (paho) stretch(c pahomqtt.Client, o order, goroutine int) error {
	topics, template := o.topics(), o.payload(goroutine)
	flight := make(chan pahomqtt.Token, max(1, o.Window))
	for i := range o.share(goroutine) {
		payload := bytes.Clone(template)
		number(payload, uint64(i))
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

func (p paho) trip(_ context.Context, o order) (result, error) {
	c, err := p.connect(o)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	return o.trips(func(payload []byte) error {
		return waited(c.Publish(measured, byte(o.QoS), false, bytes.Clone(payload)))
	})
}

// receive has a handler for each topic. They are called one at a time.
func (p paho) receive(ctx context.Context, o order) (result, error) {
	c, err := p.connect(o)
	if err != nil {
		return result{}, err
	}
	defer c.Disconnect(farewell)
	t := newChecker(o)
	for i, topic := range o.topics() {
		handler := func(_ pahomqtt.Client, m pahomqtt.Message) { t.take(i, m.Payload()) }
		if err := waited(c.Subscribe(topic, byte(o.QoS), handler)); err != nil {
			return result{}, err
		}
	}
	return o.receiving(ctx, t, func(filters ...string) error { return waited(c.Subscribe(filters[0], 0, nil)) },
		func(topic string) error { return p.acknowledged(c, topic) })
}

func (p paho) idle(_ context.Context, o order) (result, error) {
	var all []pahomqtt.Client
	r, err := idle(o.N, func(i int) error {
		c, err := p.connect(o.numbered(i))
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
		if err := p.acknowledged(c, counted); err != nil {
			return result{}, err
		}
	}
	return (<-dialled).took(o.N), nil
}

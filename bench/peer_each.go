package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// works are what a client can do, by the names that orders have for it.
type works map[string]func(ctx context.Context, o order) (result, error)

func (w works) do(ctx context.Context, o order) (result, error) {
	work, can := w[o.Work]
	if !can {
		return result{Cannot: "it doesn't know " + o.Work}, nil
	}
	return work(ctx, o)
}

// publishing measures goroutines that each publish a stretch; at QoS 0 up to the acknowledgement of the last message.
func (o order) publishing(stretch func(goroutine int) error, last func() error) (result, error) {
	m := begin()
	err := o.spread(stretch)
	if err == nil && o.QoS == 0 {
		err = last()
	}
	return m.end(o.N), err
}

// spread has as many goroutines as the order says do something, and waits for all.
func (o order) spread(stretch func(goroutine int) error) (all error) {
	n := max(1, o.Goroutines)
	outcomes := make(chan error)
	for g := range n {
		go func() { outcomes <- stretch(g) }()
	}
	for range n {
		all = errors.Join(all, <-outcomes)
	}
	return all
}

// blocking is the order for a client whose publish waits for the outcome, and has no other: as many goroutines publish as may be in
// flight; at QoS 0 nothing is.
func (o order) blocking() order {
	if o.Window > 0 && o.QoS > 0 {
		o.Goroutines = o.Window
	}
	return o
}

// each is what a goroutine publishes through such a client. A payload belongs to it again when publish has returned.
func (o order) each(publish func(topic string, payload []byte) error) (stretch func(goroutine int) error) {
	topics, n := o.topics(), max(1, o.Goroutines)
	return func(g int) error {
		payload := o.payload(g)
		for i := range o.share(g) {
			number(payload, uint64(i))
			if err := publish(topics[(g+i*n)%len(topics)], payload); err != nil {
				return err
			}
		}
		return nil
	}
}

// trips measures each round trip of one goroutine that waits for each.
func (o order) trips(publish func(payload []byte) error) (result, error) {
	payload, all := o.payload(0), make([]time.Duration, o.N)
	m := begin()
	for i := range all {
		number(payload, uint64(i))
		start := time.Now()
		if err := publish(payload); err != nil {
			return result{}, err
		}
		all[i] = time.Since(start)
	}
	r := m.end(o.N)
	r.percentiles(all)
	return r, nil
}

// receiving measures from the request for the flood until the checker has it all. Who receives has subscribed to its topics.
func (o order) receiving(ctx context.Context, t *checker, subscribe func(filters ...string) error, publish func(topic string) error) (result, error) {
	m := begin()
	err := o.ask(subscribe, publish)
	if err == nil {
		err = t.wait(ctx)
	}
	return m.end(o.N), err
}

// ask begins the flood.
func (o order) ask(subscribe func(filters ...string) error, publish func(topic string) error) error {
	if o.Broker {
		return publish(readied + o.Client)
	}
	return subscribe(o.request())
}

// numbered is the order with the ClientID of its connection i.
func (o order) numbered(i int) order {
	o.Client = fmt.Sprintf("%s-%d", o.Client, i)
	return o
}

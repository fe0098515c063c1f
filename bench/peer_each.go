package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// each publishes what the order says through a client whose publish waits for the outcome, and has no other: of such a client as
// many goroutines publish as may be in flight; at QoS 0 nothing is. A payload belongs to the caller again when publish has returned.
func (o order) each(publish func(topic string, payload []byte) error) error {
	if o.Window > 0 && o.QoS > 0 {
		o.Goroutines = o.Window
	}
	topics, n := o.topics(), max(1, o.Goroutines)
	outcomes := make(chan error)
	for g := range n {
		go func() {
			payload := o.payload(g)
			var err error
			for i := 0; i < o.share(g) && err == nil; i++ {
				number(payload, i)
				err = publish(topics[(g+i*n)%len(topics)], payload)
			}
			outcomes <- err
		}()
	}
	var all error
	for range n {
		all = errors.Join(all, <-outcomes)
	}
	return all
}

// trips measures each round trip of one goroutine that waits for each.
func (o order) trips(publish func(payload []byte) error) (result, error) {
	payload, all := o.payload(0), make([]time.Duration, o.N)
	m := begin()
	for i := range all {
		number(payload, i)
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

// checker checks what a receiver takes: all of it, each topic's messages in order. One goroutine at a time may use it.
type checker struct {
	next       []int // by stream, the sequence that is due
	step, left int
	done       chan error // the first fault, or nil with the last message
}

func newChecker(o order) *checker {
	t := &checker{next: make([]int, max(1, o.Streams)), left: o.N, done: make(chan error, 1)}
	t.step = len(t.next)
	for i := range t.next {
		t.next[i] = i
	}
	return t
}

// take is called with each message of a stream.
func (t *checker) take(stream int, payload []byte) {
	if t.left == 0 {
		return // more than was asked for, or behind a fault
	}
	err := follow(payload, t.next[stream])
	if t.next[stream] += t.step; err == nil {
		if t.left--; t.left > 0 {
			return
		}
	}
	t.left = 0
	t.done <- err
}

func (t *checker) wait(ctx context.Context) error {
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// numbered is the order with the ClientID of its connection i.
func (o order) numbered(i int) order {
	o.Client = fmt.Sprintf("%s-%d", o.Client, i)
	return o
}

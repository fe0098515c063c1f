package main

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

// clients are many in one process. Each publishes its share, waiting for each outcome.
func (s sluice) clients(ctx context.Context, o order) (result, error) {
	if err := allowFiles(o.Clients); err != nil {
		return result{Cannot: err.Error()}, nil
	}
	all := make([]*mqtt.Client, 0, o.Clients)
	defer func() {
		for _, c := range all {
			c.Abort()
		}
	}()
	made, err := idle(o.Clients, func(i int) error {
		c, err := s.connect(ctx, o.numbered(i))
		if err == nil {
			all = append(all, c)
		}
		return err
	})
	if err != nil {
		return result{}, err
	}
	own := o.ofOne()
	r, err := together(o, func(i int) error { return s.stretch(ctx, all[i], own, 0) })
	if err != nil {
		return result{}, err
	}
	for _, c := range all {
		if err := c.Close(ctx); err != nil {
			return result{}, err
		}
	}
	r.Connect, r.Bytes, r.Goroutines = made.Connect, made.Bytes, made.Goroutines
	return r, nil
}

// ofOne is what one of the clients does.
func (o order) ofOne() order {
	o.N /= o.Clients
	return o
}

// together measures what a goroutine for each client does at once.
func together(o order, do func(i int) error) (result, error) {
	begun, done := make(chan struct{}), make(chan error, o.Clients)
	for i := range o.Clients {
		go func() {
			<-begun
			done <- do(i)
		}()
	}
	m := begin()
	close(begun)
	var wrong error
	for range o.Clients {
		if err := <-done; err != nil && wrong == nil {
			wrong = err
		}
	}
	return m.end(o.ofOne().N * o.Clients), wrong
}

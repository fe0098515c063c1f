package main

import (
	"context"
	"fmt"
	"time"

	pahomqtt "github.com/eclipse/paho.mqtt.golang"
)

type paho struct{}

func (paho) name() string { return "paho.mqtt.golang" }

func (paho) connect(address string) (pahomqtt.Client, error) {
	o := pahomqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID("bench").SetProtocolVersion(4).SetAutoReconnect(false)
	c := pahomqtt.NewClient(o)
	t := c.Connect()
	t.Wait()
	return c, t.Error()
}

func (p paho) publish(ctx context.Context, address string, qos, n, size int) (time.Duration, error) {
	c, err := p.connect(address)
	if err != nil {
		return 0, err
	}
	defer c.Disconnect(100)
	payload := make([]byte, size)
	window := make(chan pahomqtt.Token, 1000)
	start := time.Now()
	for range n {
		t := c.Publish("bench/topic", byte(qos), false, payload)
		if qos == 0 {
			continue
		}
		select {
		case window <- t:
		default:
			(<-window).Wait()
			window <- t
		}
	}
	for len(window) > 0 {
		(<-window).Wait()
	}
	t := c.Publish("count", 1, false, []byte{})
	t.Wait()
	return time.Since(start), t.Error()
}

func (p paho) receive(ctx context.Context, address string, qos, n, size int) (time.Duration, error) {
	c, err := p.connect(address)
	if err != nil {
		return 0, err
	}
	defer c.Disconnect(100)
	got, done := 0, make(chan struct{})
	take := func(pahomqtt.Client, pahomqtt.Message) {
		if got++; got == n {
			close(done)
		}
	}
	c.AddRoute("bench/topic", take)
	start := time.Now()
	t := c.Subscribe(fmt.Sprintf("flood/%d/%d/%d", qos, size, n), byte(qos), take)
	t.Wait()
	if t.Error() != nil {
		return 0, t.Error()
	}
	select {
	case <-done:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return time.Since(start), nil
}

func (paho) do(ctx context.Context, o order) (result, error) {
	return result{Cannot: "being written"}, nil
}

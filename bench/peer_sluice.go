package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

type sluice struct{}

func (sluice) name() string { return "Sluice" }

func (sluice) publish(ctx context.Context, address string, qos, n, size int) (time.Duration, error) {
	c, err := mqtt.Connect(ctx, "mqtt://"+address, mqtt.Config{Version: mqtt.V311})
	if err != nil {
		return 0, err
	}
	defer c.Abort()
	m := mqtt.Message{Topic: "bench/topic", QoS: mqtt.QoS(qos), Payload: make([]byte, size)}
	start := time.Now()
	for range n {
		if qos == 0 {
			err = c.Publish(ctx, m)
		} else {
			_, err = c.PublishAsync(ctx, m)
		}
		if err != nil {
			return 0, err
		}
	}
	if err := c.Flush(ctx); err != nil {
		return 0, err
	}
	// its acknowledgement says that all before it has arrived
	if err := c.Publish(ctx, mqtt.Message{Topic: "count", QoS: mqtt.AtLeastOnce}); err != nil {
		return 0, err
	}
	took := time.Since(start)
	return took, c.Close(ctx)
}

func (sluice) receive(ctx context.Context, address string, qos, n, size int) (time.Duration, error) {
	c, err := mqtt.Connect(ctx, "mqtt://"+address, mqtt.Config{Version: mqtt.V311})
	if err != nil {
		return 0, err
	}
	defer c.Abort()
	messages := c.Messages()
	start := time.Now()
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: fmt.Sprintf("flood/%d/%d/%d", qos, size, n), QoS: mqtt.QoS(qos)}); err != nil {
		return 0, err
	}
	for range n {
		if _, open := <-messages; !open {
			return 0, c.Err()
		}
	}
	took := time.Since(start)
	return took, c.Close(ctx)
}

func (sluice) do(ctx context.Context, o order) (result, error) {
	return result{Cannot: "being written"}, nil
}

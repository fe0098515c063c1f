package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// sense publishes a number four times a second until ctx ends, retained, so that a new page has one at once.
func sense(ctx context.Context, url string) error {
	client, err := mqtt.Connect(ctx, url, mqtt.Config{})
	if err != nil {
		return err
	}
	defer client.Close(context.WithoutCancel(ctx))
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for angle := 0.0; ; angle += 0.1 {
		value := fmt.Appendf(nil, "%.2f", 21+3*math.Sin(angle)+rand.Float64())
		if err := client.Publish(ctx, mqtt.Message{Topic: "sluice/chart", Payload: value, Retain: true}); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

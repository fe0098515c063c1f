package main

import (
	"context"
	"time"

	pahomqtt "github.com/eclipse/paho.mqtt.golang"
)

func pahoFiles(ctx context.Context, w storeWork) (time.Duration, error) {
	o := pahomqtt.NewClientOptions().AddBroker("tcp://" + w.address).SetClientID(w.client).SetProtocolVersion(4).SetAutoReconnect(false).
		SetCleanSession(false).SetStore(pahomqtt.NewFileStore(w.folder))
	c := pahomqtt.NewClient(o)
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		return 0, t.Error()
	}
	defer c.Disconnect(100)
	payload := make([]byte, w.size)
	window := make(chan pahomqtt.Token, w.window)
	start := time.Now()
	for range w.n {
		if len(window) == w.window {
			if err := waited(<-window); err != nil {
				return 0, err
			}
		}
		window <- c.Publish(measured, 1, false, payload)
		if w.window == 1 {
			if err := waited(<-window); err != nil {
				return 0, err
			}
		}
	}
	for len(window) > 0 {
		if err := waited(<-window); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

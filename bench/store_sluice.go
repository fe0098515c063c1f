package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/boltstore"
)

func bolt(ctx context.Context, w storeWork) (time.Duration, error) {
	return withBolt(ctx, w, func(s mqtt.Store) mqtt.Store { return s })
}

func boltEach(ctx context.Context, w storeWork) (time.Duration, error) {
	return withBolt(ctx, w, func(s mqtt.Store) mqtt.Store { return each{s} })
}

func memory(ctx context.Context, w storeWork) (time.Duration, error) {
	return publishStored(ctx, w, mqtt.NewMemoryStore())
}

func withBolt(ctx context.Context, w storeWork, use func(mqtt.Store) mqtt.Store) (time.Duration, error) {
	store, err := boltstore.Open(filepath.Join(w.folder, "session.db"))
	if err != nil {
		return 0, err
	}
	took, err := publishStored(ctx, w, use(store))
	return took, errors.Join(err, store.Close())
}

// each is a store that knows nothing of batches: what concerns one message is a Write of its own.
type each struct{ mqtt.Store }

func (s each) Write(ctx context.Context, records []mqtt.StoreRecord) error {
	for start, end := 0, 0; start < len(records); start = end {
		for end = start; end < len(records) && bytes.Equal(records[end].Key[1:], records[start].Key[1:]); {
			end++ // a message and how far it came have keys that differ in their first byte
		}
		if err := s.Store.Write(ctx, records[start:end]); err != nil {
			return err
		}
	}
	return nil
}

func publishStored(ctx context.Context, w storeWork, store mqtt.Store) (time.Duration, error) {
	c, err := mqtt.Connect(ctx, "mqtt://"+w.address, mqtt.Config{Version: mqtt.V311, ClientID: w.client, Store: store, MaxInFlight: w.window})
	if err != nil {
		return 0, err
	}
	defer c.Abort()
	m := mqtt.Message{Topic: measured, QoS: mqtt.AtLeastOnce, Payload: make([]byte, w.size)}
	start := time.Now()
	for range w.n {
		if w.window == 1 {
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
	took := time.Since(start)
	return took, c.Close(ctx)
}

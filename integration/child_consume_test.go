//go:build integration

package integration

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

// consume takes messages until the last of all. The first process of its role subscribes, and ends.
func (c *child) consume(ctx context.Context, open *exchanges) error {
	if c.Run == 0 {
		_, err := c.client.Subscribe(ctx, mqtt.Subscription{Filter: c.Root + "#", QoS: mqtt.ExactlyOnce})
		return err
	}
	taken := 0
	for m := range c.client.Messages() {
		l, ok := labelOf(m.Topic)
		if !ok || string(m.Payload) != l.String() {
			return fmt.Errorf("message %q has topic %q", m.Payload, m.Topic)
		}
		c.tape.write("%s %v %t %t", noted, l, m.Redelivered, m.Dup)
		if c.Role == takingByHand {
			if err := m.Ack(); err != nil && !errors.Is(err, mqtt.ErrStale) {
				return err
			}
		}
		if taken++; taken == c.Busy {
			busy()
		}
		if l == end {
			return open.none(ctx)
		}
	}
	return c.client.Err()
}

// exchanges are those of QoS 2 that the server has begun on this connection.
type exchanges struct {
	mu   sync.Mutex
	ids  map[uint16]bool
	news chan struct{}
}

func newExchanges() *exchanges {
	return &exchanges{ids: make(map[uint16]bool), news: make(chan struct{}, 1)}
}

// pass sees a packet.
func (e *exchanges) pass(sent bool, p mqtt.PacketInfo) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !sent && p.Type == "CONNACK":
		clear(e.ids) // it begins again those that it remembers
	case !sent && p.Type == "PUBLISH" && p.QoS == mqtt.ExactlyOnce:
		e.ids[p.PacketID] = true
	case sent && p.Type == "PUBCOMP":
		delete(e.ids, p.PacketID)
		select {
		case e.news <- struct{}{}:
		default: // one that waits looks at all
		}
	}
}

// none waits until all of them are over.
func (e *exchanges) none(ctx context.Context) error {
	for {
		e.mu.Lock()
		open := len(e.ids)
		e.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-e.news:
		case <-ctx.Done():
			return fmt.Errorf("%d exchanges are open: %w", open, ctx.Err())
		}
	}
}

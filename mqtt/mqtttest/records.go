package mqtttest

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Received gives the application messages that clients have published, in the order of their completion: QoS 0 and 1 with
// PUBLISH, QoS 2 with PUBREL. So a message that is there twice was delivered twice. Refused ones, wills, and what
// [Broker.Publish] published aren't there.
func (b *Broker) Received() (all []Received) {
	b.state.do(func(c *core) { all = slices.Clone(c.journal.received) })
	return all
}

// TakeReceived is Received that forgets what it gives, for runs that go on for long.
func (b *Broker) TakeReceived() (all []Received) {
	b.state.do(func(c *core) { all, c.journal.received = c.journal.received, nil })
	return all
}

// Violations gives what clients did that no client may, as a [*Violation] each. Those that §4.13 says so for have ended the
// connection. An empty list is no proof of good behaviour: it has what the Broker happens to notice.
func (b *Broker) Violations() (all []error) {
	b.state.do(func(c *core) { all = slices.Clone(c.journal.violations) })
	return all
}

// Connections says how many CONNECTs were accepted.
func (b *Broker) Connections() int { return b.Stats().Connections }

// Stats counts.
func (b *Broker) Stats() (st BrokerStats) {
	b.state.do(func(c *core) { st = c.stats() })
	return st
}

// Await waits until enough says so of what was counted. It is asked now and after each change, within the Broker, whose
// methods it must not call. Errors are ctx's, and [net.ErrClosed] when the Broker is closed before.
func (b *Broker) Await(ctx context.Context, enough func(BrokerStats) bool) error {
	done := make(chan struct{})
	b.turn(func(c *core) { c.journal.waiters = append(c.journal.waiters, waiter{enough, done}) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	case <-b.server.ended:
	}
	b.state.do(func(c *core) {
		c.journal.waiters = slices.DeleteFunc(c.journal.waiters, func(w waiter) bool { return w.done == done })
	})
	if closed(done) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return net.ErrClosed
}

// Publish has the Broker publish a message of its own to all who subscribe, and retain it if it says so. It keeps nothing
// of m's slices. Dup, PacketID, a topic alias and subscription identifiers are ignored. The error is that of
// [codec.CheckTopicName].
func (b *Broker) Publish(m codec.Publish) error {
	if err := codec.CheckTopicName(m.Topic); err != nil {
		return err
	}
	m.Dup, m.PacketID = false, 0
	b.turn(func(c *core) { c.publish(newMessage(&m, "", time.Now())) })
	return nil
}

// Retained gives the message that is retained for a topic. What it refers to must not be changed.
func (b *Broker) Retained(topic string) (m codec.Publish, ok bool) {
	b.state.do(func(c *core) {
		if kept := c.retained[topic]; kept != nil && !kept.expired(time.Now()) {
			m, ok = kept.Publish, true
		}
	})
	return m, ok
}

// Subscriptions gives those of a client's session, in the order in which they were first made.
func (b *Broker) Subscriptions(clientID string) (all []codec.Subscription) {
	b.state.do(func(c *core) {
		if s := c.sessionOf(clientID); s != nil {
			for _, sub := range s.subscriptions {
				all = append(all, sub.Subscription)
			}
		}
	})
	return all
}

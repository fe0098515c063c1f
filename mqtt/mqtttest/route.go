package mqtttest

import (
	"maps"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// subscription is one filter of a session.
type subscription struct {
	codec.Subscription
	identifier uint32 // Subscription Identifier; 0: none
}

// route is a session that wants a topic, with those of its subscriptions that match.
type route struct {
	session       *session
	subscriptions []*subscription
}

// maxRoutes bounds how many topics are kept with what matches them.
const maxRoutes = 4096

// match gives who wants topic.
func (c *core) match(topic string) []route {
	found, known := c.routes[topic]
	if known {
		return found
	}
	for _, s := range c.sessions {
		r := route{session: s}
		for _, sub := range s.subscriptions {
			if sub.matches(topic) {
				r.subscriptions = append(r.subscriptions, sub)
			}
		}
		if len(r.subscriptions) > 0 {
			found = append(found, r)
		}
	}
	if len(c.routes) >= maxRoutes {
		clear(c.routes)
	}
	c.routes[topic] = found
	return found
}

// matches is codec.Match, but for filters that look shared, which only 3.x lets through to here and means as they stand.
func (s *subscription) matches(topic string) bool {
	if _, _, shared := codec.SharedFilter(s.Filter); shared {
		return codec.Match("x/"+s.Filter, "x/"+topic)
	}
	return codec.Match(s.Filter, topic)
}

// publish gives a message to all who want it, and retains it when it says so.
func (c *core) publish(m *message) {
	if m.Retain {
		c.retain(m)
	}
	for _, r := range c.match(m.Topic) {
		if d := r.delivery(m); d != nil {
			c.offer(r.session, d)
		}
	}
}

// delivery is the one copy that a session gets, with the largest QoS of its subscriptions and the identifiers of all.
func (r *route) delivery(m *message) *delivery {
	var d *delivery
	for _, sub := range r.subscriptions {
		if sub.NoLocal && m.from == r.session.id {
			continue
		}
		if d == nil {
			d = &delivery{message: m}
		}
		d.qos = max(d.qos, min(m.QoS, sub.QoS))
		d.retain = d.retain || m.Retain && sub.RetainAsPublished
		if sub.identifier != 0 {
			d.ids = append(d.ids, sub.identifier)
		}
	}
	return d
}

// retain keeps a message for those who subscribe later; an empty one takes away what is kept (§3.3.1.3).
func (c *core) retain(m *message) {
	if len(m.Payload) == 0 {
		delete(c.retained, m.Topic)
		return
	}
	c.retained[m.Topic] = m
}

// offerRetained sends what is retained for a subscription that was just made.
func (c *core) offerRetained(s *session, sub *subscription) {
	now := time.Now()
	for _, topic := range slices.Sorted(maps.Keys(c.retained)) {
		m := c.retained[topic]
		if m.expired(now) {
			delete(c.retained, topic)
			continue
		}
		if !sub.matches(topic) {
			continue
		}
		d := &delivery{message: m, qos: min(m.QoS, sub.QoS), retain: true}
		if sub.identifier != 0 {
			d.ids = []uint32{sub.identifier}
		}
		c.offer(s, d)
	}
}

package mqtttest

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// message is an application message. Once made it isn't changed, so sessions share it.
type message struct {
	codec.Publish // as it came, but with its topic in full, and without a topic alias
	from          string
	expires       time.Time // zero: never
}

// newMessage makes a message of a PUBLISH whose slices belong to somebody else.
func newMessage(p *codec.Publish, from string, now time.Time) *message {
	m := &message{Publish: *p, from: from}
	m.Payload = slices.Clone(p.Payload)
	if p.Properties == nil {
		return m
	}
	props := *p.Properties
	props.TopicAlias, props.SubscriptionIdentifiers = 0, nil
	props.CorrelationData = slices.Clone(props.CorrelationData)
	m.Properties = &props
	if props.MessageExpiryInterval != nil {
		m.expires = now.Add(seconds(*props.MessageExpiryInterval))
	}
	return m
}

// expired reports whether the message may not be sent any more (§3.3.2.3.3).
func (m *message) expired(now time.Time) bool { return !m.expires.IsZero() && !now.Before(m.expires) }

// outgoing gives the properties with which the message leaves on 5.0: what is left of its expiry, and the identifiers of the
// subscriptions that it is sent for (§3.3.4).
func (m *message) outgoing(ids []uint32, alias uint16, now time.Time) *codec.PublishProperties {
	if m.Properties == nil && len(ids) == 0 && alias == 0 {
		return nil
	}
	var p codec.PublishProperties
	if m.Properties != nil {
		p = *m.Properties
	}
	p.SubscriptionIdentifiers, p.TopicAlias = ids, alias
	if !m.expires.IsZero() {
		left := m.expires.Sub(now) + time.Second - 1
		p.MessageExpiryInterval = new(uint32(max(left/time.Second, 0)))
	}
	return &p
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

// delivery is a message on its way to one client.
type delivery struct {
	*message
	qos      codec.QoS
	retain   bool
	ids      []uint32 // Subscription Identifiers
	id       uint16   // zero: never sent
	released bool     // PUBREC came: from now on PUBREL is sent
	open     bool     // sent on the session's connection
}

package doctor

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// limits are what CONNACK said of the server. Versions before 5.0 say nothing.
func (p *patient) limits() []finding {
	a := p.ack
	if a.Version != mqtt.V5 {
		return []finding{found("limits", info, "MQTT %v doesn't tell any", a.Version)}
	}
	all := []finding{
		found("limits", info, "receive maximum %d, packets up to %d bytes, %v at most, %s", a.ReceiveMaximum, a.MaximumPacketSize, a.MaximumQoS, aliases(a)).
			with("receiveMaximum", a.ReceiveMaximum).with("maximumPacketSize", a.MaximumPacketSize).with("maximumQoS", byte(a.MaximumQoS)).
			with("topicAliasMaximum", a.TopicAliasMaximum).with("keepAliveSeconds", a.KeepAlive.Seconds()).
			with("sessionExpirySeconds", a.SessionExpiry.Seconds()).with("retain", a.RetainAvailable).
			with("wildcardSubscriptions", a.WildcardSubscriptionAvailable).with("sharedSubscriptions", a.SharedSubscriptionAvailable).
			with("subscriptionIdentifiers", a.SubscriptionIdentifiersAvailable),
		p.keepAlive(),
		found("session", info, "it may outlive its connection %s", lasting(a.SessionExpiry)),
	}
	var lacks []string
	for _, feature := range []struct {
		has  bool
		name string
	}{
		{a.RetainAvailable, "retained messages"}, {a.WildcardSubscriptionAvailable, "wildcard subscriptions"},
		{a.SharedSubscriptionAvailable, "shared subscriptions"}, {a.SubscriptionIdentifiersAvailable, "subscription identifiers"},
	} {
		if !feature.has {
			lacks = append(lacks, feature.name)
		}
	}
	if len(lacks) > 0 {
		all = append(all, found("features", info, "the server says that it has no %s", strings.Join(lacks, ", no ")))
	}
	return all
}

func aliases(a mqtt.ConnAck) string {
	if a.TopicAliasMaximum == 0 {
		return "no topic aliases"
	}
	return fmt.Sprintf("%d topic aliases", a.TopicAliasMaximum)
}

func (p *patient) keepAlive() finding {
	asked := p.cfg.KeepAlive
	if asked == 0 {
		asked = 60 * time.Second // the library's default
	}
	if got := p.ack.KeepAlive; got != max(asked, 0) {
		return found("keep-alive", info, "the server wants a packet each %s, in place of %s as asked", got, max(asked, 0))
	}
	return found("keep-alive", info, "%s, as asked", p.ack.KeepAlive)
}

// lasting says for how long a session is kept; the largest number means for ever (§3.1.2.11.2).
func lasting(d time.Duration) string {
	if d >= math.MaxUint32*time.Second {
		return "for ever"
	}
	return "for " + d.String()
}

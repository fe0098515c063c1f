package mqtt

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// ownIdentifiers is the first Subscription Identifier of those that the client gives out by itself.
const ownIdentifiers = 268_000_000

// checkSubscriptions says what is wrong with the subscriptions of a call, of which there must be one; its error is an
// *ArgumentError.
func checkSubscriptions(subs []Subscription) error {
	if len(subs) == 0 {
		return faulty("Subscriptions", "is empty: give one filter or more (§3.8.3)").argument()
	}
	return subscriptionsFault(subs).argument()
}

// mostFilters is how many filters one call may have: each may need a packet, and there are so many Packet Identifiers (§2.2.1).
const mostFilters = 65_535

func subscriptionsFault(subs []Subscription) *fault {
	if len(subs) > mostFilters {
		return faulty("Subscriptions", "has %d filters: at most %d go into one call", len(subs), mostFilters)
	}
	for i := range subs {
		if f := subs[i].fault(); f != nil {
			return f.in(fmt.Sprintf("Subscriptions[%d]", i))
		}
	}
	return nil
}

func (s *Subscription) fault() *fault {
	if f := filterFault("Filter", s.Filter); f != nil {
		return f
	}
	if f := qosFault(s.QoS); f != nil {
		return f
	}
	_, _, shared := codec.SharedFilter(s.Filter)
	switch {
	case s.NoLocal && shared:
		return faulty("NoLocal", "is set for a shared subscription: leave it out (§3.8.3.1)")
	case s.RetainHandling > RetainDontSend:
		return faulty("RetainHandling", "is %d: write RetainSend, RetainSendIfNew or RetainDontSend", byte(s.RetainHandling))
	case s.Identifier >= ownIdentifiers:
		return faulty("Identifier", "is %d: write 1 to %d, or 0 for none", s.Identifier, ownIdentifiers-1)
	}
	return userPropertiesFault(s.UserProperties)
}

// filterFault checks a filter. What begins with "$share/" must be a shared subscription, also on 3.x, where it can be
// nothing else but by mistake.
func filterFault(field, filter string) *fault {
	if err := codec.CheckTopicFilter(filter); err != nil {
		return topicFault(field, err)
	}
	return nil
}

// checkUnsubscription says what is wrong with u; its error is an *ArgumentError.
func checkUnsubscription(u Unsubscription) error {
	if len(u.Filters) == 0 {
		return faulty("Filters", "is empty: give one filter or more (§3.10.3)").in("Unsubscription").argument()
	}
	if len(u.Filters) > mostFilters {
		return faulty("Filters", "has %d filters: at most %d go into one call", len(u.Filters), mostFilters).in("Unsubscription").argument()
	}
	for i, filter := range u.Filters {
		if f := filterFault(fmt.Sprintf("Filters[%d]", i), filter); f != nil {
			return f.in("Unsubscription").argument()
		}
	}
	return userPropertiesFault(u.UserProperties).in("Unsubscription").argument()
}

// checkStreamConfig says what is wrong with c; its error is an *ArgumentError.
func checkStreamConfig(c StreamConfig) error {
	f := c.Inbox.fault().in("Inbox")
	switch {
	case f != nil:
	case c.Overflow > OverflowDropNewest:
		f = faulty("Overflow", "is %d: write OverflowHold, OverflowDropOldest or OverflowDropNewest", byte(c.Overflow))
	case c.Ack > AckManual:
		f = faulty("Ack", "is %d: write AckOnTake or AckManual", byte(c.Ack))
	}
	return f.in("StreamConfig").argument()
}

func (b Bounds) fault() *fault {
	switch {
	case b.Messages < 0:
		return faulty("Messages", "is negative: write a bound, or zero for the default")
	case b.Bytes < 0:
		return faulty("Bytes", "is negative: write a bound, or zero for the default")
	}
	return nil
}

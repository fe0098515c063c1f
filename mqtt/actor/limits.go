package actor

import (
	"fmt"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// limits is what a CONNACK allows, or what holds for a version without such words (§3.2.2.3).
type limits struct {
	version     codec.Version
	maxQoS      codec.QoS
	retain      bool
	wildcard    bool
	shared      bool
	identifiers bool
	maxPacket   int
	window      int // QoS 1 and 2 in flight
	aliases     uint16
}

func newLimits(v codec.Version, ack *codec.ConnAck, maxInFlight int) limits {
	l := limits{version: v, maxQoS: codec.ExactlyOnce, retain: true, wildcard: true, shared: true, identifiers: v == codec.V5,
		maxPacket: 268_435_460, window: maxInFlight}
	p := ack.Properties
	if v != codec.V5 || p == nil {
		return l
	}
	yes := func(b *bool) bool { return b == nil || *b }
	l.retain, l.wildcard = yes(p.RetainAvailable), yes(p.WildcardSubscriptionAvailable)
	l.shared, l.identifiers = yes(p.SharedSubscriptionAvailable), yes(p.SubscriptionIdentifiersAvailable)
	if p.MaximumQoS != nil {
		l.maxQoS = *p.MaximumQoS
	}
	if p.MaximumPacketSize != 0 {
		l.maxPacket = int(p.MaximumPacketSize)
	}
	if p.ReceiveMaximum != 0 {
		l.window = min(l.window, int(p.ReceiveMaximum))
	}
	l.aliases = p.TopicAliasMaximum
	return l
}

// strict says that a PUBLISH may break what the connection allows though its caller could not know: then callers wait
// to hear that theirs was admitted.
func (l *limits) strict() bool {
	return l.maxPacket < quickMax+64 || !l.retain
}

// LimitError says that what was asked for is more than the server allows on this connection (§3.2.2.3). Nothing of it left.
type LimitError struct {
	Code   codec.ReasonCode
	Reason string
}

// Error implements error.
func (e *LimitError) Error() string { return "the server doesn't allow it: " + e.Reason }

// Unwrap gives the Reason Code that the server would have answered, and ErrNotSent.
func (e *LimitError) Unwrap() []error { return []error{e.Code, ErrNotSent} }

func (l *limits) checkPublish(m *codec.Prepared, size int, alias uint16) error {
	switch {
	case m.QoS() > l.maxQoS:
		return &LimitError{codec.QoSNotSupported, fmt.Sprintf("its Maximum QoS is %d", l.maxQoS)}
	case m.Retain() && !l.retain:
		return &LimitError{codec.RetainNotSupported, "it keeps no retained messages"}
	case size > l.maxPacket:
		return &LimitError{codec.PacketTooLarge, fmt.Sprintf("the packet has %d bytes, its Maximum Packet Size is %d", size, l.maxPacket)}
	case alias > l.aliases:
		return &LimitError{codec.TopicAliasInvalid, fmt.Sprintf("its Topic Alias Maximum is %d", l.aliases)}
	}
	return nil
}

// checkFilter gives the reason for which a filter can't be asked for, zero for none (§3.2.2.3.11 to §3.2.2.3.13).
func (l *limits) checkFilter(s *Subscription) codec.ReasonCode {
	_, inner, shared := codec.SharedFilter(s.Filter)
	if !shared {
		inner = s.Filter
	}
	switch {
	case shared && !l.shared:
		return codec.SharedSubscriptionsNotSupported
	case strings.ContainsAny(inner, "+#") && !l.wildcard:
		return codec.WildcardSubscriptionsNotSupported
	case s.Identifier != 0 && l.version == codec.V5 && !l.identifiers:
		return codec.SubscriptionIdentifiersNotSupported
	}
	return 0
}

package mqtt

// Subscription is one filter that is asked for, with its options (§3.8.3). It is a plain value. What Subscribe, Declare
// and Stream are given they copy: the caller may write to the slices again when the call has returned.
type Subscription struct {
	// Filter is the Topic Filter: 1 to 65,535 bytes of UTF-8 without U+0000; "+" fills one level, "#" the last ones
	// (§4.7). "$share/NAME/FILTER" shares the messages among all who subscribed with that name (§4.8.2).
	Filter string

	// QoS is the highest that messages shall arrive with. Zero: AtMostOnce. The server may grant less (Grant.QoS).
	QoS QoS

	// NoLocal keeps away what this client itself has published. v5; an error on a shared subscription (§3.8.3.1).
	NoLocal bool

	// RetainAsPublished has messages keep the RETAIN flag that they were published with. False, the default: it is set
	// only on what the server had retained when the subscription was made. v5.
	RetainAsPublished bool

	// RetainHandling says whether retained messages are sent when the subscription is made. Zero: RetainSend. v5.
	RetainHandling RetainHandling

	// Identifier is the Subscription Identifier, which the server puts on each message that matched: 1 to 267,999,999
	// (from 268,000,000 up they are the client's own); 0: none. Subscriptions of one call whose identifiers differ leave
	// in packets of their own. v5 (§3.8.2.1.2).
	Identifier uint32

	// UserProperties go to the server with the SUBSCRIBE packet; subscriptions of one call that differ in them leave in
	// packets of their own. Nil: none. v5 (§3.8.2.1.3).
	UserProperties []UserProperty
}

// RetainHandling says whether retained messages are sent when a subscription is made (§3.8.3.1). The values are those of
// the wire.
type RetainHandling byte

// The ways to handle retained messages. On 3.x there is RetainSend alone.
const (
	RetainSend      RetainHandling = 0 // send them, each time the filter is subscribed
	RetainSendIfNew RetainHandling = 1 // send them only when the session doesn't have the subscription yet
	RetainDontSend  RetainHandling = 2 // never send them
)

// Unsubscription is a list of filters that aren't wanted any more (§3.10). It is a plain value, copied by the call.
type Unsubscription struct {
	Filters        []string       // as they were subscribed, at least one; a shared one with its "$share/NAME/"
	UserProperties []UserProperty // go with the UNSUBSCRIBE packet; nil: none. v5
}

// Grant is the server's answer to one filter (§3.9).
type Grant struct {
	Filter         string
	QoS            QoS            // granted, which may be less than asked; AtMostOnce where refused
	Code           ReasonCode     // from 0x80 up the filter was refused; the 0x80 of 3.1.1 is codec.UnspecifiedError
	ReasonString   string         // v5: of the SUBACK that brought it, for people; empty for none
	UserProperties []UserProperty // v5: of that SUBACK; the caller's own
}

// needsV5 says whether s has a field set that only MQTT 5.0 can carry.
func (s *Subscription) needsV5() bool {
	return s.NoLocal || s.RetainAsPublished || s.RetainHandling != RetainSend || s.Identifier != 0 ||
		len(s.UserProperties) > 0
}

package codec

// Subscribe is SUBSCRIBE, the wish to get messages (§3.8).
type Subscribe struct {
	PacketID      uint16               // never 0
	Properties    *SubscribeProperties // nil for none
	Subscriptions []Subscription       // at least one
}

// SubscribeProperties are the properties of SUBSCRIBE (§3.8.2.1). The zero value of a field means that it isn't sent.
type SubscribeProperties struct {
	SubscriptionIdentifier uint32 // 1 to 268,435,455, or 0 for none
	UserProperties         []UserProperty
}

// Subscription is a Topic Filter and its options (§3.8.3.1). On 3.x there is QoS alone; the rest is left out.
type Subscription struct {
	Filter            string // as CheckTopicFilter wants it; on 3.x what begins with $share is an ordinary filter
	QoS               QoS    // at most this
	NoLocal           bool   // not with a shared subscription
	RetainAsPublished bool
	RetainHandling    byte // 0 sends retained messages, 1 only if the subscription is new, 2 never
}

// The subscription options beside QoS (§3.8.3.1).
const (
	optionNoLocal           = 0x04
	optionRetainAsPublished = 0x08
	optionRetainHandling    = 0x30
	optionReserved          = 0xC0
)

// Type is TypeSubscribe.
func (p *Subscribe) Type() Type { return TypeSubscribe }

// Append writes the packet for version v (see [Packet]).
func (p *Subscribe) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeSubscribe, fixedFlags(TypeSubscribe))
	e.packetID(p.PacketID)
	if v == V5 {
		p.Properties.append(&e)
	}
	if len(p.Subscriptions) == 0 {
		e.fail(ProtocolError, "3.8.3", "there is no topic filter")
	}
	for i := range p.Subscriptions {
		p.Subscriptions[i].append(&e, v)
	}
	return e.finish()
}

func (p *SubscribeProperties) append(e *encoder) {
	at := e.openBlock(subscribeBlock)
	if p != nil {
		e.nonZero(idSubscriptionIdentifier, p.SubscriptionIdentifier)
		e.userProperties(p.UserProperties)
	}
	e.closeBlock(at)
}

func (s *Subscription) append(e *encoder, v Version) {
	if code, fault := filterFault(s.Filter, v); fault != "" {
		e.fail(code, "3.8.3", "topic filter "+fault)
	}
	if code, fault := s.fault(v); fault != "" {
		e.fail(code, "3.8.3.1", fault)
	}
	options := byte(s.QoS)
	if v == V5 {
		options |= byte(bit(s.NoLocal))<<2 | byte(bit(s.RetainAsPublished))<<3 | s.RetainHandling<<4
	}
	e.text(s.Filter, "3.8.3", "topic filter")
	e.uint8(options)
}

// fault judges the options.
func (s *Subscription) fault(v Version) (code ReasonCode, fault string) {
	switch {
	case s.QoS > ExactlyOnce:
		return ProtocolError, "maximum QoS is above 2"
	case v != V5:
		return 0, ""
	case s.RetainHandling > 2:
		return ProtocolError, "retain handling is above 2"
	case s.NoLocal:
		if _, _, shared := SharedFilter(s.Filter); shared {
			return ProtocolError, "no local with a shared subscription"
		}
	}
	return 0, ""
}

// Decode reads the packet (see [Packet]).
func (p *Subscribe) Decode(f Frame, d Dialect) error {
	*p = Subscribe{}
	r := open(f, d, TypeSubscribe)
	p.PacketID = r.packetID()
	if d.Version == V5 {
		p.Properties = decodeSubscribeProperties(&r)
	}
	n := countFields(r.rest, 1)
	if n == 0 {
		r.fail(ProtocolError, "3.8.3", "there is no topic filter")
		return r.err
	}
	p.Subscriptions = make([]Subscription, 0, n)
	for len(r.rest) > 0 {
		p.Subscriptions = append(p.Subscriptions, decodeSubscription(&r, d.Version))
	}
	return r.err
}

func decodeSubscribeProperties(r *decoder) *SubscribeProperties {
	in, more := r.properties(subscribeBlock)
	if !more {
		return nil
	}
	p := new(SubscribeProperties)
	for in.next() {
		switch in.id {
		case idSubscriptionIdentifier:
			p.SubscriptionIdentifier = in.number
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		}
	}
	r.close(&in)
	return p
}

func decodeSubscription(r *decoder, v Version) (s Subscription) {
	s.Filter = r.filter("3.8.3", v)
	options := r.uint8("3.8.3.1", "subscription options")
	reserved := byte(optionReserved)
	if v != V5 {
		reserved = 0xFC
	}
	if options&reserved != 0 {
		r.fail(MalformedPacket, "3.8.3.1", "a reserved subscription option is set")
	}
	s.QoS = QoS(options & 3)
	s.NoLocal = options&optionNoLocal != 0
	s.RetainAsPublished = options&optionRetainAsPublished != 0
	s.RetainHandling = options & optionRetainHandling >> 4
	if code, fault := s.fault(v); fault != "" {
		r.fail(code, "3.8.3.1", fault)
	}
	return s
}

package codec

// Unsubscribe is UNSUBSCRIBE, the end of a SUBSCRIBE (§3.10).
type Unsubscribe struct {
	PacketID       uint16         // never 0
	UserProperties []UserProperty // 5.0 alone
	Filters        []string       // at least one, each as it was subscribed to, $share included
}

// Type is TypeUnsubscribe.
func (p *Unsubscribe) Type() Type { return TypeUnsubscribe }

// Append writes the packet for version v (see [Packet]).
func (p *Unsubscribe) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeUnsubscribe, fixedFlags(TypeUnsubscribe))
	e.packetID(p.PacketID)
	if v == V5 {
		at := e.openBlock(unsubscribeBlock)
		e.userProperties(p.UserProperties)
		e.closeBlock(at)
	}
	if len(p.Filters) == 0 {
		e.fail(ProtocolError, "3.10.3", "there is no topic filter")
	}
	for _, s := range p.Filters {
		if code, fault := filterFault(s, v); fault != "" {
			e.fail(code, "3.10.3", "topic filter "+fault)
		}
		e.text(s, "3.10.3", "topic filter")
	}
	return e.finish()
}

// Decode reads the packet (see [Packet]).
func (p *Unsubscribe) Decode(f Frame, d Dialect) error {
	*p = Unsubscribe{}
	r := open(f, d, TypeUnsubscribe)
	p.PacketID = r.packetID()
	if d.Version == V5 {
		p.decodeProperties(&r)
	}
	n := countFields(r.rest, 0)
	if n == 0 {
		r.fail(ProtocolError, "3.10.3", "there is no topic filter")
		return r.err
	}
	p.Filters = make([]string, 0, n)
	for len(r.rest) > 0 {
		p.Filters = append(p.Filters, r.filter("3.10.3", d.Version))
	}
	return r.err
}

func (p *Unsubscribe) decodeProperties(r *decoder) {
	in, more := r.properties(unsubscribeBlock)
	if !more {
		return
	}
	for in.next() {
		p.UserProperties = in.userProperty(p.UserProperties)
	}
	r.close(&in)
}

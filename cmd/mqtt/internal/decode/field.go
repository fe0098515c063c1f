package decode

import "github.com/sluicemq/sluice/mqtt/codec"

// field is something that a packet says. Names are the specification's words; JSON has them with hyphens.
type field struct {
	name  string
	value any // string, bool, number, seconds, code, []byte, secret, pair, []field, or a list of them
}

type (
	number  uint64
	seconds uint32
	secret  []byte // shown when asked for alone
	pair    codec.UserProperty
	list    []any

	// code is a byte with a meaning.
	code struct {
		number byte
		words  string
	}
)

// reason is a Reason Code, in the words that it has in a packet of type t.
func reason(c codec.ReasonCode, t codec.Type) code {
	switch {
	case c == codec.GrantedQoS0 && t == codec.TypeSubAck:
		return code{0, "granted QoS 0"}
	case c == codec.NormalDisconnection && t == codec.TypeDisconnect:
		return code{0, "normal disconnection"}
	}
	return code{byte(c), c.String()}
}

func reasons(codes []codec.ReasonCode, t codec.Type) (all list) {
	for _, c := range codes {
		all = append(all, reason(c, t))
	}
	return all
}

// properties collects those that are there.
type properties []field

func (p *properties) add(name string, value any) { *p = append(*p, field{name, value}) }

func (p *properties) text(name, s string) {
	if s != "" {
		p.add(name, s)
	}
}

func (p *properties) bytes(name string, b []byte) {
	if b != nil {
		p.add(name, b)
	}
}

func (p *properties) number(name string, n uint64) {
	if n != 0 {
		p.add(name, number(n))
	}
}

func (p *properties) seconds(name string, n *uint32) {
	if n != nil {
		p.add(name, seconds(*n))
	}
}

func (p *properties) flag(name string, on *bool) {
	if on != nil {
		p.add(name, *on)
	}
}

func (p *properties) format(indicator byte) {
	if indicator == 1 {
		p.add("payload format indicator", code{1, "UTF-8"})
	}
}

func (p *properties) user(all []codec.UserProperty) {
	if len(all) == 0 {
		return
	}
	var pairs list
	for _, u := range all {
		pairs = append(pairs, pair(u))
	}
	p.add("user property", pairs)
}

func (p *properties) authentication(method string, data []byte) {
	p.text("authentication method", method)
	if data != nil {
		p.add("authentication data", secret(data))
	}
}

// with appends the properties, if there are any.
func with(fields []field, p properties) []field {
	if len(p) == 0 {
		return fields
	}
	return append(fields, field{"properties", []field(p)})
}

package decode

import (
	"github.com/sluicemq/sluice/mqtt/codec"
)

// fields is what a packet says, in the order of its bytes.
func (p *packet) fields() []field {
	switch c := p.Packet.(type) {
	case *codec.Connect:
		return connect(c)
	case *codec.ConnAck:
		return connAck(c, p.version)
	case *codec.Publish:
		return publish(c)
	case *codec.PubAck:
		return p.acknowledgement(c.PacketID, c.Code, c.Properties)
	case *codec.PubRec:
		return p.acknowledgement(c.PacketID, c.Code, c.Properties)
	case *codec.PubRel:
		return p.acknowledgement(c.PacketID, c.Code, c.Properties)
	case *codec.PubComp:
		return p.acknowledgement(c.PacketID, c.Code, c.Properties)
	case *codec.Subscribe:
		return subscribe(c, p.version)
	case *codec.SubAck:
		return append(with(identified(c.PacketID), reasonProperties(c.Properties)), field{"reason codes", reasons(c.Codes, p.Type())})
	case *codec.Unsubscribe:
		return unsubscribe(c)
	case *codec.UnsubAck:
		fields := with(identified(c.PacketID), reasonProperties(c.Properties))
		if p.version == codec.V5 {
			fields = append(fields, field{"reason codes", reasons(c.Codes, p.Type())})
		}
		return fields
	case *codec.Disconnect:
		if p.version != codec.V5 {
			return nil
		}
		return with([]field{{"reason code", reason(c.Code, p.Type())}}, disconnectProperties(c.Properties))
	case *codec.Auth:
		return auth(c)
	}
	return nil // PINGREQ and PINGRESP say all by being there
}

func identified(id uint16) []field { return []field{{"packet identifier", number(id)}} }

func connect(c *codec.Connect) []field {
	clean := "clean start"
	if c.Version != codec.V5 {
		clean = "clean session"
	}
	fields := with([]field{{clean, c.CleanStart}, {"keep alive", seconds(c.KeepAlive)}}, connectProperties(c.Properties))
	fields = append(fields, field{"client identifier", c.ClientID})
	if w := c.Will; w != nil {
		will := with([]field{{"QoS", number(w.QoS)}, {"retain", w.Retain}}, willProperties(w.Properties))
		fields = append(fields, field{"will", append(will, field{"topic", w.Topic}, field{"payload", w.Payload})})
	}
	if c.HasUsername {
		fields = append(fields, field{"user name", c.Username})
	}
	if c.HasPassword {
		fields = append(fields, field{"password", secret(c.Password)})
	}
	return fields
}

func connAck(c *codec.ConnAck, v codec.Version) []field {
	present := field{"session present", c.SessionPresent}
	if v != codec.V5 || byte(c.Code) != c.ReturnCode {
		return []field{present, {"return code", code{c.ReturnCode, c.Code.String()}}}
	}
	return with([]field{present, {"reason code", reason(c.Code, codec.TypeConnAck)}}, connAckProperties(c.Properties))
}

func publish(c *codec.Publish) []field {
	fields := []field{{"dup", c.Dup}, {"QoS", number(c.QoS)}, {"retain", c.Retain}, {"topic", c.Topic}}
	if c.QoS > codec.AtMostOnce {
		fields = append(fields, identified(c.PacketID)...)
	}
	return append(with(fields, publishProperties(c.Properties)), field{"payload", c.Payload})
}

func (p *packet) acknowledgement(id uint16, c codec.ReasonCode, r *codec.ReasonProperties) []field {
	fields := identified(id)
	if p.version == codec.V5 {
		fields = append(fields, field{"reason code", reason(c, p.Type())})
	}
	return with(fields, reasonProperties(r))
}

func subscribe(c *codec.Subscribe, v codec.Version) []field {
	var all list
	for _, s := range c.Subscriptions {
		one := []field{{"topic filter", s.Filter}, {"QoS", number(s.QoS)}}
		if v == codec.V5 {
			one = append(one, field{"no local", s.NoLocal}, field{"retain as published", s.RetainAsPublished},
				field{"retain handling", code{s.RetainHandling, retainHandling(s.RetainHandling)}})
		}
		all = append(all, one)
	}
	return append(with(identified(c.PacketID), subscribeProperties(c.Properties)), field{"subscriptions", all})
}

func retainHandling(n byte) string {
	return [...]string{"send retained messages", "send them to a new subscription", "send none"}[min(n, 2)]
}

func unsubscribe(c *codec.Unsubscribe) []field {
	var p properties
	p.user(c.UserProperties)
	var filters list
	for _, s := range c.Filters {
		filters = append(filters, s)
	}
	return append(with(identified(c.PacketID), p), field{"topic filters", filters})
}

func auth(c *codec.Auth) []field {
	var p properties
	p.authentication(c.AuthenticationMethod, c.AuthenticationData)
	p.text("reason string", c.ReasonString)
	p.user(c.UserProperties)
	return with([]field{{"reason code", reason(c.Code, codec.TypeAuth)}}, p)
}

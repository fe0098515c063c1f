package codec

// Connect is CONNECT, the first packet of a connection (§3.1). A client sends it once.
type Connect struct {
	Version    Version // what Decode read; Append writes the version that it is given
	CleanStart bool    // Clean Session on 3.x
	KeepAlive  uint16  // in seconds; 0 turns it off

	// ClientID may be empty on 5.0, on 3.1.1 with CleanStart only, and on 3.1 never.
	ClientID string

	Will *Will // nil for none

	// HasUsername and HasPassword tell an empty one from none. On 3.x a password needs a user name.
	HasUsername, HasPassword bool
	Username                 string
	Password                 []byte // at most 65,535 bytes

	Properties *ConnectProperties // nil for none
}

// The connect flags (§3.1.2.3).
const (
	flagReserved   = 0x01
	flagCleanStart = 0x02
	flagWill       = 0x04
	flagWillQoS    = 0x18
	flagWillRetain = 0x20
	flagPassword   = 0x40
	flagUsername   = 0x80
)

// Type is TypeConnect.
func (p *Connect) Type() Type { return TypeConnect }

// Append writes the packet for version v (see [Packet]).
func (p *Connect) Append(dst []byte, v Version) ([]byte, error) {
	if !v.known() {
		return dst, malformed(TypeConnect, UnsupportedProtocolVersion, "3.1.2.2", v.String()+" isn't a version")
	}
	e := begin(dst, TypeConnect, 0)
	e.text(protocolName(v), "3.1.2.1", "protocol name")
	e.uint8(byte(v))
	e.uint8(p.flags(v, &e))
	e.uint16(p.KeepAlive)
	if v == V5 {
		p.Properties.append(&e)
	}
	if code, fault := p.clientIDFault(v); fault != "" {
		e.fail(code, "3.1.3.1", fault)
	}
	e.text(p.ClientID, "3.1.3.1", "client identifier")
	if p.Will != nil {
		p.Will.append(&e, v)
	}
	if p.HasUsername {
		e.text(p.Username, "3.1.3.5", "user name")
	}
	if p.HasPassword {
		e.binary(p.Password, "3.1.3.6", "password")
	}
	return e.finish()
}

func protocolName(v Version) string {
	if v == V31 {
		return "MQIsdp"
	}
	return "MQTT"
}

func (p *Connect) flags(v Version, e *encoder) (flags byte) {
	if p.CleanStart {
		flags |= flagCleanStart
	}
	if p.HasUsername {
		flags |= flagUsername
	}
	if p.HasPassword {
		flags |= flagPassword
		if v != V5 && !p.HasUsername {
			e.fail(ProtocolError, "3.1.2.9", "password without a user name")
		}
	}
	if p.Will != nil {
		flags |= flagWill | byte(p.Will.QoS)<<3&flagWillQoS
		if p.Will.Retain {
			flags |= flagWillRetain
		}
	}
	return flags
}

// clientIDFault is the rule on an empty client identifier, which every version has its own way with.
func (p *Connect) clientIDFault(v Version) (code ReasonCode, fault string) {
	if p.ClientID != "" || v == V5 || v == V311 && p.CleanStart {
		return 0, ""
	}
	return ClientIdentifierNotValid, "client identifier is empty"
}

// Decode reads the packet (see [Packet]). The version is the packet's own, whatever the dialect says. Password and the will's
// Payload and CorrelationData alias the frame. On 3.1 a user name or password may be announced and missing.
func (p *Connect) Decode(f Frame, d Dialect) error {
	*p = Connect{}
	r := open(f, d, TypeConnect)
	p.decodeVersion(&r)
	flags := r.uint8("3.1.2.3", "connect flags")
	p.judgeFlags(&r, flags)
	p.CleanStart = flags&flagCleanStart != 0
	p.KeepAlive = r.uint16("3.1.2.10", "keep alive")
	if p.Version == V5 {
		p.Properties = decodeConnectProperties(&r)
	}
	p.ClientID = r.text("3.1.3.1", "client identifier")
	if code, fault := p.clientIDFault(p.Version); fault != "" {
		r.fail(code, "3.1.3.1", fault)
	}
	if flags&flagWill != 0 {
		p.Will = &Will{QoS: QoS(flags & flagWillQoS >> 3), Retain: flags&flagWillRetain != 0}
		p.Will.decode(&r, p.Version)
	}
	if flags&flagUsername != 0 && !p.absent(&r) {
		p.HasUsername, p.Username = true, r.text("3.1.3.5", "user name")
	}
	if flags&flagPassword != 0 && !p.absent(&r) {
		p.HasPassword, p.Password = true, r.binary("3.1.3.6", "password")
	}
	return r.end("3.1.3")
}

// absent is the leniency that 3.1 asks of servers.
func (p *Connect) absent(r *decoder) bool { return p.Version == V31 && len(r.rest) == 0 }

func (p *Connect) decodeVersion(r *decoder) {
	name := r.text("3.1.2.1", "protocol name")
	p.Version = Version(r.uint8("3.1.2.2", "protocol version"))
	if r.err == nil && (!p.Version.known() || name != protocolName(p.Version)) {
		r.fail(UnsupportedProtocolVersion, "3.1.2.2", "protocol isn't MQTT 3.1, 3.1.1 or 5.0")
	}
}

func (p *Connect) judgeFlags(r *decoder, flags byte) {
	switch {
	case flags&flagReserved != 0:
		r.fail(MalformedPacket, "3.1.2.3", "the reserved connect flag is set")
	case flags&flagWill == 0 && flags&(flagWillQoS|flagWillRetain) != 0:
		r.fail(MalformedPacket, "3.1.2.5", "will QoS or will retain without a will")
	case flags&flagWillQoS == flagWillQoS:
		r.fail(MalformedPacket, "3.1.2.6", "will QoS is 3")
	case p.Version != V5 && flags&flagPassword != 0 && flags&flagUsername == 0:
		r.fail(ProtocolError, "3.1.2.9", "password without a user name")
	}
}

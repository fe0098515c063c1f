package codec

// Auth is AUTH, a step of enhanced authentication (§3.15, §4.12). It exists on 5.0 alone.
type Auth struct {
	Code                 ReasonCode // Success (server), ContinueAuthentication or ReAuthenticate (client)
	AuthenticationMethod string     // never empty
	AuthenticationData   []byte     // nil for absent
	ReasonString         string     // empty for absent
	UserProperties       []UserProperty
}

// Type is TypeAuth.
func (p *Auth) Type() Type { return TypeAuth }

// Append writes the packet (see [Packet]). On 3.x that is an error.
func (p *Auth) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeAuth, 0)
	if v != V5 {
		e.fail(ProtocolError, "3.15", "there is none on "+v.String())
	}
	e.code(p.Code, "3.15.2.1")
	at := e.openBlock(authBlock)
	if p.AuthenticationMethod == "" {
		e.failProperty(idAuthenticationMethod, ProtocolError, "is missing")
	}
	e.authentication(p.AuthenticationMethod, p.AuthenticationData)
	e.string(idReasonString, p.ReasonString)
	e.userProperties(p.UserProperties)
	e.closeBlock(at)
	return e.finish()
}

// Decode reads the packet (see [Packet]); AuthenticationData aliases the frame. The short forms, which have no method, are
// refused: no packet may lack one.
func (p *Auth) Decode(f Frame, d Dialect) error {
	*p = Auth{}
	r := open(f, d, TypeAuth)
	if r.err == nil && d.Version != V5 {
		r.fail(MalformedPacket, "3.15", "there is none on "+d.Version.String())
	}
	if r.err == nil && len(r.rest) > 0 {
		p.Code = r.code("3.15.2.1")
	}
	if len(r.rest) > 0 {
		p.decodeProperties(&r)
	}
	if p.AuthenticationMethod == "" {
		r.fail(ProtocolError, "3.15.2.2.2", "authentication method is missing")
	}
	return r.end("3.15.2")
}

func (p *Auth) decodeProperties(r *decoder) {
	in, more := r.properties(authBlock)
	if !more {
		return
	}
	for in.next() {
		switch in.id {
		case idAuthenticationMethod:
			p.AuthenticationMethod = in.string()
		case idAuthenticationData:
			p.AuthenticationData = in.bytes()
		case idReasonString:
			p.ReasonString = in.string()
		case idUserProperty:
			p.UserProperties = in.userProperty(p.UserProperties)
		}
	}
	r.close(&in)
}

package codec

// ConnAck is CONNACK, the server's answer to CONNECT (§3.2).
type ConnAck struct {
	SessionPresent bool // false on 3.1, which doesn't have it

	// Code is the Connect Reason Code. The return codes of 3.x read as 1 UnsupportedProtocolVersion, 2
	// ClientIdentifierNotValid, 3 ServerUnavailable, 4 BadUserNameOrPassword, 5 NotAuthorized, and all above as
	// UnspecifiedError; Append turns them back, and refuses a Code that 3.x has no return code for.
	Code ReasonCode

	// ReturnCode is the byte as Decode found it, after an unlawful one too. Append uses it on 3.x alone, and only when
	// it reads as Code.
	ReturnCode byte

	Properties *ConnAckProperties // nil for none
}

// Type is TypeConnAck.
func (p *ConnAck) Type() Type { return TypeConnAck }

// Append writes the packet for version v (see [Packet]).
func (p *ConnAck) Append(dst []byte, v Version) ([]byte, error) {
	e := begin(dst, TypeConnAck, 0)
	if p.SessionPresent && p.Code != Success {
		e.fail(ProtocolError, "3.2.2.1.1", "session present with "+inHex(byte(p.Code)))
	}
	if v == V31 {
		e.uint8(0)
	} else {
		e.uint8(byte(bit(p.SessionPresent)))
	}
	if v == V5 {
		e.code(p.Code, "3.2.2.2")
		p.Properties.append(&e)
	} else {
		e.uint8(p.returnCode(&e))
	}
	return e.finish()
}

// returnCodes are the return codes of 3.x that have a meaning.
var returnCodes = [...]ReasonCode{
	Success, UnsupportedProtocolVersion, ClientIdentifierNotValid, ServerUnavailable, BadUserNameOrPassword, NotAuthorized,
}

func fromReturnCode(b byte) ReasonCode {
	if int(b) < len(returnCodes) {
		return returnCodes[b]
	}
	return UnspecifiedError
}

func (p *ConnAck) returnCode(e *encoder) byte {
	if fromReturnCode(p.ReturnCode) == p.Code {
		return p.ReturnCode
	}
	for b, c := range returnCodes {
		if c == p.Code {
			return byte(b)
		}
	}
	e.fail(ProtocolError, "3.2.2.2", "3.x has no return code for "+inHex(byte(p.Code)))
	return 0
}

// Decode reads the packet (see [Packet]); AuthenticationData aliases the frame. A server that doesn't know 5.0 refuses it in
// the words of 3.x: that is read as if the connection were on 3.x.
func (p *ConnAck) Decode(f Frame, d Dialect) error {
	*p = ConnAck{}
	r := open(f, d, TypeConnAck)
	flags := r.uint8("3.2.2.1", "acknowledge flags")
	old := d.Version != V5 || len(f.Body) == 2 && f.Body[1] != 0
	p.ReturnCode = r.uint8("3.2.2.2", "reason code")
	p.Code = ReasonCode(p.ReturnCode)
	if old {
		p.Code = fromReturnCode(p.ReturnCode)
	} else if r.err == nil && !p.Code.accepted(TypeConnAck, d.From) {
		r.fail(ProtocolError, "3.2.2.2", misplaced(p.Code))
	}
	if d.Version == V31 {
		flags = 0
	}
	p.SessionPresent = flags == 1
	if flags > 1 {
		r.fail(MalformedPacket, "3.2.2.1", "a reserved acknowledge flag is set")
	}
	if p.SessionPresent && p.Code != Success {
		r.fail(ProtocolError, "3.2.2.1.1", "session present with "+inHex(p.ReturnCode))
	}
	if !old {
		p.Properties = decodeConnAckProperties(&r)
	}
	return r.end("3.2.2")
}

package actor

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// answer decodes any other packet into the batch for the tracker. end is why the server ended the connection.
func (r *reader) answer(f codec.Frame, size int, a *answers) (end, err error) {
	var n answer
	switch f.Type {
	case codec.TypePubAck:
		var p codec.PubAck
		err = p.Decode(f, r.dialect)
		n = answer{id: p.PacketID, code: p.Code, props: p.Properties}
	case codec.TypePubRec:
		var p codec.PubRec
		err = p.Decode(f, r.dialect)
		n = answer{id: p.PacketID, code: p.Code, props: p.Properties}
	case codec.TypePubComp:
		var p codec.PubComp
		err = p.Decode(f, r.dialect)
		n = answer{id: p.PacketID, code: p.Code, props: p.Properties}
	case codec.TypePingResp:
		var p codec.PingResp
		err = p.Decode(f, r.dialect)
	default:
		n, end, err = r.rare(f, a)
	}
	if err == nil {
		err = r.wordy(f.Type, n.props)
	}
	if err != nil {
		return nil, err
	}
	n.kind = f.Type
	r.trace(PacketInfo{Type: f.Type, Size: size, PacketID: n.id, Code: n.code})
	if end == nil {
		a.list = append(a.list, n)
	}
	return end, nil
}

// rare decodes what doesn't come by the thousand.
func (r *reader) rare(f codec.Frame, a *answers) (n answer, end, err error) {
	switch f.Type {
	case codec.TypeSubAck:
		var p codec.SubAck
		err = p.Decode(f, r.dialect)
		n = answer{id: p.PacketID, codes: p.Codes, props: p.Properties}
	case codec.TypeUnsubAck:
		var p codec.UnsubAck
		err = p.Decode(f, r.dialect)
		n = answer{id: p.PacketID, codes: p.Codes, props: p.Properties}
	case codec.TypeDisconnect:
		var p codec.Disconnect
		if err = p.Decode(f, r.dialect); err == nil {
			n, end = answer{code: p.Code}, disconnection(&p)
		}
	case codec.TypeConnAck:
		err = &ProtocolError{codec.ProtocolError, "3.2", "a second CONNACK"}
	case codec.TypeAuth:
		n, err = r.auth(f, a)
	default:
		err = &ProtocolError{codec.ProtocolError, "2.1.2", fmt.Sprintf("%s from a server", f.Type)}
	}
	return n, end, err
}

// auth decodes an AUTH. A server answers ours with one, and may send the next only when we have answered that.
func (r *reader) auth(f codec.Frame, a *answers) (answer, error) {
	var p codec.Auth
	if err := p.Decode(f, r.dialect); err != nil {
		return answer{}, err
	}
	switch {
	case r.method == "":
		return answer{}, &ProtocolError{codec.ProtocolError, "4.12.0-6", "AUTH though CONNECT named no authentication method"}
	case a.auth != nil:
		return answer{}, &ProtocolError{codec.ProtocolError, "4.12", "a second AUTH before our answer to the first"}
	}
	if err := heardAuth(&p, r.method); err != nil {
		return answer{}, err
	}
	a.auth = new(said(&p))
	return answer{code: p.Code}, r.wordy(f.Type, &codec.ReasonProperties{ReasonString: p.ReasonString, UserProperties: p.UserProperties})
}

// wordy is the fault of an answer with words in it, where CONNECT has said Request Problem Information 0 (§3.1.2.11.7).
func (r *reader) wordy(t codec.Type, props *codec.ReasonProperties) error {
	if !r.terse || props == nil || props.ReasonString == "" && len(props.UserProperties) == 0 {
		return nil
	}
	return &ProtocolError{codec.ProtocolError, "3.1.2.11.7",
		fmt.Sprintf("%s with a Reason String or User Property, and Request Problem Information was 0", t)}
}

// disconnection reads a server's DISCONNECT as the reason of the end (§3.14).
func disconnection(p *codec.Disconnect) error {
	r := &Refusal{Packet: codec.TypeDisconnect, Code: p.Code, Raw: byte(p.Code)}
	if p.Properties != nil {
		r.Reason, r.Props, r.Server = p.Properties.ReasonString, p.Properties.UserProperties, p.Properties.ServerReference
	}
	return r
}

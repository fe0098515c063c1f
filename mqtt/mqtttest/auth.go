package mqtttest

import (
	"bytes"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// AuthStep is the server's side of one exchange of enhanced authentication (§4.12). It is called with each Authentication Data
// of the client, that of CONNECT or of AUTH 0x19 first, nil where there is none, and says what follows:
//
//   - codec.ContinueAuthentication: answer is sent with AUTH 0x18, and the client's next data comes;
//   - codec.Success: the client is accepted, and answer, nil for none, goes with CONNACK or AUTH 0x00;
//   - a code of failure: CONNACK or DISCONNECT with that code, and the connection ends.
//
// data is its own. It runs within the Broker, whose methods it must not call.
type AuthStep func(data []byte) (answer []byte, code codec.ReasonCode)

// authentication is how far a link is with it.
type authentication struct {
	method  string         // of CONNECT; empty for none
	step    AuthStep       // nil while there is no exchange
	connect *codec.Connect // waits for the first one
}

// beginAuth has a CONNECT wait until its exchange is over.
func (c *core) beginAuth(l *link, p *codec.Connect, method string) {
	step := c.cfg.Enhanced(p.ClientID, method)
	if step == nil {
		c.refuse(l, codec.BadAuthenticationMethod)
		return
	}
	connect, err := kept(p)
	if err != nil {
		c.lost(l, err, nil)
		return
	}
	l.auth = authentication{method, step, connect}
	c.stepAuth(l, p.Properties.AuthenticationData)
}

// kept is a copy of a CONNECT that shares no bytes with it.
func kept(p *codec.Connect) (*codec.Connect, error) {
	raw, err := p.Append(nil, p.Version)
	if err != nil {
		return nil, err
	}
	d := codec.Dialect{Version: p.Version, From: codec.FromClient}
	f, _, err := codec.Next(raw, d, 0)
	if err != nil {
		return nil, err
	}
	own := new(codec.Connect)
	return own, own.Decode(f, d)
}

// authenticate handles AUTH (§3.15).
func (c *core) authenticate(l *link, p *codec.Auth) {
	switch {
	case l.auth.method == "" || p.AuthenticationMethod != l.auth.method:
		c.reject(l, codec.TypeAuth, codec.ProtocolError, "4.12", "not lawful here")
		return
	case p.Code == codec.ReAuthenticate && l.session != nil && l.auth.step == nil:
		if l.auth.step = c.cfg.Enhanced(l.clientID(), l.auth.method); l.auth.step == nil {
			c.dismiss(l, &codec.Disconnect{Code: codec.NotAuthorized})
			return
		}
	case p.Code != codec.ContinueAuthentication || l.auth.step == nil:
		c.reject(l, codec.TypeAuth, codec.ProtocolError, "4.12", "not the client's turn")
		return
	}
	c.stepAuth(l, p.AuthenticationData)
}

// stepAuth asks what to say to the client's data.
func (c *core) stepAuth(l *link, data []byte) {
	answer, code := l.auth.step(bytes.Clone(data))
	switch {
	case code == codec.ContinueAuthentication:
		c.send(l, &codec.Auth{Code: code, AuthenticationMethod: l.auth.method, AuthenticationData: answer})
	case code.Failed() && l.session == nil:
		c.refuse(l, code)
	case code.Failed():
		c.dismiss(l, &codec.Disconnect{Code: code})
	case l.auth.connect != nil:
		connect := l.auth.connect
		l.auth.step, l.auth.connect = nil, nil
		c.admit(l, connect, answer)
	default:
		l.auth.step = nil
		c.send(l, &codec.Auth{AuthenticationMethod: l.auth.method, AuthenticationData: answer})
	}
}

// beforeConnAck handles what comes while a CONNECT waits for its exchange: AUTH, or a goodbye.
func (c *core) beforeConnAck(l *link, p codec.Packet) {
	switch p := p.(type) {
	case *codec.Auth:
		c.authenticate(l, p)
	case *codec.Disconnect:
		c.end(l, true)
	default:
		c.reject(l, p.Type(), codec.ProtocolError, "4.12", "not lawful before CONNACK")
	}
}

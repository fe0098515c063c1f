package mqtt

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"runtime"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// before gives the processes BeforeConnect; nil when there is none.
func (s *settings) before() func(context.Context, actor.Server, int, error, *codec.Connect) (actor.Server, error) {
	if s.BeforeConnect == nil {
		return nil
	}
	return func(ctx context.Context, at actor.Server, number int, last error, c *codec.Connect) (actor.Server, error) {
		p := proposal{settings: s, target: at.(*target), connect: c}
		p.offer(number, last)
		if err := s.BeforeConnect(ctx, &p.Attempt); err != nil {
			return nil, err
		}
		return p.take()
	}
}

// proposal is an attempt that the user's code may change.
type proposal struct {
	Attempt
	settings *settings
	target   *target        // where it was to go
	connect  *codec.Connect // what it was to say
}

// offer fills in what the attempt is about to do. All of it is a copy.
func (p *proposal) offer(number int, last error) {
	p.Attempt = Attempt{
		Number: number, Err: publicError(last), Version: Version(p.connect.Version), Server: p.target.Name(),
		ClientID: p.connect.ClientID, Username: p.connect.Username, TLS: p.target.tls().Clone(),
		Header: p.settings.WebSocket.Header.Clone(),
	}
	if p.connect.HasPassword {
		p.Password = append([]byte{}, p.connect.Password...)
	}
	if p.TLS == nil && runtime.GOOS != "js" {
		p.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if p.Header == nil {
		p.Header = make(http.Header)
	}
}

// take makes the attempt what it was made. No error of it has a secret.
func (p *proposal) take() (*target, error) {
	server, err := p.server()
	if err != nil {
		return nil, err
	}
	if p.TLS != nil && bearsCertificate(p.TLS) && !server.Secure() {
		return nil, faulty("Attempt.TLS", "has a client certificate, and Server (%s) is not secure: write mqtts://", server).argument()
	}
	p.credentials(server)
	if err := p.fault(); err != nil {
		return nil, err
	}
	if err := (&netx.WebSocketOptions{Header: p.Header}).Check(); err != nil {
		return nil, err
	}
	p.connect.ClientID = p.ClientID
	return &target{settings: p.settings, server: server, foreign: p.target.foreign, home: p.target, own: p.TLS, header: p.Header}, nil
}

// server is the one to dial.
func (p *proposal) server() (*netx.Server, error) {
	if p.Server == p.target.Name() {
		return p.target.server, nil
	}
	server, err := netx.Parse(p.Server)
	if err != nil {
		return nil, err
	}
	if server.HasClientID && p.ClientID == p.connect.ClientID {
		p.ClientID = server.ClientID
	}
	return server, nil
}

// credentials puts into CONNECT what is new of them: what was set before what another URL has.
func (p *proposal) credentials(server *netx.Server) {
	c, other := p.connect, server != p.target.server
	switch {
	case p.Username != c.Username:
		c.Username, c.HasUsername = p.Username, p.Username != ""
	case other && server.HasUsername:
		c.Username, c.HasUsername = server.Username, true
	}
	switch {
	case c.HasPassword != (p.Password != nil) || !bytes.Equal(c.Password, p.Password):
		c.Password, c.HasPassword = p.Password, p.Password != nil
	case other && server.HasPassword:
		c.Password, c.HasPassword = server.Password, true
	}
}

// fault says what of it can't be sent.
func (p *proposal) fault() error {
	c := p.connect
	for _, f := range []*fault{
		textFault("ClientID", p.ClientID), p.idFault(), textFault("Username", c.Username), binaryFault("Password", c.Password),
	} {
		if f != nil {
			return f.in("Attempt").argument()
		}
	}
	if c.HasPassword && !c.HasUsername && c.Version != codec.V5 {
		return faulty("Attempt.Password", "is set without Username, which needs MQTT 5.0, and this attempt is for %v: set Username too", p.Version).argument()
	}
	return nil
}

// idFault says what is wrong with another client identifier than the one that was to be sent.
func (p *proposal) idFault() *fault {
	switch {
	case p.ClientID == p.connect.ClientID:
		return nil
	case p.settings.Session == SessionDurable:
		return faulty("ClientID", "was changed, and SessionDurable (which Store means) keeps the session of one: leave it as it is")
	case p.ClientID == "":
		return faulty("ClientID", "was emptied: for an identifier that the server chooses set Config.NoClientID")
	case p.connect.Version == codec.V31 && !p.settings.Lenient && utf8.RuneCountInString(p.ClientID) > shortID:
		return faulty("ClientID", "has over %d characters, and this attempt is for MQTT 3.1: shorten it", shortID)
	}
	return nil
}

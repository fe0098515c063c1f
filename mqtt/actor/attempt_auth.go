package actor

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// The stages of an attempt, before and after the dialling.
const (
	stageHook    = "hook"
	stageConnAck = "connack"
	stageAuth    = "auth"
)

// beginAuth starts the exchange of a connection that authenticates: what it says first goes with CONNECT (§4.12).
func (a *attempt) beginAuth(ctx context.Context) error {
	if a.cfg.Authenticate == nil || a.connect.Version != codec.V5 {
		return nil
	}
	a.stage = stageAuth
	exchange, first, err := a.cfg.Authenticate(ctx, a.server.Name(), false)
	if err != nil {
		return &AuthError{err}
	}
	a.exchange, a.stage = exchange, stageConnAck
	p := a.connect.Properties
	p.AuthenticationMethod, p.AuthenticationData = a.cfg.AuthMethod, first.Data
	p.UserProperties = append(slices.Clip(p.UserProperties), first.Props...)
	return nil
}

// endAuth tells the exchange how it went.
func (a *attempt) endAuth(err error) {
	if a.exchange != nil {
		a.exchange.End(err)
	}
}

// answerAuth answers an AUTH between CONNECT and CONNACK, where a server may only ask for more (§4.12.0-2).
func (a *attempt) answerAuth(ctx context.Context, conn net.Conn, f codec.Frame, size int) error {
	if a.exchange == nil {
		return &ProtocolError{codec.ProtocolError, "4.12.0-6", "AUTH though CONNECT named no authentication method"}
	}
	a.stage = stageAuth
	var p codec.Auth
	if err := p.Decode(f, codec.Dialect{Version: a.connect.Version, From: codec.FromServer}); err != nil {
		return err
	}
	a.trace(a.cfg.Received, PacketInfo{Type: codec.TypeAuth, Size: size, Code: p.Code})
	if err := heardAuth(&p, a.cfg.AuthMethod); err != nil {
		return err
	}
	if p.Code != codec.ContinueAuthentication {
		return &ProtocolError{codec.ProtocolError, "4.12.0-2", "AUTH that asks for nothing before CONNACK"}
	}
	answer, err := a.exchange.Answer(ctx, said(&p))
	if err != nil {
		return &AuthError{err}
	}
	return a.sayAuth(conn, &answer)
}

// sayAuth sends our half of a step. How large a packet the server takes isn't known before CONNACK.
func (a *attempt) sayAuth(conn net.Conn, answer *Auth) error {
	packet, err := answer.packet(codec.ContinueAuthentication, a.cfg.AuthMethod).Append(nil, a.connect.Version)
	if err != nil {
		return &AuthError{err}
	}
	a.trace(a.cfg.Sent, PacketInfo{Type: codec.TypeAuth, Size: len(packet), Code: codec.ContinueAuthentication})
	if _, err := conn.Write(packet); err != nil {
		return fmt.Errorf("write AUTH: %w", err)
	}
	return nil
}

// finishAuth has the exchange judge what an accepting CONNACK brought, before the connection counts as up.
func (a *attempt) finishAuth(ctx context.Context, ack *codec.ConnAck) error {
	p := ack.Properties
	if p == nil {
		p = new(codec.ConnAckProperties)
	}
	switch {
	case a.exchange == nil && p.AuthenticationMethod != "":
		return &ProtocolError{codec.ProtocolError, "4.12.0-6", "CONNACK with an authentication method though CONNECT named none"}
	case a.exchange == nil:
		return nil
	}
	a.stage = stageAuth
	if p.AuthenticationMethod != a.cfg.AuthMethod {
		return &ProtocolError{codec.ProtocolError, "4.12.0-5", "CONNACK without the authentication method of CONNECT"}
	}
	last := Auth{bytes.Clone(p.AuthenticationData), p.ReasonString, slices.Clone(p.UserProperties)}
	if err := a.exchange.Finish(ctx, last); err != nil {
		return &AuthError{err}
	}
	return nil
}

// refusedAuth says that a refusal is about who we are.
func (a *attempt) refusedAuth(code codec.ReasonCode) bool {
	return a.exchange != nil && (code == codec.NotAuthorized || code == codec.BadAuthenticationMethod)
}

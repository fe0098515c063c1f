package mqtt

import (
	"context"
	"errors"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// checkAuthenticator asks for the method, without which there can be no data (§3.1.2.11.10).
func (s *settings) checkAuthenticator() error {
	if s.Authenticator == nil {
		return nil
	}
	s.authMethod = s.Authenticator.Method()
	if s.authMethod == "" {
		return faulty("Authenticator", "names no method, and there is no authentication data without one: have Method return its name").config()
	}
	return textFault("Authenticator.Method", s.authMethod).config()
}

// authenticate gives the processes the Authenticator as functions; nil when there is none.
func (s *settings) authenticate() func(context.Context, string, bool) (*actor.Exchange, actor.Auth, error) {
	if s.Authenticator == nil {
		return nil
	}
	return func(ctx context.Context, server string, again bool) (*actor.Exchange, actor.Auth, error) {
		exchange, first, err := s.Authenticator.Begin(ctx, AuthRequest{Server: server, Again: again})
		switch {
		case err != nil:
			return nil, actor.Auth{}, err
		case exchange == nil:
			return nil, actor.Auth{}, errNoExchange
		}
		say, err := actorAuth(&first)
		if err != nil {
			exchange.End(err)
			return nil, actor.Auth{}, err
		}
		return actorExchange(exchange), say, nil
	}
}

var errNoExchange = errors.New("Authenticator.Begin returned neither an exchange nor an error")

func actorExchange(x AuthExchange) *actor.Exchange {
	return &actor.Exchange{
		Answer: func(ctx context.Context, said actor.Auth) (actor.Auth, error) {
			answer, err := x.Continue(ctx, publicAuth(&said))
			if err != nil {
				return actor.Auth{}, err
			}
			return actorAuth(&answer)
		},
		Finish: func(ctx context.Context, said actor.Auth) error { return x.Finish(ctx, publicAuth(&said)) },
		End:    func(err error) { x.End(publicError(err)) },
	}
}

// actorAuth copies no bytes: they are encoded before the exchange is called again.
func actorAuth(d *AuthData) (actor.Auth, error) {
	if err := d.fault().argument(); err != nil {
		return actor.Auth{}, err
	}
	return actor.Auth{Data: d.Data, Reason: d.ReasonString, Props: codecUserProperties(d.UserProperties)}, nil
}

func publicAuth(a *actor.Auth) AuthData {
	return AuthData{Data: a.Data, ReasonString: a.Reason, UserProperties: publicUserProperties(a.Props)}
}

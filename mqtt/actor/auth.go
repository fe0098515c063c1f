package actor

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Auth is what one side says in a step of enhanced authentication (§4.12).
type Auth struct {
	Data   []byte // nil for none
	Reason string
	Props  []codec.UserProperty
}

// Exchange is one authentication, the first of a connection or a later one: functions that run the user's code, one at a
// time, in this order. They get slices of their own.
type Exchange struct {
	Answer func(context.Context, Auth) (Auth, error) // to each AUTH that asks for more
	Finish func(context.Context, Auth) error         // judges what came with the server's consent
	End    func(error)                               // is told how it went, once and last
}

// AuthError says that an authentication failed on our side, or that its connection ended meanwhile. What it is about may be an
// error of the user's code, which means nothing to the processes: so it has no Unwrap.
type AuthError struct{ Err error }

// Error implements error.
func (e *AuthError) Error() string { return fmt.Sprintf("authentication: %v", e.Err) }

// What a re-authentication is refused for.
var (
	ErrNoAuthenticator  = errors.New("there is no Authenticator")
	ErrReauthenticating = errors.New("a re-authentication is running")
)

// heardAuth checks what every AUTH of a server has to satisfy (§4.12.0-5).
func heardAuth(p *codec.Auth, method string) error {
	if p.AuthenticationMethod != method {
		return &ProtocolError{codec.ProtocolError, "4.12.0-5", "AUTH with another authentication method than CONNECT's"}
	}
	return nil
}

// said is what an AUTH says, in memory of its own.
func said(p *codec.Auth) Auth {
	return Auth{bytes.Clone(p.AuthenticationData), p.ReasonString, p.UserProperties}
}

// packet is the AUTH that says a.
func (a *Auth) packet(code codec.ReasonCode, method string) *codec.Auth {
	return &codec.Auth{Code: code, AuthenticationMethod: method, AuthenticationData: a.Data, ReasonString: a.Reason, UserProperties: a.Props}
}

package mqtt

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// named is an Authenticator that has a method, and nothing else.
type named string

func (n named) Method() string { return string(n) }

func (n named) Begin(context.Context, AuthRequest) (AuthExchange, AuthData, error) {
	return nil, AuthData{}, nil
}

// changing is one whose method is another each time.
type changing struct{ names []string }

func (c *changing) Method() (name string) {
	name, c.names = c.names[0], c.names[1:]
	return name
}

func (c *changing) Begin(context.Context, AuthRequest) (AuthExchange, AuthData, error) {
	return nil, AuthData{}, nil
}

func TestB280AuthenticatorNeedsAMethod(t *testing.T) {
	for field, methods := range map[string][]named{
		"Authenticator": {""}, "Authenticator.Method": {"\xff", "a\x00", named(strings.Repeat("x", 65_536))},
	} {
		for _, method := range methods {
			_, err := Config{Authenticator: method}.settle()
			requireConfig(t, field, err)
		}
	}
	for _, method := range []named{"X", "SCRAM-SHA-256", named(strings.Repeat("x", 65_535))} {
		s, err := Config{Authenticator: method}.settle()
		require.NoError(t, err)
		require.Equal(t, string(method), s.actorConfig().AuthMethod)
	}
	s, err := Config{}.settle()
	require.NoError(t, err)
	require.Nil(t, s.actorConfig().Authenticate)
	require.Empty(t, s.actorConfig().AuthMethod)
}

func TestTheMethodIsAskedForOnce(t *testing.T) {
	s, err := Config{Authenticator: &changing{[]string{"one", "two"}}}.settle()
	require.NoError(t, err)
	require.Equal(t, "one", s.actorConfig().AuthMethod)
	require.Equal(t, "one", s.actorConfig().AuthMethod)
}

func TestB280AnExchangeIsNeeded(t *testing.T) {
	s, err := Config{Authenticator: named("X")}.settle()
	require.NoError(t, err)
	_, _, err = s.actorConfig().Authenticate(t.Context(), "", false)
	require.ErrorIs(t, err, errNoExchange)
}

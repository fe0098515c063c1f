package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

const transcript = `connected with token 1
it has expired, and the server has ended the connection: connected with token 2
the service has a new key, and the server has refused the old token: connected with token 3
`

func TestToken(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}

func TestTheServiceKnowsItsTokensAlone(t *testing.T) {
	s := newService()
	good, err := s.issue(t.Context())
	require.NoError(t, err)
	require.True(t, s.knows("", []byte(good.text)))
	for _, bad := range []string{"", ";", "x;1;y", good.text + "x", "x" + good.text} {
		require.False(t, s.knows("", []byte(bad)), "%q", bad)
	}
	s.pass(time.Hour)
	require.False(t, s.knows("", []byte(good.text)), "it has expired")
	fresh, err := s.issue(t.Context())
	require.NoError(t, err)
	s.rekey()
	require.False(t, s.knows("", []byte(fresh.text)), "it was signed with another key")
}

func TestTheWalletKeepsATokenThatIsGood(t *testing.T) {
	w := &wallet{service: newService()}
	attempt := func(last error) string {
		a := &mqtt.Attempt{Err: last}
		require.NoError(t, w.pay(t.Context(), a))
		return string(a.Password)
	}
	first := attempt(nil)
	require.Equal(t, first, attempt(context.DeadlineExceeded))
	second := attempt(codec.BadUserNameOrPassword)
	require.NotEqual(t, first, second)
	require.ErrorIs(t, w.pay(t.Context(), &mqtt.Attempt{Err: codec.BadUserNameOrPassword}), mqtt.ErrGiveUp)
	require.Equal(t, second, attempt(nil))

	over, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, w.pay(over, &mqtt.Attempt{Err: codec.NotAuthorized}), context.Canceled)
}

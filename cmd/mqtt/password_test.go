package main_test

import (
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// asksPassword is a hook that lets in who has the password.
type asksPassword struct{ mochi.HookBase }

// ID names the hook.
func (*asksPassword) ID() string { return "asks" }

// Provides names what the hook wants to hear of.
func (*asksPassword) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

// OnConnectAuthenticate is called for each CONNECT.
func (*asksPassword) OnConnectAuthenticate(_ *mochi.Client, p packets.Packet) bool {
	return string(p.Connect.Password) == "open sesame"
}

// OnACLCheck allows everything.
func (*asksPassword) OnACLCheck(*mochi.Client, string, bool) bool { return true }

func TestAskPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t, new(asksPassword))
	args := []string{"pub", "--url", s.url, "-u", "ali", "--ask-password", "-t", "cave", "-m", "x", "-q", "1"}
	ask := func() *terminal {
		term := startTerminal(t, 80, 10, call{args: args})
		term.awaitText("Password:")
		return term
	}
	term := ask()
	term.keys("open sesame\r")
	code, written := term.wait()
	require.Equal(t, 0, code, written)
	require.NotContains(t, written, "sesame")

	term = ask()
	term.keys("wrong\r")
	code, written = term.wait()
	require.Equal(t, 6, code, written)

	term = ask()
	term.keys("\x03") // Ctrl-C
	code, written = term.wait()
	require.Equal(t, 130, code, written)
}

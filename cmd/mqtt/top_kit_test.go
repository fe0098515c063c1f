package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/creack/pty"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// startTop starts `mqtt top` for a server in a terminal, and waits until it shows that it is connected.
func startTop(t testing.TB, s *server, args ...string) *terminal {
	t.Helper()
	term := startTerminal(t, 100, 20, call{args: append([]string{"top", "--url", s.url}, args...)})
	term.awaitText("connected")
	return term
}

// newTop starts a server of its own, and `mqtt top` for it, in a test that runs beside others.
func newTop(t *testing.T, args ...string) (*server, *terminal) {
	t.Helper()
	t.Parallel()
	s := newServer(t)
	return s, startTop(t, s, args...)
}

// publish has the server publish, without a client.
func (s *server) publish(t testing.TB, topic, payload string, retain bool) {
	t.Helper()
	require.NoError(t, s.Publish(topic, []byte(payload), retain, 0))
}

// row is the line of the screen that begins with a topic, or empty.
func row(text, topic string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, topic+" ") {
			return line
		}
	}
	return ""
}

// order is the topics among the lines of the screen, from above.
func order(text string, topics ...string) (found []string) {
	for line := range strings.Lines(text) {
		for _, topic := range topics {
			if strings.HasPrefix(line, topic+" ") {
				found = append(found, topic)
			}
		}
	}
	return found
}

func (term *terminal) awaitOrder(topics ...string) {
	term.t.Helper()
	term.await(fmt.Sprintf("order %v", topics), func(text string) bool {
		return fmt.Sprint(order(text, topics...)) == fmt.Sprint(topics)
	})
}

func (term *terminal) awaitRow(topic, piece string) {
	term.t.Helper()
	term.await(topic+" with "+piece, func(text string) bool { return strings.Contains(row(text, topic), piece) })
}

// endsWell waits for the end, which has to be in order and leave the terminal so.
func (term *terminal) endsWell() {
	term.t.Helper()
	code, raw := term.wait()
	require.Equal(term.t, 0, code, raw)
	term.restored()
}

// endsWith waits for an end with another exit code, which says something.
func (term *terminal) endsWith(code int, says string) {
	term.t.Helper()
	got, raw := term.wait()
	require.Equal(term.t, code, got, raw)
	require.Contains(term.t, raw, says)
	term.restored()
}

// restored says that the terminal is as a shell wants it.
func (term *terminal) restored() {
	term.t.Helper()
	s := <-term.screens
	defer func() { term.screens <- s }()
	require.False(term.t, s.emulator.IsAltScreen(), "still full screen")
	require.False(term.t, s.emulator.CursorHidden(), "the cursor is hidden")
}

// resize makes the terminal another size.
func (term *terminal) resize(cols, rows int) {
	term.t.Helper()
	s := <-term.screens
	s.emulator.Resize(cols, rows)
	term.screens <- s
	require.NoError(term.t, pty.Setsize(term.pty, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}))
}

// nothing lets everybody in, and subscribe to nothing.
type nothing struct{ mochi.HookBase }

func (nothing) ID() string { return "nothing" }
func (nothing) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}
func (nothing) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }
func (nothing) OnACLCheck(*mochi.Client, string, bool) bool              { return false }

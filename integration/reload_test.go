//go:build integration

package integration

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// reluctant is a server that has a message, and says so only when it comes again.
type reluctant struct {
	mochi.HookBase
	came   chan packets.Packet // PUBLISH from the page
	reload func()              // is called when the first has come
}

// ID names the hook.
func (r *reluctant) ID() string { return "reluctant" }

// Provides names what the hook wants to hear of.
func (r *reluctant) Provides(b byte) bool { return b == mochi.OnPublish }

// OnPublish is called before what a client has published is handed to the subscribers.
func (r *reluctant) OnPublish(c *mochi.Client, p packets.Packet) (packets.Packet, error) {
	if c.Net.Inline {
		return p, nil
	}
	first := len(r.came) == 0
	r.came <- p // its bytes are its own, and a copy would lose DUP
	if first {
		go r.reload()
		return p, packets.ErrRejectPacket // no PUBACK either
	}
	return p, nil
}

// A page with a store is reloaded in Chromium, with a QoS 1 message on its way. Chromium must be installed: .ci/chromium sees
// to that.
func TestReloadOfAPage(t *testing.T) {
	broker := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler), InlineClient: true})
	hook := &reluctant{came: make(chan packets.Packet, 10)}
	hook.reload = func() { broker.Publish("reload", nil, false, 0) }
	require.NoError(t, broker.AddHook(hook, nil))
	require.NoError(t, broker.AddHook(new(auth.AllowHook), nil))
	listener := freePort(t)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	require.NoError(t, broker.AddListener(listeners.NewWebsocket(listeners.Config{ID: "ws", Address: address})))
	require.NoError(t, broker.Serve())
	defer broker.Close()

	inChromium(t, "./reload", "SLUICE_SERVER=ws://"+address)
	close(hook.came)
	var seen []packets.Packet
	for p := range hook.came {
		seen = append(seen, p)
	}
	require.Len(t, seen, 2)
	for n, p := range seen {
		require.Equal(t, "from/page", p.TopicName)
		require.Equal(t, "kept", string(p.Payload))
		require.EqualValues(t, 1, p.FixedHeader.Qos)
		require.Equal(t, n == 1, p.FixedHeader.Dup)
		require.Equal(t, seen[0].PacketID, p.PacketID)
	}
}

// inChromium builds a program for the browser and runs it there, to its end.
func inChromium(t *testing.T, program string, environment ...string) {
	t.Helper()
	folder := t.TempDir()
	page, runner := filepath.Join(folder, "page.wasm"), filepath.Join(folder, "inchromium")
	build(t, page, program, "GOOS=js", "GOARCH=wasm")
	build(t, runner, "../internal/inchromium")
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	command := exec.CommandContext(ctx, runner, page)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // it has Chromium to end
	command.WaitDelay = 10 * time.Second
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func build(t *testing.T, to, from string, environment ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", to, from)
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

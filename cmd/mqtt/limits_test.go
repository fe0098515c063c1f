package main_test

import (
	"log/slog"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
)

// limits is a hook that lets everybody in, and changes what a server takes before it serves: later is a data race.
type limits struct {
	auth.AllowHook
	set func(*mochi.Capabilities)
}

// SetOpts is called as the hook is added.
func (h *limits) SetOpts(_ *slog.Logger, o *mochi.HookOptions) { h.set(o.Capabilities) }

// ofPackets is a limit of a packet's bytes.
func ofPackets(most uint32) *limits {
	return &limits{set: func(c *mochi.Capabilities) { c.MaximumPacketSize = most }}
}

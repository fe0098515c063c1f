package embedded

import (
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Hold makes the server slow: from now on it takes a message and neither answers nor reads on until release is called.
// arrived tells of the first message that it holds.
func (s *Server) Hold() (arrived <-chan struct{}, release func()) {
	h := &hold{arrived: make(chan struct{}, 1), released: make(chan struct{})}
	gate := s.gate
	gate.set(h)
	return h.arrived, sync.OnceFunc(func() {
		gate.set(nil)
		close(h.released)
	})
}

// hold is one call of Hold.
type hold struct{ arrived, released chan struct{} }

// gate is where each message passes.
type gate struct {
	mochi.HookBase

	mu   sync.Mutex
	hold *hold
}

// ID names the hook.
func (g *gate) ID() string { return "gate" }

// Provides says that OnPublish alone is of interest.
func (g *gate) Provides(b byte) bool { return b == mochi.OnPublish }

// OnPublish is called for each message, on the goroutine that reads from its sender.
func (g *gate) OnPublish(_ *mochi.Client, p packets.Packet) (packets.Packet, error) {
	g.mu.Lock()
	h := g.hold
	g.mu.Unlock()
	if h == nil {
		return p, nil
	}
	select {
	case h.arrived <- struct{}{}:
	default: // it was told before
	}
	<-h.released
	return p, nil
}

func (g *gate) set(h *hold) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = h
}

//go:build integration

package integration

import (
	"context"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// wire counts the packets of a client.
type wire struct {
	mu        sync.Mutex
	sent      map[string]int // by type
	received  map[string]int
	completed map[uint16]bool // identifiers of the PUBCOMP that were sent
	unsettled int             // PUBLISH that were sent and have no PUBACK or PUBCOMP
	most      int             // that there ever were of these
	news      chan struct{}   // a packet came or went
}

// tap has cfg's client counted.
func tap(cfg *mqtt.Config) *wire {
	w := &wire{sent: map[string]int{}, received: map[string]int{}, completed: map[uint16]bool{}, news: make(chan struct{}, 1)}
	cfg.Trace = &mqtt.Trace{PacketSent: w.out, PacketReceived: w.in}
	return w
}

func (w *wire) out(p mqtt.PacketInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[p.Type]++
	if p.Type == "PUBCOMP" {
		w.completed[p.PacketID] = true
	}
	if p.Type == "PUBLISH" && p.QoS != mqtt.AtMostOnce {
		w.unsettled++
		w.most = max(w.most, w.unsettled)
	}
	w.tell()
}

func (w *wire) in(p mqtt.PacketInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received[p.Type]++
	if p.Type == "PUBACK" || p.Type == "PUBCOMP" {
		w.unsettled--
	}
	w.tell()
}

func (w *wire) tell() {
	select {
	case w.news <- struct{}{}:
	default: // one that waits looks at all
	}
}

// count is how many packets of a type were sent and received.
func (w *wire) count(packet string) (sent, received int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[packet], w.received[packet]
}

// mostUnsettled is how many messages of QoS 1 and 2 have been in flight at most. Trace sees a packet of ours before it is
// written, and an answer before it is acted upon, so nothing is counted that wasn't so.
func (w *wire) mostUnsettled() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most
}

// untilSent and untilReceived wait for the nth packet of a type.
func (w *wire) untilSent(c *cell, packet string, n int) {
	c.Helper()
	w.until(c, func() bool { return w.sent[packet] >= n }, "%d %s sent", n, packet)
}

func (w *wire) untilReceived(c *cell, packet string, n int) {
	c.Helper()
	w.until(c, func() bool { return w.received[packet] >= n }, "%d %s received", n, packet)
}

func (w *wire) until(c *cell, there func() bool, what string, args ...any) {
	c.Helper()
	if !w.wait(c.ctx, there) {
		require.FailNowf(c, "packets are missing", what, args...)
	}
}

// wait returns false when ctx ended first. One goroutine may wait.
func (w *wire) wait(ctx context.Context, there func() bool) bool {
	for {
		w.mu.Lock()
		met := there()
		w.mu.Unlock()
		if met {
			return true
		}
		select {
		case <-w.news:
		case <-ctx.Done():
			return false
		}
	}
}

// pace lets a flow be so many messages of QoS 2 ahead of those that the client has received and completed.
func (w *wire) pace(ahead int) func(ctx context.Context, i int) bool {
	return func(ctx context.Context, i int) bool {
		return w.wait(ctx, func() bool { return i < len(w.completed)+ahead })
	}
}

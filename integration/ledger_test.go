//go:build integration

package integration

import (
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// ledger is what the packets of a client, over all of its connections, say of its messages of QoS 1 and 2.
type ledger struct {
	mu       sync.Mutex
	sent     map[uint16]bool // PUBLISH that has no PUBACK or PUBCOMP
	answered int
	open     map[uint16]bool // PUBLISH that came at QoS 2 and has no PUBREL
	opened   int
	came     map[string]bool // topics
	news     chan struct{}   // a PUBLISH came
}

// keep has the packets of cfg's client written down.
func keep(cfg *mqtt.Config) *ledger {
	l := &ledger{sent: map[uint16]bool{}, open: map[uint16]bool{}, came: map[string]bool{}, news: make(chan struct{}, 1)}
	cfg.Trace = &mqtt.Trace{PacketSent: l.out, PacketReceived: l.in}
	return l
}

func (l *ledger) out(p mqtt.PacketInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.Type == "PUBLISH" {
		l.sent[p.PacketID] = true
	}
}

func (l *ledger) in(p mqtt.PacketInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch p.Type {
	case "PUBACK", "PUBCOMP":
		if l.sent[p.PacketID] {
			l.answered++
		}
		delete(l.sent, p.PacketID)
	case "PUBREL":
		delete(l.open, p.PacketID)
	case "PUBLISH":
		if p.QoS == mqtt.ExactlyOnce && !l.open[p.PacketID] {
			l.open[p.PacketID] = true
			l.opened++
		}
		l.came[p.Topic] = true
		select {
		case l.news <- struct{}{}:
		default: // one that waits looks at all
		}
	}
}

// settled is how many messages that the client sent have their last answer.
func (l *ledger) settled() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered
}

// begun is how many exchanges of QoS 2 the server has begun.
func (l *ledger) begun() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
}

// until waits for a message of a topic.
func (l *ledger) until(c *cell, topic string) {
	c.Helper()
	for {
		l.mu.Lock()
		there := l.came[topic]
		l.mu.Unlock()
		if there {
			return
		}
		select {
		case <-l.news:
		case <-c.ctx.Done():
			require.FailNow(c, "no message", "none came to %s", topic)
		}
	}
}

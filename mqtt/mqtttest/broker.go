package mqtttest

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Broker is an in-memory MQTT server that behaves as one: sessions, subscriptions with their options, retained messages,
// wills, QoS 0, 1 and 2 both ways with what has to be sent again when a session resumes, Receive Maximum, topic aliases and
// keep alive, on 3.1, 3.1.1 and 5.0. Shared subscriptions are refused, and enhanced authentication without
// [BrokerConfig].Enhanced.
//
// It takes over the ownership of a QoS 2 message with PUBLISH and passes it on with PUBREL. A message goes once to each
// session that matches, however many of its subscriptions do (§3.3.4). What waits for a client that is away is kept as long
// as its session, but for QoS 0.
//
// It is a dialer, for a client to be handed. Any goroutine may call its methods, which act at once: connections that wait
// on each other never make them wait. Close it at the end.
type Broker struct {
	server    *Server
	state     slot[core]
	stop      context.CancelFunc
	processes sync.WaitGroup
}

// core is the state of a Broker.
type core struct {
	cfg      BrokerConfig
	turn     func(func(*core)) // Broker.turn, for timers
	sessions []*session        // in the order in which they began
	links    map[*link]struct{}
	retained map[string]*message
	routes   map[string][]route // what matches a topic, as far as it was asked for
	journal  journal
	faults   faults
	assigned int // client identifiers
	over     bool
}

// NewBroker starts a broker.
func NewBroker(cfg BrokerConfig) *Broker {
	if cfg.Server == nil {
		cfg.Server = NewServer()
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Broker{server: cfg.Server, stop: stop}
	b.state = newSlot(core{
		cfg:      cfg,
		turn:     b.turn,
		links:    map[*link]struct{}{},
		retained: map[string]*message{},
		routes:   map[string][]route{},
	})
	b.processes.Go(func() { b.accept(ctx) })
	return b
}

// Server is where the connections come from: to refuse or hold dials, and to prepare connections.
func (b *Broker) Server() *Server { return b.server }

// DialContext is that of the Broker's Server.
func (b *Broker) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return b.server.DialContext(ctx, network, address)
}

// Close ends the connections, without DISCONNECT and without wills, and waits for the Broker's goroutines. What it has
// recorded can still be asked for. Closing again does nothing.
func (b *Broker) Close() {
	b.stop()
	b.turn(func(c *core) {
		c.over = true
		for l := range c.links {
			c.shut(l)
		}
		for _, s := range c.sessions {
			s.stopTimers()
			s.link = nil
		}
	})
	b.server.Close()
	b.processes.Wait()
}

// turn runs f with the Broker's state, and then wakes those who wait for what may have changed.
func (b *Broker) turn(f func(*core)) {
	b.state.do(func(c *core) {
		f(c)
		c.wakeWaiters()
	})
}

// accept gives each connection a reader and a writer.
func (b *Broker) accept(ctx context.Context) {
	for {
		conn, err := b.server.Accept(ctx)
		if err != nil {
			return
		}
		l := newLink(conn)
		b.turn(func(c *core) { c.welcome(l) })
		b.processes.Go(func() { b.read(l) })
		b.processes.Go(func() { b.write(l) })
	}
}

func (c *core) welcome(l *link) {
	c.links[l] = struct{}{}
	if c.faults.stalled {
		l.pipe.In().Stall()
	}
	if c.over {
		c.shut(l)
	}
}

// after has f run in a turn of its own, unless the timer is stopped before.
func (c *core) after(d time.Duration, f func()) *time.Timer {
	turn := c.turn
	return time.AfterFunc(d, func() {
		turn(func(c *core) {
			if !c.over {
				f()
			}
		})
	})
}

// violation notes that a client broke a rule.
func (c *core) violation(l *link, err error) {
	c.journal.violations = append(c.journal.violations, &Violation{ClientID: l.clientID(), Err: err})
}

// violates is violation for a rule of more than one packet.
func (c *core) violates(l *link, t codec.Type, code codec.ReasonCode, section, reason string) {
	c.violation(l, &codec.MalformedError{Packet: t, Code: code, Section: section, Reason: reason})
}

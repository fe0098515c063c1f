package mqtttest

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Received is an application message that a [Broker] has received completely.
type Received struct {
	ClientID string // who published it

	// Message is the PUBLISH, with its topic in place of a topic alias. What it refers to must not be changed.
	Message codec.Publish
}

// Violation says that a client broke a rule. It unwraps to what it broke.
type Violation struct {
	ClientID string // empty before CONNECT was accepted
	Err      error  // mostly a *codec.MalformedError
}

// Error implements error.
func (v *Violation) Error() string {
	if v.ClientID == "" {
		return v.Err.Error()
	}
	return v.ClientID + ": " + v.Err.Error()
}

// Unwrap gives Err.
func (v *Violation) Unwrap() error { return v.Err }

// BrokerStats counts what a [Broker] has seen, at one instant.
type BrokerStats struct {
	Connections int // CONNECTs that were accepted
	Refused     int // CONNECTs that were refused
	Open        int // connections that were accepted and haven't ended
	Sessions    int // of clients that are here or away
	Received    int // application messages that came completely
	Delivered   int // to clients: QoS 0 sent, QoS 1 and 2 acknowledged
	InFlight    int // to clients: sent and not acknowledged
	Queued      int // for clients: to be sent when there is room, or when the client is back
	Held        int // of clients: QoS 2, and not yet released
	Violations  int
}

// journal is what a Broker remembers of what happened.
type journal struct {
	received             []Received
	completed            int // all that were ever in received
	delivered            int
	connections, refused int
	violations           []error
	waiters              []waiter
}

// waiter is a caller of Await.
type waiter struct {
	enough func(BrokerStats) bool
	done   chan<- struct{} // to close
}

func (c *core) stats() BrokerStats {
	st := BrokerStats{
		Connections: c.journal.connections,
		Refused:     c.journal.refused,
		Sessions:    len(c.sessions),
		Received:    c.journal.completed,
		Delivered:   c.journal.delivered,
		Violations:  len(c.journal.violations),
	}
	for _, s := range c.sessions {
		if s.link != nil {
			st.Open++
		}
		st.InFlight += len(s.flight)
		st.Queued += len(s.queue)
		st.Held += len(s.held)
	}
	return st
}

func (c *core) wakeWaiters() {
	if len(c.journal.waiters) == 0 {
		return
	}
	st := c.stats()
	c.journal.waiters = slices.DeleteFunc(c.journal.waiters, func(w waiter) bool {
		if !w.enough(st) {
			return false
		}
		close(w.done)
		return true
	})
}

package actor

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Bounds limits what is kept, in messages and in bytes.
type Bounds struct{ Messages, Bytes int }

// Overflow is what happens to QoS 0 messages that find no room.
type Overflow byte

// The ways to meet a full room. The numbers are those of the mqtt package.
const (
	OverflowHold Overflow = 1 + iota
	OverflowDropOldest
	OverflowDropNewest
)

// AckMode is when a message counts as acknowledged.
type AckMode byte

// The modes of acknowledgement. The numbers are those of the mqtt package.
const (
	AckOnTake AckMode = 1 + iota
	AckManual
)

// State is where a client stands. The numbers are those of the mqtt package.
type State byte

// The states of a client.
const (
	StateIdle State = iota
	StateConnecting
	StateConnected
	StateReconnecting
	StateClosing
	StateClosed
)

// Events, as the desk tells them. A stream is told by its number; zero is Messages.
type (
	// EventConnected says that a CONNACK accepted.
	EventConnected struct {
		ConnAck  *codec.ConnAck
		Version  codec.Version
		ClientID string // as CONNECT had it
		Server   string
		Attempt  int
	}
	// EventDisconnected says that a connection ended.
	EventDisconnected struct {
		Err    error
		Server string
	}
	// EventReconnecting says that another attempt follows after Delay.
	EventReconnecting struct {
		Attempt int
		Delay   time.Duration
		Err     error
	}
	// EventRedirected says that a server has sent us to another one, which is dialled next.
	EventRedirected struct {
		From, To string
		ForGood  bool
	}
	// EventOffline comes once an outage.
	EventOffline struct{}
	// EventDrained says that all that waited for the connection has ended.
	EventDrained struct{}
	// EventDropped counts QoS 0 messages that found no room; Published: outgoing ones.
	EventDropped struct {
		Stream    uint64
		Tag       any // of the stream
		Published bool
		Count     int
	}
	// EventUnclaimed counts messages that nobody asked for.
	EventUnclaimed struct {
		Topic string
		Count int
	}
	// EventStalled names a message that waits for its acknowledgement.
	EventStalled struct {
		Stream uint64
		Tag    any // of the stream
		Topic  string
		Since  time.Time
	}
	// EventSessionLost tells what a lost session meant.
	EventSessionLost struct{ Republished, Uncertain int }
	// EventSubscription tells of a filter that a new connection refused.
	EventSubscription struct{ Grant Grant }
	// EventClosed is the last.
	EventClosed struct{ Err error }
)

// Grant is the server's answer to one filter.
type Grant struct {
	Filter string
	QoS    codec.QoS
	Code   codec.ReasonCode
	Props  *codec.ReasonProperties
}

package actor

import (
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// What can end an operation, a connection or the client. The mqtt package hands these out as its own.
var (
	ErrClosed         = errors.New("client is closed")
	ErrConnected      = errors.New("already connected or connecting")
	ErrNotConnected   = errors.New("not connected")
	ErrOutboxFull     = errors.New("outbox is full")
	ErrNotSent        = errors.New("not sent")
	ErrUncertain      = errors.New("sent, and no answer came")
	ErrKept           = errors.New("left in the store")
	ErrWithdrawn      = errors.New("withdrawn")
	ErrStale          = errors.New("too late to acknowledge: the server will send it again")
	ErrInboundOverrun = errors.New("more came than may be kept")
	ErrNoPingResp     = errors.New("no PINGRESP in time")
	ErrWriteTimeout   = errors.New("the server did not read in time")
	ErrConnectTimeout = errors.New("no CONNACK within ConnectTimeout")
	ErrExpired        = errors.New("message expired before it left")
	ErrSuperseded     = errors.New("a newer message for its topic took its place")
	ErrCorrelation    = errors.New("another request waits for an answer with this correlation data")
	ErrVersion        = errors.New("needs MQTT 5.0")
	ErrGiveUp         = errors.New("give up")
	ErrRedirects      = errors.New("sent from server to server too often")
)

// Why the tracker ends a connection that nothing is wrong with.
var (
	errReconnect = errors.New("reconnect was asked for")
	errCut       = errors.New("connection dropped")
	errLingered  = errors.New("the server did not end the connection after DISCONNECT")
	errAbandoned = errors.New("connect was given up")
)

// ProtocolError says that the server broke a rule of MQTT. Code is what it is told on 5.0.
type ProtocolError struct {
	Code    codec.ReasonCode
	Section string // of the MQTT 5.0 specification
	Reason  string
}

// Error implements error.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("protocol error: %s (§%s)", e.Reason, e.Section)
}

// Unwrap gives the Reason Code.
func (e *ProtocolError) Unwrap() error { return e.Code }

// InternalError says that an invariant of this library broke. It ends the connection.
type InternalError struct{ Reason string }

// Error implements error.
func (e *InternalError) Error() string { return "internal error: " + e.Reason }

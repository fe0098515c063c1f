package mqtt

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt/netx"
)

// ProtocolError says that the server's bytes were not MQTT, or broke one of its rules. The connection ends for it, on
// v5 with a DISCONNECT that carries Code, or with a close frame if the rule is WebSocket's; the client reconnects. It
// unwraps to Code.
type ProtocolError struct {
	Code    ReasonCode // what the server is told (§4.13)
	Section string     // the rule's, in the MQTT 5.0 specification, as in "3.3.2.3.4"
	Reason  string     // what was wrong
}

// Error gives "protocol error: PUBLISH: topic alias is 0 (§3.3.2.3.4)".
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("protocol error: %s (§%s)", e.Reason, e.Section)
}

// Unwrap gives Code.
func (e *ProtocolError) Unwrap() error { return e.Code }

// ConnectError says how far an attempt to connect came. The stage auth is what fails with an Authenticator: itself, an exchange
// that has begun, and a refusal as not authorised or for its method. It unwraps to Err.
type ConnectError struct {
	Stage   string        // what failed: hook (Config.BeforeConnect), dns, tcp, unix, proxy, tls, websocket, connack (from the first byte of CONNECT to CONNACK) or auth
	Server  string        // the server's URL, without credentials and query
	Attempt int           // which attempt in a row this was, from 1
	Delay   time.Duration // until the next attempt, in an EventReconnecting; negative: there is none, or none was set yet
	Err     error         // why: *ReasonError, *ProtocolError, *AuthError, *netx.UpgradeError, *netx.ProxyError, an error of net, crypto/tls, context …
}

// Error gives "connect mqtt://host:1883: tcp: connection refused (attempt 3, next in 1.5s)".
func (e *ConnectError) Error() string {
	next := ""
	if e.Delay >= 0 {
		next = ", next in " + e.Delay.Round(time.Millisecond).String()
	}
	return fmt.Sprintf("connect %s: %s: %v (attempt %d%s)", e.Server, e.Stage, e.Err, e.Attempt, next)
}

// Unwrap gives Err.
func (e *ConnectError) Unwrap() error { return e.Err }

// connectError takes the stage from a dial that failed, whose own text would say stage and server a second time; any
// other error is one of the stage that it has, or connack. A certificate that a server rejects after the handshake is one of the stage tls.
func connectError(stage, server string, attempt int, delay time.Duration, err error) *ConnectError {
	e := &ConnectError{Stage: cmp.Or(stage, "connack"), Server: server, Attempt: attempt, Delay: delay, Err: publicError(err)}
	if dial, ok := errors.AsType[*netx.DialError](err); ok && stage != "hook" {
		e.Stage = string(dial.Stage)
		if err == error(dial) {
			e.Err = dial.Err
		}
	}
	return e
}

// RoundError says why no server could be reached: one *ConnectError for each attempt of a round, in which each server had its
// turn, or the last attempt was refused in a way that no retry can mend. A round of one attempt has its *ConnectError alone. It
// unwraps to all of them, the last one first.
type RoundError struct {
	Attempts []*ConnectError // two or more, in the order in which they were made
}

// Error gives the reasons in their order, between semicolons.
func (e *RoundError) Error() string {
	reasons := make([]string, len(e.Attempts))
	for i, a := range e.Attempts {
		reasons[i] = a.Error()
	}
	return strings.Join(reasons, "; ")
}

// Unwrap gives Attempts, the last one first.
func (e *RoundError) Unwrap() []error {
	reasons := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		reasons[len(reasons)-1-i] = a
	}
	return reasons
}

// AuthError says that enhanced authentication failed on our side: Err is what the Authenticator or its exchange returned, or why
// the exchange could not be ended. Within a *ConnectError the attempt has failed for it. From Reauthenticate: it had begun, and
// the connection has ended or is ending; Err then is also what the connection ended with, or the context's error. It unwraps to
// Err.
type AuthError struct{ Err error }

// Error gives "authentication: the server's signature is wrong".
func (e *AuthError) Error() string { return fmt.Sprintf("authentication: %v", e.Err) }

// Unwrap gives Err.
func (e *AuthError) Unwrap() error { return e.Err }

// StoreError says that Config.Store failed. From New: nothing was made. Beside ErrNotSent: the message was not kept, and so has
// not left. In an EventDisconnected: the connection has ended because an incoming QoS 2 message could not be kept. The client
// goes on trying. It unwraps to Err.
type StoreError struct{ Err error }

// Error gives "store: no space left on device".
func (e *StoreError) Error() string { return fmt.Sprintf("store: %v", e.Err) }

// Unwrap gives Err.
func (e *StoreError) Unwrap() error { return e.Err }

// InternalError says that an invariant of this library broke. The connection ends for it, and the client reconnects.
// Please report it, with its text.
type InternalError struct{ Reason string }

// Error gives "internal error: " and the reason.
func (e *InternalError) Error() string { return "internal error: " + e.Reason }

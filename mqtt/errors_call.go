package mqtt

import (
	"fmt"
	"strings"
)

// ConfigError says which field of Config is wrong, and what to do about it. New and Connect return it before anything is
// dialled.
type ConfigError struct {
	Field  string // as in "KeepAlive", "Will.Topic" or "Subscriptions[2].Filter"
	Reason string // what is wrong, and what to write instead; it holds no secret
}

// Error gives "Config.KeepAlive: …".
func (e *ConfigError) Error() string { return "Config." + e.Field + ": " + e.Reason }

// ArgumentError says which part of what a call was given is wrong. Nothing of the call has taken effect, and no Packet
// Identifier was used.
type ArgumentError struct {
	Name   string // as in "Message.Topic" or "Subscriptions[2].Filter"
	Reason string // what is wrong, and what to write instead
}

// Error gives "Message.Topic: …".
func (e *ArgumentError) Error() string { return e.Name + ": " + e.Reason }

// InFlightError says that a call's context ended when its message had left: only the waiting has ended. It unwraps to the
// context's error.
type InFlightError struct {
	Delivery *Delivery // to go on waiting on
	Err      error     // the context's
}

// Error gives "in flight: context deadline exceeded".
func (e *InFlightError) Error() string { return fmt.Sprintf("in flight: %v", e.Err) }

// Unwrap gives Err.
func (e *InFlightError) Unwrap() error { return e.Err }

// UnfinishedError counts what did not end well: for Close, of all that was open when it was called; for Flush, since the
// last Flush. It unwraps to Err and to the sentinel of each count that isn't zero, as in errors.Is(err, ErrUncertain).
type UnfinishedError struct {
	Refused        int    // the server said no
	NotSent        int    // certainly never left (ErrNotSent)
	Uncertain      int    // left, and no answer came (ErrUncertain)
	Kept           int    // left to whoever opens the store next (ErrKept)
	Unacknowledged int    // Close: received, and not taken or not acknowledged; the server has them still
	Hook           string // Close: the user's code that did not return in time, as in "Backoff.Retry"; empty for none
	Err            error  // what cut the call short, as a rule its context's error; nil: nothing did
}

// Error names the counts that aren't zero.
func (e *UnfinishedError) Error() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{e.Refused, "refused"}, {e.NotSent, "not sent"}, {e.Uncertain, "uncertain"}, {e.Kept, "left in the store"},
		{e.Unacknowledged, "received and not acknowledged"},
	} {
		if c.n != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if e.Hook != "" {
		parts = append(parts, e.Hook+" has not returned")
	}
	text := "unfinished"
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives Err, and the sentinel of each count that isn't zero.
func (e *UnfinishedError) Unwrap() []error {
	var errs []error
	for _, c := range []struct {
		n   int
		err error
	}{{e.NotSent, ErrNotSent}, {e.Uncertain, ErrUncertain}, {e.Kept, ErrKept}} {
		if c.n != 0 {
			errs = append(errs, c.err)
		}
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

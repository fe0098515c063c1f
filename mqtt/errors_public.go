package mqtt

import (
	"fmt"
	"strings"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// publicError turns what the processes report into what this package documents. An internal type becomes its public twin;
// an error around internal types still is all that it was, and their twins too. Others are handed through. Malformed bytes
// are the server's here: what leaves was checked before.
func publicError(err error) error {
	if twin := publicTwin(err); twin != nil {
		return twin
	}
	told := &retold{}
	told.gather(err)
	if len(told.parts) == 0 {
		return err
	}
	told.text = told.words.replace(err.Error())
	told.parts = append(told.parts, err)
	return told
}

// retold is an error that was wrapped around internal types.
type retold struct {
	text  string
	words words
	parts []error // the twins, then the error itself
}

// Error is the text of the error, with that of the twins in it.
func (e *retold) Error() string { return e.text }

// Unwrap gives the twins, and the error itself.
func (e *retold) Unwrap() []error { return e.parts }

// words are pairs: what an internal type says, and what its twin does.
type words []string

func (w words) replace(text string) string { return strings.NewReplacer(w...).Replace(text) }

// gather finds the internal types that err wraps.
func (e *retold) gather(err error) {
	if twin := publicTwin(err); twin != nil {
		e.words = append(e.words, err.Error(), twin.Error())
		e.parts = append(e.parts, twin)
		return
	}
	switch wrapping := err.(type) {
	case interface{ Unwrap() error }:
		e.gather(wrapping.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			e.gather(inner)
		}
	}
}

// publicTwin is the public type of an internal one; nil when err isn't one itself.
func publicTwin(err error) error {
	switch e := err.(type) {
	case *actor.Refusal:
		return &ReasonError{
			Packet: e.Packet.String(), Code: e.Code, Raw: e.Raw, ReasonString: e.Reason, ServerReference: e.Server,
			UserProperties: publicUserProperties(e.Props),
		}
	case *actor.LimitError:
		return &LimitError{Code: e.Code, Reason: e.Reason}
	case *actor.ProtocolError:
		return &ProtocolError{Code: e.Code, Section: e.Section, Reason: e.Reason}
	case *netx.FrameError:
		return &ProtocolError{Code: codec.ProtocolError, Section: "6", Reason: e.Error()}
	case *codec.MalformedError:
		reason := e.Reason
		if e.Packet != 0 {
			reason = e.Packet.String() + ": " + reason
		}
		return &ProtocolError{Code: e.Code, Section: e.Section, Reason: reason}
	case *actor.Unfinished:
		return &UnfinishedError{
			Refused: e.Refused, NotSent: e.NotSent, Uncertain: e.Uncertain, Kept: e.Kept,
			Unacknowledged: e.Unacknowledged, Hook: e.Hook, Err: publicError(e.Cause),
		}
	case *actor.AttemptError:
		return publicAttempt(e)
	case *actor.RoundError:
		return publicRound(e)
	case *actor.AuthError:
		return &AuthError{Err: publicError(e.Err)}
	case *actor.AliasError:
		return &ArgumentError{Name: "Message.Topic", Reason: fmt.Sprintf(
			"is empty, and nothing was published with topic alias %d: give the topic the first time", e.Alias)}
	case *actor.Ungranted:
		return &SubscribeError{Grants: publicGrants([]actor.Grant{e.Grant})}
	case *actor.StoreError:
		return &StoreError{Err: e.Err}
	case *actor.InternalError:
		return &InternalError{Reason: e.Reason}
	}
	return nil
}

func publicAttempt(e *actor.AttemptError) *ConnectError {
	return connectError(e.Stage, e.Server, e.Attempt, -1, e.Err)
}

func publicRound(e *actor.RoundError) *RoundError {
	round := &RoundError{Attempts: make([]*ConnectError, len(e.Attempts))}
	for i, a := range e.Attempts {
		round.Attempts[i] = publicAttempt(a)
	}
	return round
}

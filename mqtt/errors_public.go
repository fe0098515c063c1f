package mqtt

import (
	"errors"
	"strings"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// publicError turns what the processes report into what this package documents. An internal type becomes its public twin;
// an error around an internal type still is all that it was, and is the twin too. Others are handed through. Malformed
// bytes are the server's here: what leaves was checked before.
func publicError(err error) error {
	inner, twin := publicTwin(err)
	switch {
	case twin == nil:
		return err
	case err == inner:
		return twin
	}
	text := strings.Replace(err.Error(), inner.Error(), twin.Error(), 1)
	return &retold{text: text, parts: []error{twin, err}}
}

// retold is an error that was wrapped around an internal type.
type retold struct {
	text  string
	parts []error
}

func (e *retold) Error() string { return e.text }

func (e *retold) Unwrap() []error { return e.parts }

// publicTwin finds an internal type in err, and gives its public twin; nil when there is none.
func publicTwin(err error) (inner, twin error) {
	if e, ok := errors.AsType[*actor.Refusal](err); ok {
		return e, &ReasonError{
			Packet: e.Packet.String(), Code: e.Code, Raw: e.Raw, ReasonString: e.Reason, ServerReference: e.Server,
			UserProperties: publicUserProperties(e.Props),
		}
	}
	if e, ok := errors.AsType[*actor.LimitError](err); ok {
		return e, &LimitError{Code: e.Code, Reason: e.Reason}
	}
	if e, ok := errors.AsType[*actor.ProtocolError](err); ok {
		return e, &ProtocolError{Code: e.Code, Section: e.Section, Reason: e.Reason}
	}
	if e, ok := errors.AsType[*codec.MalformedError](err); ok {
		reason := e.Reason
		if e.Packet != 0 {
			reason = e.Packet.String() + ": " + reason
		}
		return e, &ProtocolError{Code: e.Code, Section: e.Section, Reason: reason}
	}
	if e, ok := errors.AsType[*actor.InternalError](err); ok {
		return e, &InternalError{Reason: e.Reason}
	}
	return nil, nil
}

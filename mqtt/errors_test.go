package mqtt

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
	"github.com/stretchr/testify/require"
)

func TestInternalErrorsHaveTheirPublicTwin(t *testing.T) {
	for _, c := range []struct {
		inner error
		want  error
		text  string
	}{
		{
			&actor.Refusal{
				Packet: codec.TypeConnAck, Code: codec.NotAuthorized, Raw: 5, Reason: "no\n", Server: "h:1",
				Props: []codec.UserProperty{{Key: "k", Value: "v"}},
			},
			&ReasonError{
				Packet: "CONNACK", Code: codec.NotAuthorized, Raw: 5, ReasonString: "no\n", ServerReference: "h:1",
				UserProperties: []UserProperty{{"k", "v"}},
			},
			`CONNACK: not authorized (0x87): "no\n"`,
		},
		{
			&actor.LimitError{Code: codec.QoSNotSupported, Reason: "its Maximum QoS is 1"},
			&LimitError{Code: codec.QoSNotSupported, Reason: "its Maximum QoS is 1"},
			"the server doesn't allow it: its Maximum QoS is 1",
		},
		{
			&actor.ProtocolError{Code: codec.ProtocolError, Section: "3.2.0-1", Reason: "SUBACK before CONNACK"},
			&ProtocolError{Code: codec.ProtocolError, Section: "3.2.0-1", Reason: "SUBACK before CONNACK"},
			"protocol error: SUBACK before CONNACK (§3.2.0-1)",
		},
		{
			&codec.MalformedError{Packet: codec.TypePublish, Code: codec.MalformedPacket, Section: "3.3", Reason: "short"},
			&ProtocolError{Code: codec.MalformedPacket, Section: "3.3", Reason: "PUBLISH: short"},
			"protocol error: PUBLISH: short (§3.3)",
		},
		{
			&actor.Unfinished{NotSent: 2, Hook: "Dialer", Cause: context.Canceled},
			&UnfinishedError{NotSent: 2, Hook: "Dialer", Err: context.Canceled},
			"unfinished: 2 not sent, Dialer has not returned: context canceled",
		},
		{&actor.AuthError{Err: context.Canceled}, &AuthError{Err: context.Canceled}, "authentication: context canceled"},
		{&actor.InternalError{Reason: "r"}, &InternalError{Reason: "r"}, "internal error: r"},
		{
			&actor.AttemptError{Server: "mqtt://h:1883", Attempt: 3, Stage: "connack", Err: ErrClosed},
			&ConnectError{Stage: "connack", Server: "mqtt://h:1883", Attempt: 3, Delay: -1, Err: ErrClosed},
			"connect mqtt://h:1883: connack: client is closed (attempt 3)",
		},
	} {
		t.Run(fmt.Sprintf("%T", c.inner), func(t *testing.T) {
			require.Equal(t, c.want, publicError(c.inner))
			require.EqualError(t, c.want, c.text)

			around := publicError(fmt.Errorf("%w: publish: %w, sadly", ErrUncertain, c.inner))
			require.EqualError(t, around, ErrUncertain.Error()+": publish: "+c.text+", sadly")
			require.ErrorIs(t, around, ErrUncertain)
			require.ErrorIs(t, around, c.inner)
			requireTwin(t, c.want, around)
		})
	}
}

// requireTwin holds err to wrap an error equal to want, of its type.
func requireTwin(t *testing.T, want, err error) {
	t.Helper()
	found := false
	switch want.(type) {
	case *ReasonError:
		_, found = errors.AsType[*ReasonError](err)
	case *LimitError:
		_, found = errors.AsType[*LimitError](err)
	case *ProtocolError:
		_, found = errors.AsType[*ProtocolError](err)
	case *UnfinishedError:
		_, found = errors.AsType[*UnfinishedError](err)
	case *AuthError:
		_, found = errors.AsType[*AuthError](err)
	case *InternalError:
		_, found = errors.AsType[*InternalError](err)
	case *ConnectError:
		_, found = errors.AsType[*ConnectError](err)
	}
	require.True(t, found, "%T", want)
}

func TestErrorsWithoutATwinAreHandedThrough(t *testing.T) {
	require.NoError(t, publicError(nil))
	for _, err := range []error{ErrClosed, errors.New("x"), fmt.Errorf("%w: %w", ErrNotSent, ErrExpired), codec.NotAuthorized} {
		require.Equal(t, err, publicError(err))
	}
}

func TestSeveralTwinsInOneError(t *testing.T) {
	err := publicError(errors.Join(
		&actor.Unfinished{Uncertain: 1}, &actor.Refusal{Packet: codec.TypeDisconnect, Code: codec.SessionTakenOver, Raw: 0x8E}))
	require.EqualError(t, err, "unfinished: 1 uncertain\nDISCONNECT: session taken over (0x8E)")
	require.ErrorIs(t, err, codec.SessionTakenOver)
	require.ErrorIs(t, err, ErrUncertain)
	requireTwin(t, new(UnfinishedError), err)
	requireTwin(t, new(ReasonError), err)
}

func TestB012RefusalsUnwrapToTheirCode(t *testing.T) {
	for _, err := range []error{
		&ReasonError{Packet: "PUBACK", Code: codec.NotAuthorized, Raw: 0x87}, &ProtocolError{Code: codec.NotAuthorized},
		&LimitError{Code: codec.NotAuthorized},
	} {
		require.ErrorIs(t, fmt.Errorf("mqtt: publish: %w", err), codec.NotAuthorized)
		require.NotErrorIs(t, err, codec.QuotaExceeded)
	}
	require.ErrorIs(t, &LimitError{}, ErrNotSent)
}

func TestAServersTextIsQuotedAndCut(t *testing.T) {
	long := make([]byte, 65_535)
	for i := range long {
		long[i] = '\n'
	}
	text := (&ReasonError{Packet: "PUBACK", Code: codec.QuotaExceeded, Raw: 0x97, ReasonString: string(long)}).Error()
	require.NotContains(t, text, "\n")
	require.Less(t, len(text), 500)
}

func TestB013ConnectErrorsTellTheStage(t *testing.T) {
	refused := &netx.DialError{Stage: netx.StageTCP, Server: "mqtt://h:1883", Err: syscall.ECONNREFUSED}
	err := connectError("", "mqtt://h:1883", 3, 1500*time.Millisecond, refused)
	require.EqualError(t, err, "connect mqtt://h:1883: tcp: connection refused (attempt 3, next in 1.5s)")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	late := fmt.Errorf("read: %w", &netx.DialError{Stage: netx.StageTLS, Err: netx.ErrCertificateRejected})
	err = connectError("", "mqtts://h:8883", 1, -1, late)
	require.Equal(t, "tls", err.Stage)
	require.ErrorIs(t, err, netx.ErrCertificateRejected)

	err = connectError("", "mqtt://h:1883", 1, 0, &actor.Refusal{Packet: codec.TypeConnAck, Code: codec.Banned})
	require.Equal(t, "connack", err.Stage)
	requireTwin(t, new(ReasonError), err)
	require.ErrorIs(t, err, codec.Banned)
}

func TestUnfinishedErrorIsWhatItCounts(t *testing.T) {
	all := &UnfinishedError{
		Refused: 1, NotSent: 2, Uncertain: 3, Kept: 4, Unacknowledged: 5, Hook: "Backoff.Retry", Err: context.DeadlineExceeded,
	}
	require.EqualError(t, all, "unfinished: 1 refused, 2 not sent, 3 uncertain, 4 left in the store, "+
		"5 received and not acknowledged, Backoff.Retry has not returned: context deadline exceeded")
	for _, what := range []error{ErrNotSent, ErrUncertain, ErrKept, context.DeadlineExceeded} {
		require.ErrorIs(t, all, what)
		require.NotErrorIs(t, &UnfinishedError{Refused: 1}, what)
	}
	require.EqualError(t, &UnfinishedError{}, "unfinished")
}

func TestInFlightErrorIsTheContexts(t *testing.T) {
	err := &InFlightError{Delivery: new(Delivery), Err: context.Canceled}
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "in flight: context canceled")
}

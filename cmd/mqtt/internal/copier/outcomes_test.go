package copier

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheMessageThatEndsConnectionsIsNamed has it in front of others, which have the same reason.
func TestTheMessageThatEndsConnectionsIsNamed(t *testing.T) {
	failed := make(chan error, 1)
	o := outcomes{bridge: &bridge{copier: &copier{refused: "skip"}}, failed: failed}
	why := &app.FruitlessError{Lost: 5, Err: &mqtt.ReasonError{Packet: "DISCONNECT", Code: mqtt.ReasonCode(0x81)}}
	for _, topic := range []string{"a", "b"} {
		o.end(&mqtt.Received{Message: mqtt.Message{Topic: topic}}, why)
	}
	require.Equal(t, outcomes{bridge: o.bridge, failed: failed, stopped: true, left: 2}, o)
	err := <-failed
	require.ErrorContains(t, err, `the destination doesn't take the message of topic "a", which stays unacknowledged: 5 connections in a row`)
	require.ErrorIs(t, err, errors.Unwrap(why))
	require.Equal(t, app.ExitFailed, app.ExitCode(err))
}

package mqtt

import (
	"fmt"
	"testing"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestNamesOfValues(t *testing.T) {
	for value, want := range map[fmt.Stringer]string{
		VersionAuto: "auto", V5: "5.0", V311: "3.1.1", V31: "3.1", Version(2): "Version(2)",
		AtMostOnce: "QoS 0", ExactlyOnce: "QoS 2",
		StateIdle: "idle", StateConnecting: "connecting", StateConnected: "connected", StateReconnecting: "reconnecting",
		StateClosing: "closing", StateClosed: "closed", State(9): "State(9)",
	} {
		require.Equal(t, want, value.String())
	}
}

// The processes have twins of these types, and values cross by conversion alone.
func TestValuesAreThoseOfTheirTwins(t *testing.T) {
	for public, twin := range map[byte]byte{
		byte(V5): byte(codec.V5), byte(V311): byte(codec.V311), byte(V31): byte(codec.V31),
		byte(ExactlyOnce): byte(codec.ExactlyOnce), byte(AtLeastOnce): byte(codec.AtLeastOnce),
	} {
		require.Equal(t, twin, public)
	}
	require.Equal(t, []byte{byte(actor.OverflowHold), byte(actor.OverflowDropOldest), byte(actor.OverflowDropNewest)},
		[]byte{byte(OverflowHold), byte(OverflowDropOldest), byte(OverflowDropNewest)})
	require.Equal(t, []byte{byte(actor.AckOnTake), byte(actor.AckManual)}, []byte{byte(AckOnTake), byte(AckManual)})
	for i, twin := range []actor.State{
		actor.StateIdle, actor.StateConnecting, actor.StateConnected, actor.StateReconnecting, actor.StateClosing,
		actor.StateClosed,
	} {
		require.Equal(t, twin, actor.State([]State{
			StateIdle, StateConnecting, StateConnected, StateReconnecting, StateClosing, StateClosed,
		}[i]))
	}
}

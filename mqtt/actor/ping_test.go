package actor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestPingRoundTrip(t *testing.T) {
	start := time.Now()
	left := &written{at: start}
	came := func() *answers {
		return &answers{came: start.Add(time.Millisecond), list: []answer{{kind: codec.TypePingResp}}}
	}
	t.Run("B279 from the write to the answer", func(t *testing.T) {
		desk := &tracker{cfg: &Config{Tell: func(any) {}}}
		desk.wrote(left)
		desk.answered(came())
		require.Equal(t, time.Millisecond, desk.rtt)
	})
	t.Run("B279 also when the answer is quicker than the word that PINGREQ has left", func(t *testing.T) {
		desk := &tracker{cfg: &Config{Tell: func(any) {}}}
		desk.answered(came())
		desk.wrote(left)
		require.Equal(t, time.Millisecond, desk.rtt)
		require.Zero(t, desk.pinged)
	})
}

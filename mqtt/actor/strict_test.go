package actor

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Callers look at the tokens at any time, so none of those that stay is ever taken out.
func TestStrictnessIsNeverLowerForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strict, lax := make(chan struct{}, 2), make(chan struct{}, 2)
		out := &tracker{cfg: new(Config), strict: strict, lax: lax}
		out.closing = true
		out.markStrict()
		require.Len(t, strict, 2)
		lax <- struct{}{} // stands for what is taken out
		out.markStrict()
		require.Len(t, strict, 2)
		require.Len(t, lax, 1)
	})
}

func TestPropertiesNeedAWordWhereTheyMayNotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strict := make(chan struct{}, 2)
		out := &tracker{cfg: new(Config), strict: strict, lax: strict}
		level := func(n int, why string) {
			t.Helper()
			out.markStrict()
			require.Len(t, strict, n, why)
		}
		level(1, "the first connection may be of 3.x")
		out.cfg.MinVersion = codec.V5
		level(0, "no connection is")
		out.link.wire, out.limits = new(wire), newLimits(codec.V311, new(codec.ConnAck), 10)
		level(1, "this one is")
		out.cfg.Lenient = true
		level(0, "they are left out")
		out.cfg.Lenient, out.limits = false, newLimits(codec.V5, new(codec.ConnAck), 10)
		out.cfg.MinVersion = codec.V31
		level(0, "the next one may be, but that is seldom")
	})
}

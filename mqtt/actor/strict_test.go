package actor

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
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

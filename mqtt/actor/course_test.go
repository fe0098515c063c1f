package actor

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// wayTo is a course over n servers that are named by letters.
func wayTo(n int, among func(int) int) *course {
	servers := make([]Server, n)
	for i := range servers {
		servers[i] = host(string(rune('a'+i)), nil)
	}
	c := newCourse(servers, among)
	return &c
}

// A server that fails, works, or loses connections soon, by chance: whatever happens, a round has each server once, and none
// waits longer for its turn than all the others need for two.
func TestNoServerStarves(t *testing.T) {
	for _, among := range []func(int) int{nil, rand.IntN} {
		for n := 1; n <= 5; n++ {
			c := wayTo(n, among)
			waits := map[string]int{}
			for range 1000 {
				name := c.server().Name()
				c.try()
				for i := range n {
					waits[string(rune('a'+i))]++
				}
				waits[name] = 0
				for s, w := range waits {
					require.LessOrEqual(t, w, 4*n, "%s of %d", s, n)
				}
				if rand.IntN(2) == 0 {
					if !c.pass() {
						c.round()
					}
					continue
				}
				c.worked()
				c.round()
				c.lost(true) // a stable one may keep its place for ever
			}
		}
	}
}

func TestARoundHasEachServerOnce(t *testing.T) {
	for _, among := range []func(int) int{nil, rand.IntN} {
		for n := 1; n <= 5; n++ {
			c := wayTo(n, among)
			for range 20 {
				seen := map[string]bool{}
				for more := true; more; {
					require.False(t, seen[c.server().Name()])
					seen[c.server().Name()] = true
					c.try()
					more = c.pass()
				}
				require.Len(t, seen, n)
				c.round()
			}
		}
	}
}

// Each step is how it goes with the server that has its turn: it fails, or its connection lives long or briefly.
func TestTheNextServer(t *testing.T) {
	for _, c := range []struct{ steps, want string }{
		{"ffffff", "abcabc"}, // in their order, round after round
		{"flffff", "abbcab"}, // after a loss the same, then who never failed, then whose failure is the longest ago
		{"lbbbbl", "aaabbc"}, // two brief connections in a row
		{"lbllbl", "aaaaaa"}, // and not in a row
	} {
		t.Run(c.steps, func(t *testing.T) {
			way, got := wayTo(3, nil), ""
			for _, step := range c.steps {
				got += way.server().Name()
				way.try()
				switch step {
				case 'f':
					if !way.pass() {
						way.round()
					}
				case 'l', 'b':
					way.worked()
					way.round()
					way.lost(step == 'b')
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

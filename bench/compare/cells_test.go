package compare

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// plays is how often a cell may be played until its word comes out. They are about what a client does, not about how fast:
// on a machine that leaves it no time for a second, another word may come out once.
const plays = 3

func TestCells(t *testing.T) {
	for _, s := range scenarios {
		for column, client := range clients {
			want := s.want[column]
			if want == leftOut || raceDetector && column >= own {
				continue
			}
			t.Run(s.name+"/"+client.name+", "+strings.ReplaceAll(client.how, "`", ""), func(t *testing.T) {
				if !s.alone {
					t.Parallel()
				}
				for range plays {
					got := play(t, s, client)
					if got == want {
						return
					}
					t.Logf("%q, want %q", got, want)
				}
				t.Errorf("never %q", want)
			})
		}
	}
	if raceDetector {
		t.Run("the others without the race detector", others)
	}
}

// others has the cells of the other clients played by a process of their own: races in them are none of our business, and
// would fail the test now and then.
func others(t *testing.T) {
	t.Parallel()
	want := 0
	for _, s := range scenarios {
		for _, word := range s.want[own:] {
			if word != leftOut {
				want++
			}
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-race=false", "-count=1", "-v", "-run", "^TestCells$//^paho", ".").CombinedOutput()
	if passed := strings.Count(string(out), "    --- PASS: "); err != nil || passed != want {
		t.Errorf("%v, and %d of %d cells\n%s", err, passed, want, out)
	}
}

func TestTheTableIsWhole(t *testing.T) {
	for _, s := range scenarios {
		if len(s.want) != len(clients) {
			t.Fatalf("%s: %d cells for %d clients", s.name, len(s.want), len(clients))
		}
		for column, want := range s.want {
			if want != leftOut && !slices.ContainsFunc(s.words, func(m meaning) bool { return m.word == want }) {
				t.Errorf("%s: nothing explains %q", s.name, want)
			}
			if column < own && want != s.words[0].word {
				t.Errorf("%s: %s isn't allowed %q", s.name, clients[column].name, want)
			}
		}
		for _, m := range s.words {
			if !slices.Contains(s.want, m.word) {
				t.Errorf("%s: no client shows %q", s.name, m.word)
			}
		}
	}
}

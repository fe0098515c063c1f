package compare

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestCells(t *testing.T) {
	for _, s := range scenarios {
		for column, client := range clients {
			t.Run(s.name+"/"+client.name+", "+strings.Trim(client.how, "`"), func(t *testing.T) {
				if !s.alone {
					t.Parallel()
				}
				ctx, stop := context.WithTimeout(context.Background(), longest)
				t.Cleanup(stop) // before the client is closed: that was asked for later, and comes first
				if got := s.play(&cell{t, client, ctx}); got != s.want[column] {
					t.Errorf("%q, want %q", got, s.want[column])
				}
				stop()
			})
		}
	}
}

func TestTheTableIsWhole(t *testing.T) {
	for _, s := range scenarios {
		if len(s.want) != len(clients) {
			t.Fatalf("%s: %d cells for %d clients", s.name, len(s.want), len(clients))
		}
		for column, want := range s.want {
			if !slices.ContainsFunc(s.words, func(m meaning) bool { return m.word == want }) {
				t.Errorf("%s: nothing explains %q", s.name, want)
			}
			if column < own && want != s.words[0].word {
				t.Errorf("%s: %s isn't allowed %q", s.name, clients[column].how, want)
			}
		}
		for _, m := range s.words {
			if !slices.Contains(s.want, m.word) {
				t.Errorf("%s: no client shows %q", s.name, m.word)
			}
		}
	}
}

package bench

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// account is what a sequence says of numbers that come in this order.
func account(s *sequence, numbers ...uint64) (all counts) {
	for _, n := range numbers {
		lost, duplicated, reordered := s.take(n)
		all.Lost += lost
		if duplicated {
			all.Duplicated++
		}
		if reordered {
			all.Reordered++
		}
	}
	return all
}

func TestSequence(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers []uint64
		want    counts
	}{
		{"all in order", []uint64{0, 1, 2, 3}, counts{}},
		{"one is missing", []uint64{0, 2, 3}, counts{Lost: 1}},
		{"the first are missing", []uint64{3, 4}, counts{Lost: 3}},
		{"twice", []uint64{0, 1, 1, 2}, counts{Duplicated: 1}},
		{"twice, the second time late", []uint64{0, 1, 2, 0}, counts{Duplicated: 1}},
		{"two change places", []uint64{0, 2, 1, 3}, counts{Reordered: 1}},
		{"late, and then again", []uint64{0, 2, 1, 1}, counts{Reordered: 1, Duplicated: 1}},
		{"out of the middle of a gap", []uint64{0, 9, 5, 4, 6, 1, 8}, counts{Lost: 3, Reordered: 5}},
		{"a gap that is filled from its ends", []uint64{4, 0, 3, 1, 2, 2}, counts{Reordered: 4, Duplicated: 1}},
		{"several gaps", []uint64{1, 3, 5, 7, 2, 6, 0, 0}, counts{Lost: 1, Reordered: 3, Duplicated: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, account(new(sequence), c.numbers...))
		})
	}
}

func TestSequenceAgainstASet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s sequence
		var got counts
		seen, highest := map[uint64]bool{}, int64(-1)
		var want counts
		for range 300 {
			n := r.Uint64N(200)
			if seen[n] {
				want.Duplicated++
			} else if int64(n) < highest {
				want.Reordered++
			}
			seen[n], highest = true, max(highest, int64(n))
			got.add(account(&s, n))
		}
		want.Lost = highest + 1 - int64(len(seen))
		require.Equal(t, want, got)
	}
}

func TestSequenceKeepsNoMoreGapsThanItMay(t *testing.T) {
	var s sequence
	var all counts
	for n := range uint64(3 * mostGaps) {
		all.add(account(&s, 2*n+1))
	}
	require.Equal(t, counts{Lost: 3 * mostGaps}, all)
	require.LessOrEqual(t, len(s.gaps), mostGaps)
	require.Equal(t, counts{Lost: -1, Reordered: 1}, account(&s, 6*mostGaps-2), "a recent one still is known to be missing")
}

func TestWhatIsMissingAtTheEnd(t *testing.T) {
	var s sequence
	account(&s, 0, 1, 2)
	require.Equal(t, int64(2), s.skip(5))
	require.Equal(t, int64(0), s.skip(5))
}

func TestASequenceThatIsFilledInItsMiddleKeepsNoMoreGapsEither(t *testing.T) {
	var s sequence
	all := account(&s, 10*mostGaps)
	for n := uint64(1); n < 10*mostGaps; n += 2 { // each makes two gaps of one
		all.add(account(&s, n))
		require.LessOrEqual(t, len(s.gaps), mostGaps)
	}
	require.Equal(t, counts{Lost: 5 * mostGaps, Reordered: 5 * mostGaps}, all)
	for n := uint64(10*mostGaps + 2); n < 20*mostGaps; n += 2 { // each leaves one more behind
		account(&s, n)
		require.LessOrEqual(t, len(s.gaps), mostGaps)
	}
}

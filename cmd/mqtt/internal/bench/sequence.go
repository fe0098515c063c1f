package bench

import "slices"

// sequence accounts for the messages of one publisher at one subscriber, numbered from 0.
type sequence struct {
	next uint64 // above all that came
	gaps []gap  // what didn't come below it, in order
}

// gap is the numbers from first to end, without end.
type gap struct{ first, end uint64 }

// mostGaps bounds the memory of a sequence. Of more, the oldest are given up: what is in them stays lost, and one that comes all
// the same counts as a duplicate.
const mostGaps = 4096

// take accounts for one message. lost is how many are missing more than before; one that comes late is missing no longer.
func (s *sequence) take(n uint64) (lost int64, duplicated, reordered bool) {
	switch {
	case n == s.next:
		s.next++
		return 0, false, false
	case n > s.next:
		lost = s.skip(n)
		s.next = n + 1
		return lost, false, false
	case s.fill(n):
		return -1, false, true
	}
	return 0, true, false
}

// skip notes that all below n is missing that wasn't due before.
func (s *sequence) skip(n uint64) (lost int64) {
	if n <= s.next {
		return 0
	}
	s.gaps = append(s.gaps, gap{s.next, n})
	s.bound()
	lost = int64(n - s.next)
	s.next = n
	return lost
}

// bound gives up the oldest gaps when there are too many.
func (s *sequence) bound() {
	if len(s.gaps) > mostGaps {
		s.gaps = slices.Delete(s.gaps, 0, mostGaps/2)
	}
}

// fill takes n out of its gap; false: it is in none.
func (s *sequence) fill(n uint64) bool {
	i, found := slices.BinarySearchFunc(s.gaps, n, func(g gap, n uint64) int {
		switch {
		case g.end <= n:
			return -1
		case g.first > n:
			return 1
		}
		return 0
	})
	if !found {
		return false
	}
	switch g := s.gaps[i]; {
	case g.end-g.first == 1:
		s.gaps = slices.Delete(s.gaps, i, i+1)
	case n == g.first:
		s.gaps[i].first++
	case n == g.end-1:
		s.gaps[i].end--
	default:
		s.gaps[i].end = n
		s.gaps = slices.Insert(s.gaps, i+1, gap{n + 1, g.end})
		s.bound()
	}
	return true
}

package actor

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func (d *deadlines) check(tb testing.TB) {
	ended := 0
	for i, e := range d.heap {
		require.False(tb, i > 0 && e.at.Before(d.heap[(i-1)/2].at), "%d is due before what is before it", i)
		if e.of.timed == nil {
			ended++
			continue
		}
		require.Same(tb, e.of, e.of.timed.rare, "the record serves another")
		require.Equal(tb, e.at, e.of.deadline)
	}
	require.Equal(tb, ended, d.ended)
}

func TestDeadlinesAgainstAModel(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 10 {
		var d deadlines
		var want []*Op
		now := time.Now()
		most := random.IntN(300)
		for range 1000 {
			switch k := random.IntN(100); {
			case k < 50 && len(want) < most:
				op := new(Op)
				op.other().deadline = now.Add(time.Duration(random.IntN(1000)) * time.Millisecond)
				before := d.next()
				require.Equal(t, before.IsZero() || op.rare.deadline.Before(before), d.add(op), "the clock is set for the next")
				require.False(t, d.add(op), "it is here")
				want = append(want, op)
			case k < 90 && len(want) > 0:
				i := random.IntN(len(want))
				d.forget(want[i])
				d.forget(want[i])
				require.LessOrEqual(t, d.ended, max(64, len(d.heap)/2))
				want = slices.Delete(want, i, i+1)
			case k > 97:
				now = now.Add(time.Duration(random.IntN(100)) * time.Millisecond)
				for op := d.due(now); op != nil; op = d.due(now) {
					i := slices.Index(want, op)
					require.GreaterOrEqual(t, i, 0)
					require.False(t, op.rare.deadline.After(now))
					want = slices.Delete(want, i, i+1)
				}
				require.False(t, slices.ContainsFunc(want, func(o *Op) bool { return !o.rare.deadline.After(now) }), "one is due")
			}
			if random.IntN(20) == 0 {
				d.check(t)
			}
			require.Equal(t, len(want), len(d.heap)-d.ended)
		}
		require.Nil(t, d.due(now.Add(-time.Hour)))
		for len(want) > 0 {
			op := d.due(now.Add(time.Hour))
			i := slices.Index(want, op)
			require.GreaterOrEqual(t, i, 0)
			want = slices.Delete(want, i, i+1)
		}
		require.Nil(t, d.due(now.Add(time.Hour)))
		require.True(t, d.next().IsZero())
	}
}

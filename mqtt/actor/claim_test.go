package actor

import (
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestClaim(t *testing.T) {
	branches := func(numbers ...uint64) (list []*branch) {
		for _, n := range numbers {
			list = append(list, &branch{number: n})
		}
		return list
	}
	type given struct {
		share uint32
		code  codec.ReasonCode
	}
	for _, c := range []struct {
		name    string
		to      []*branch
		answers []given
		settled int // by which answer, from 1; 0: by none
		code    codec.ReasonCode
		waits   uint64
	}{
		{"one stream", branches(5), []given{{0, codec.Success}}, 1, codec.Success, 5},
		{"one stream, a second answer", branches(5), []given{{0, codec.Success}, {0, codec.NotAuthorized}}, 1, codec.Success, 5},
		{"nobody is settled from the beginning", nil, []given{{0, codec.Success}}, 0, codec.Success, 0},
		{"two streams", branches(5, 6), []given{{1, codec.Success}, {0, codec.Success}}, 2, codec.Success, 0},
		{"two streams, one twice", branches(5, 6), []given{{1, codec.Success}, {1, codec.Success}}, 0, codec.Success, 5},
		{"the first failing code wins", branches(5, 6, 7), []given{{1, codec.Success}, {2, codec.QuotaExceeded}, {0, codec.NotAuthorized}}, 3, codec.QuotaExceeded, 0},
		{"a success behind it changes nothing", branches(5, 6), []given{{1, codec.QuotaExceeded}, {0, codec.Success}}, 2, codec.QuotaExceeded, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			claim := newClaim("t", c.to)
			settled := 0
			for i, a := range c.answers {
				if claim.answer(a.share, a.code, nil) {
					settled = i + 1
				}
			}
			require.Equal(t, c.settled, settled)
			require.Equal(t, c.code, claim.code)
			require.Equal(t, c.waits, claim.waitsFor())
		})
	}
	t.Run("a share can move", func(t *testing.T) {
		one, two := newClaim("t", branches(0)), newClaim("t", branches(0, 1))
		one.move(0, 9)
		two.move(1, 9)
		require.EqualValues(t, 9, one.waitsFor())
		two.answer(0, codec.Success, nil)
		require.EqualValues(t, 9, two.waitsFor())
	})
}

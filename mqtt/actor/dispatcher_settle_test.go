package actor

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// settling is a dispatcher that the test itself is: it has lent one message to a stream whose process runs. So the test says
// what comes first, where a select would draw lots.
func settling(t *testing.T) (d *dispatcher, s *StreamHandle[*message], reports <-chan report) {
	t.Helper()
	d, in := newDispatcher(settings(), each(newMessage), nil, nil, nil)
	b, handle := newStream(in, StreamConfig{}, []string{"a"})
	reply := make(chan uint64, 1)
	declareStream{b, reply}.answer(d)
	handle.number = <-reply
	linkUp{gen: 1, version: codec.V5, receiveMaximum: 4}.answer(d)
	pooled := arrivalPool.Get().(*[]arrival)
	*pooled = append(*pooled, q1("a", 1))
	d.take(arrivals{gen: 1, list: pooled})
	d.turn()
	return d, handle, d.reports
}

func TestAStreamThatClosesBesideClose(t *testing.T) {
	t.Run("Contract18 its last report is the one that Close waits for, and it is asked for none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, s, reports := settling(t)
			require.Equal(t, "a=1", (<-s.Out()).text)
			closeStream{s.Number()}.answer(d)
			synctest.Wait() // it waits to report
			d.note(&notice{closing: true})
			require.False(t, d.letter.settled, "what it has handed out isn't told yet")
			for d.living > 0 {
				r := <-reports
				d.reported(&r)
			}
			require.True(t, d.letter.settled)
			d.emit()
			require.Len(t, d.letter.acks, 1, "taken before Close: acknowledged")
			d.finish()
			_, open := <-s.Out()
			require.False(t, open)
		})
	})
	t.Run("Contract18 one that closes when Close has asked it already answers once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, s, reports := settling(t)
			require.Equal(t, "a=1", (<-s.Out()).text)
			d.note(&notice{closing: true})
			closeStream{s.Number()}.answer(d)
			for d.living > 0 {
				r := <-reports
				d.reported(&r)
			}
			require.Zero(t, d.missing)
			require.True(t, d.letter.settled)
			d.finish()
		})
	})
}

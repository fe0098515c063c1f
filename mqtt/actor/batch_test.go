package actor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func value(b byte) func([]byte) []byte { return func(v []byte) []byte { return append(v, b) } }

// kept applies a batch to what a store has.
func applied(b *batch, store map[string]string) map[string]string {
	b.settle()
	for _, c := range b.changes {
		if c.Value == nil {
			delete(store, string(c.Key))
		} else {
			store[string(c.Key)] = string(c.Value)
		}
	}
	return store
}

func TestBatch(t *testing.T) {
	admit := func(b *batch, seq uint64, staged bool) *Op {
		op := &Op{seq: seq, berth: int32(len(b.puts))}
		p := put{op, seq, b.set(messageKey(seq), value(1)), -1}
		if staged {
			p.progress = b.set(progressKey(seq), value(2))
		}
		b.puts = append(b.puts, p)
		return op
	}
	t.Run("what is struck leaves nothing, whatever stands around it", func(t *testing.T) {
		b := new(batch)
		admit(b, 1, true)
		b.remove(incomingKey(7))
		admit(b, 2, true)
		admit(b, 3, false)
		b.strike(&b.puts[1])
		require.Equal(t, map[string]string{string(messageKey(1)): "\x01", string(progressKey(1)): "\x02", string(messageKey(3)): "\x01"},
			applied(b, map[string]string{string(incomingKey(7)): "x"}))
	})
	t.Run("of a batch that failed the new messages are gone, also if it was applied, and the rest comes first", func(t *testing.T) {
		for _, wasApplied := range []bool{false, true} {
			failed, next := &batch{inbound: true}, new(batch)
			admit(failed, 1, true)
			failed.set(incomingKey(7), value(9))
			failed.remove(progressKey(100))
			store := map[string]string{string(progressKey(100)): "old"}
			if wasApplied {
				store[string(messageKey(1))], store[string(progressKey(1))] = "\x01", "\x02"
			}
			admit(next, 2, true)
			admit(next, 3, true)
			next.remove(incomingKey(7))
			failed.fail()
			next.precede(failed)
			require.True(t, next.inbound)
			next.strike(&next.puts[0])
			require.Equal(t, map[string]string{string(messageKey(3)): "\x01", string(progressKey(3)): "\x02"}, applied(next, store))
		}
	})
	t.Run("§4.1 a store that goes on failing costs no more than there are keys", func(t *testing.T) {
		open := new(batch)
		for seq := range uint64(2 * mostRemovals) {
			admit(open, seq, true)
			open.set(incomingKey(7), value(byte(seq)))
			if seq%5000 == 4999 {
				next := new(batch)
				open.settle()
				open.fail()
				next.precede(open)
				open = next
			}
		}
		open.settle()
		require.LessOrEqual(t, len(open.changes), mostRemovals+2*5000)
	})
}

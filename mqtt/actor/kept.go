package actor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Whole says whether what was added makes a session, and whether it is that of a client identifier.
func (k *Kept) Whole(clientID string) error {
	if k.named && k.client != clientID {
		return fmt.Errorf("it has the session of client identifier %q, and this client's is %q", k.client, clientID)
	}
	ids := make(map[uint16]uint64)
	for seq, w := range k.walked {
		op := k.messages[seq]
		switch {
		case op == nil && w.state != opReleased && !w.withdrawn:
			return fmt.Errorf("the message with number %d is gone, and how far it came is not", seq)
		case op != nil && op.level != w.level:
			return fmt.Errorf("the message with number %d is of QoS %d, and came as far as one of QoS %d", seq, op.level, w.level)
		case w.state == opReleased && w.level != codec.ExactlyOnce:
			return fmt.Errorf("the message with number %d is of QoS %d, and has a PUBREC", seq, w.level)
		}
		if other, twice := ids[w.id]; twice && w.id != 0 {
			return fmt.Errorf("messages %d and %d have the same packet identifier, %d", other, seq, w.id)
		}
		ids[w.id] = seq
	}
	return nil
}

// ops gives the messages in their order, each as far as it came.
func (k *Kept) ops() []*Op {
	for seq, w := range k.walked {
		if op := k.messages[seq]; op != nil && w.state != opReleased && !w.withdrawn {
			w.Message, w.size, w.rare, w.Paired = op.Message, op.size, op.rare, op.Paired
		}
		if k.messages == nil {
			k.messages = make(map[uint64]*Op)
		}
		k.messages[seq] = w
	}
	return slices.SortedFunc(maps.Values(k.messages), func(a, b *Op) int { return cmp.Compare(a.seq, b.seq) })
}

// restoreKept takes over a session that was kept: what had left is in flight, and what had not waits for its turn.
func (t *tracker) restoreKept(k *Kept) {
	t.now = t.clock()
	for _, op := range k.ops() {
		t.seq = op.seq
		if op.withdrawn {
			t.ids.claim(op)
			t.flight.push(op)
			t.ghosts++
			continue
		}
		t.messages++
		t.bytes += op.size
		op.epoch, op.since = t.epochs.begin(), t.now
		t.counts.Admitted++
		if op.id == 0 {
			t.windowed.push(op)
			t.contend([]*Op{op})
			t.timeAgain(op)
			continue
		}
		t.ids.claim(op)
		t.flight.push(op)
		t.ids.last = op.id
		t.order = max(t.order, op.released)
	}
	t.doubt.noted = k.doubt
	var stale []string // response topics: whoever waited there is gone
	for _, f := range k.filters {
		if f.fleeting {
			stale = append(stale, f.sub.Filter)
		}
		t.wanted.restore(f)
		if id := cmp.Or(f.sub.Identifier, f.identifier); id != 0 {
			t.note.identifiers = append(t.note.identifiers, identifier{id, f.sub.Filter})
		}
	}
	if len(stale) > 0 {
		t.enqueue(&Op{traits: traits{kind: opUnsubscribe}, asking: &asking{Filters: stale}})
	}
	if !k.named {
		t.open.set([]byte{clientRecord}, func(v []byte) []byte { return append(append(v, recordVersion), t.cfg.Connect.ClientID...) })
	}
}

package actor

import (
	"maps"
	"slices"
)

// filters is what the tracker knows of subscriptions: what is wanted, and which calls wait for an answer.
type filters struct {
	wanted    wanted
	calls     map[*Op]struct{} // SUBSCRIBE and UNSUBSCRIBE calls of which a packet has left
	restoring int              // calls of ours that restore filters on this connection, without answer
}

// restore asks a new connection for what is wanted and its session lacks (contract 9). Like options go together.
func (t *tracker) restore() {
	asked, doomed := t.askedFor(), t.doomed()
	var subs []Subscription
	for _, f := range t.wanted.lacking() {
		if t.cfg.NoResubscribe && f.responding == nil {
			continue
		}
		if !asked[f.sub.Filter] && !doomed[f.sub.Filter] {
			subs = append(subs, f.sub)
		}
	}
	var ops []*Op
	for some := range slices.Chunk(subs, restoreBatch) {
		ops = append(ops, &Op{traits: traits{kind: opSubscribe, resub: true, state: opQueued}, asking: &asking{Subs: some}})
	}
	t.restoring += len(ops)
	t.free.unpop(ops)
}

// restoreBatch is how many filters are restored by one call of ours. A call leaves only when there is a Packet Identifier for
// each of its filters, as each may need a packet of its own; so it must not be one for all filters that there are.
const restoreBatch = 1024

// doomed lists the filters that nobody wants any more when what waits has left: they aren't restored for that moment.
func (t *tracker) doomed() map[string]bool {
	doomed, holders := make(map[string]bool), make(map[string]map[uint64]*holder)
	for op := range t.free.all {
		if op.kind != opUnsubscribe {
			continue
		}
		for _, filter := range op.Filters {
			f := t.wanted.filters[filter]
			if f == nil {
				continue
			}
			if holders[filter] == nil {
				holders[filter] = maps.Clone(f.holders)
			}
			leave(holders[filter], op.Stream)
			doomed[filter] = doomed[filter] || len(holders[filter]) == 0
		}
	}
	return doomed
}

// askedFor lists the filters of calls that ask again by themselves.
func (t *tracker) askedFor() map[string]bool {
	asked := make(map[string]bool)
	for op := range t.free.all {
		if op.kind != opSubscribe || op.call == nil {
			continue
		}
		for _, i := range op.call.todo {
			asked[op.Subs[i].Filter] = true
		}
	}
	return asked
}

// loseCalls makes the calls whose answers a lost connection took with it ask again, in their order.
func (t *tracker) loseCalls() {
	var again []*Op
	for op := range t.calls {
		c := op.call
		for _, packet := range c.open {
			c.todo = append(c.todo, packet.part...)
			t.ids.free(packet)
		}
		slices.Sort(c.todo)
		c.open = nil
		if !op.resub { // the next connection restores what it lacks
			op.state = opQueued
			again = append(again, op)
		}
	}
	clear(t.calls)
	t.restoring = 0
	for _, op := range t.free.list() {
		if op.resub {
			t.free.remove(op)
		}
	}
	t.free.merge(again)
}

package actor

import (
	"maps"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// wanted is the set of filters that the application wants to be subscribed, whoever of its streams wants them (contract 9).
type wanted struct {
	filters map[string]*want
	given   uint32 // Subscription Identifiers given out so far, above firstIdentifier
	spare   []uint32
	order   uint64
	keeping bool     // there is a store, which knows of all but
	changed []*want  // these, and still has
	gone    []uint64 // these, by their order
}

// want is one filter: the server has one subscription for it, for all who want it.
type want struct {
	sub        Subscription       // the highest QoS asked, the last options
	holders    map[uint64]*holder // by the number of the stream
	identifier uint32             // ours, zero for none
	held       bool               // the server's session has it
	order      uint64             // the order of the first asking
	untold     bool               // it is among those that have changed
	fleeting   bool               // it is a response topic, which nobody wants after its process,
	responding *responding        // and of this one; else nil
}

// holder is a stream that wants a filter.
type holder struct {
	qos     codec.QoS // the highest asked
	pending int       // calls that ask for it, and have not ended
	granted bool      // one of them was granted, and its caller knows
}

// ownerless stands for whoever wanted a filter before this process: the filter stays wanted until somebody here asks for it, or
// Messages doesn't want it any more.
const ownerless = ^uint64(0)

// firstIdentifier is where the Subscription Identifiers begin that the client gives out by itself.
const firstIdentifier = 268_000_000

// add notes that a stream wants a filter; the answer is what the server shall be asked for.
func (w *wanted) add(stream uint64, sub Subscription) (*want, bool) {
	if w.filters == nil {
		w.filters = make(map[string]*want)
	}
	f := w.filters[sub.Filter]
	if f == nil {
		w.order++
		f = &want{holders: make(map[uint64]*holder, 1), order: w.order}
		w.filters[sub.Filter] = f
	}
	h, had := f.holders[stream]
	if !had {
		h = new(holder)
		f.holders[stream] = h
	}
	delete(f.holders, ownerless)
	h.qos = max(h.qos, sub.QoS)
	f.sub = sub
	for _, h := range f.holders {
		f.sub.QoS = max(f.sub.QoS, h.qos)
	}
	w.touch(f)
	return f, !had
}

// restore takes over a filter that was kept.
func (w *wanted) restore(f *want) {
	if w.filters == nil {
		w.filters = make(map[string]*want)
	}
	f.holders = map[uint64]*holder{ownerless: {qos: f.sub.QoS, granted: true}}
	w.filters[f.sub.Filter] = f
	w.order = max(w.order, f.order)
	if f.identifier >= firstIdentifier {
		w.given = max(w.given, f.identifier-firstIdentifier+1)
	}
}

// touch notes that the store has to know of a change.
func (w *wanted) touch(f *want) {
	if w.keeping && !f.untold {
		f.untold = true
		w.changed = append(w.changed, f)
	}
}

// hold notes whether the server's session has a filter.
func (w *wanted) hold(f *want, held bool) {
	if f.held != held {
		f.held = held
		w.touch(f)
	}
}

// leave takes a stream from those who want a filter. What nobody of this process has asked for was Messages' as far as it knows.
func leave(holders map[uint64]*holder, stream uint64) {
	delete(holders, stream)
	if stream == 0 {
		delete(holders, ownerless)
	}
}

// drop notes that a stream doesn't want a filter any more. last says that nobody does now.
func (w *wanted) drop(stream uint64, filter string) (last bool) {
	f := w.filters[filter]
	if f == nil {
		return true
	}
	leave(f.holders, stream)
	if len(f.holders) > 0 {
		return false
	}
	if w.keeping {
		w.gone = append(w.gone, f.order)
	}
	if f.identifier != 0 {
		w.spare = append(w.spare, f.identifier)
	}
	delete(w.filters, filter)
	return true
}

// identify gives the filter a Subscription Identifier of ours when a stream other than Messages wants it and the user gave none.
func (w *wanted) identify(f *want) uint32 {
	if f.sub.Identifier != 0 {
		return f.sub.Identifier
	}
	if f.identifier == 0 && !f.messagesOnly() {
		switch {
		case firstIdentifier+w.given <= 268_435_455:
			f.identifier = firstIdentifier + w.given
			w.given++
		case len(w.spare) > 0: // the one that has been free the longest
			f.identifier, w.spare = w.spare[0], w.spare[1:]
		}
		w.touch(f)
	}
	return f.identifier
}

// holds says whether a stream wants a filter.
func (w *wanted) holds(stream uint64, filter string) bool {
	f := w.filters[filter]
	if f == nil {
		return false
	}
	_, yes := f.holders[stream]
	return yes
}

func (f *want) messagesOnly() bool {
	for stream := range f.holders {
		if stream != 0 && stream != ownerless {
			return false
		}
	}
	return true
}

// lacking lists what the server's session doesn't have, in the order of asking.
func (w *wanted) lacking() []*want {
	list := slices.DeleteFunc(slices.Collect(maps.Values(w.filters)), func(f *want) bool { return f.held })
	slices.SortFunc(list, func(a, b *want) int { return int(int64(a.order) - int64(b.order)) })
	return list
}

// lost forgets what the server had: its session is gone.
func (w *wanted) lost() {
	for _, f := range w.filters {
		w.hold(f, false)
	}
}

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
}

// want is one filter: the server has one subscription for it, for all who want it.
type want struct {
	sub        Subscription       // the highest QoS asked, the last options
	holders    map[uint64]*holder // by the number of the stream
	identifier uint32             // ours, zero for none
	held       bool               // the server's session has it
	order      uint64             // the order of the first asking
}

// holder is a stream that wants a filter.
type holder struct {
	qos     codec.QoS // the highest asked
	pending int       // calls that ask for it, and have not ended
	granted bool      // one of them was granted, and its caller knows
}

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
	h.qos = max(h.qos, sub.QoS)
	f.sub = sub
	for _, h := range f.holders {
		f.sub.QoS = max(f.sub.QoS, h.qos)
	}
	return f, !had
}

// drop notes that a stream doesn't want a filter any more. last says that nobody does now.
func (w *wanted) drop(stream uint64, filter string) (last bool) {
	f := w.filters[filter]
	if f == nil {
		return true
	}
	delete(f.holders, stream)
	if len(f.holders) > 0 {
		return false
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
	_, messages := f.holders[0]
	return messages && len(f.holders) == 1
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
		f.held = false
	}
}

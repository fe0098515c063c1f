package actor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// routes finds the streams that a message is for: the filters as a tree of levels (§4.7), and what the Subscription
// Identifiers mean (§3.3.2.3.8).
type routes struct {
	root        node
	filters     int // in the tree
	identifiers identifiers

	topic string   // the last one looked up,
	hits  []*route // and the filters that match it: messages of one topic often come in a row
	mark  uint64   // numbers the look-ups, so that a stream is found once
	known []uint32 // identifiers of the message at hand
}

// node is one level of filters.
type node struct {
	next map[string]*node
	plus *node
	hash *node
	here []*route // filters that end here, sorted; $share makes several of what is one in the tree
}

// route is a filter and the streams that want it, in the order of their numbers.
type route struct {
	filter  string
	streams []*branch
}

// add makes a branch's filters lead to it.
func (r *routes) add(b *branch) {
	r.forgetTopic()
	for _, filter := range b.filters {
		n := r.root.reach(plainFilter(filter))
		i, known := n.find(filter)
		if !known {
			n.here = slices.Insert(n.here, i, &route{filter: filter})
			r.filters++
		}
		to := n.here[i]
		if i, known := to.find(b); !known {
			to.streams = slices.Insert(to.streams, i, b)
		}
	}
}

// remove forgets a branch.
func (r *routes) remove(b *branch) {
	r.forgetTopic()
	for _, filter := range b.filters {
		r.root.cut(plainFilter(filter), true, func(n *node) { r.leave(n, filter, b) })
	}
}

func (r *routes) leave(n *node, filter string, b *branch) {
	i, known := n.find(filter)
	if !known {
		return
	}
	to := n.here[i]
	if i, known := to.find(b); known {
		to.streams = slices.Delete(to.streams, i, i+1)
	}
	if len(to.streams) == 0 {
		n.here = slices.Delete(n.here, i, i+1)
		r.filters--
	}
}

func (r *routes) forgetTopic() { r.topic, r.hits = "", nil }

// find appends the branches that p is for to list, each once.
func (r *routes) find(p *codec.Publish, list []*branch) []*branch {
	if r.filters == 0 {
		return list
	}
	if r.topic != p.Topic {
		r.topic, r.hits = p.Topic, r.root.match(p.Topic, true, p.Topic[0] == '$', r.hits[:0])
	}
	if len(r.hits) == 0 {
		return list
	}
	r.known = r.identifiers.known(p, r.known[:0])
	r.mark++
	for _, hit := range r.hits {
		if len(r.known) > 0 && !r.identifiers.belong(r.known, hit.filter) {
			continue
		}
		for _, b := range hit.streams {
			if b.mark != r.mark {
				b.mark = r.mark
				list = append(list, b)
			}
		}
	}
	return list
}

// find gives the place of a filter that ends here.
func (n *node) find(filter string) (int, bool) {
	return slices.BinarySearchFunc(n.here, filter, func(e *route, filter string) int { return strings.Compare(e.filter, filter) })
}

// find gives the place of a stream.
func (r *route) find(b *branch) (int, bool) {
	return slices.BinarySearchFunc(r.streams, b, func(s, b *branch) int { return cmp.Compare(s.number, b.number) })
}

// leadsTo says whether p is for b, for which add need not have been called.
func (r *routes) leadsTo(b *branch, p *codec.Publish) bool {
	r.known = r.identifiers.known(p, r.known[:0])
	return slices.ContainsFunc(b.filters, func(filter string) bool {
		return codec.Match(filter, p.Topic) && (len(r.known) == 0 || r.identifiers.belong(r.known, filter))
	})
}

// reach gives the node of a filter.
func (n *node) reach(filter string) *node {
	for more := true; more; {
		var level string
		level, filter, more = strings.Cut(filter, "/")
		n = n.child(level)
	}
	return n
}

func (n *node) child(level string) *node {
	switch level {
	case "+":
		if n.plus == nil {
			n.plus = new(node)
		}
		return n.plus
	case "#":
		if n.hash == nil {
			n.hash = new(node)
		}
		return n.hash
	}
	if n.next == nil {
		n.next = make(map[string]*node, 1)
	}
	c := n.next[level]
	if c == nil {
		c = new(node)
		n.next[level] = c
	}
	return c
}

// cut calls leave for the node of a filter, and takes out of the tree what has become empty.
func (n *node) cut(filter string, more bool, leave func(*node)) {
	if !more {
		leave(n)
		return
	}
	level, rest, more := strings.Cut(filter, "/")
	c := n.child(level)
	c.cut(rest, more, leave)
	if len(c.here) > 0 || len(c.next) > 0 || c.plus != nil || c.hash != nil {
		return
	}
	switch level {
	case "+":
		n.plus = nil
	case "#":
		n.hash = nil
	default:
		delete(n.next, level)
	}
}

// match appends the filters that match what is left of a topic. A wildcard in the first place doesn't match a topic that
// begins with $ (§4.7.2).
func (n *node) match(topic string, more, dollar bool, hits []*route) []*route {
	if n.hash != nil && !dollar {
		hits = append(hits, n.hash.here...) // the level above it included
	}
	if !more {
		return append(hits, n.here...)
	}
	level, rest, more := strings.Cut(topic, "/")
	if c := n.next[level]; c != nil {
		hits = c.match(rest, more, false, hits)
	}
	if n.plus != nil && !dollar {
		hits = n.plus.match(rest, more, false, hits)
	}
	return hits
}

// plainFilter is a filter without what makes it a shared subscription.
func plainFilter(filter string) string {
	if _, inner, ok := codec.SharedFilter(filter); ok {
		return inner
	}
	return filter
}

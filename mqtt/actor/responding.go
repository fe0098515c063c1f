package actor

import (
	"github.com/sluicemq/sluice/mqtt/codec"
)

// responseInformation is what a CONNACK says of response topics; empty for nothing (§3.2.2.3.15).
func responseInformation(ack *codec.ConnAck) string {
	if ack == nil || ack.Properties == nil {
		return ""
	}
	return ack.Properties.ResponseInformation
}

// respond notes that a filter is a response topic, when op says so.
func (t *tracker) respond(f *want, op *Op) {
	if op.responding == nil {
		return
	}
	f.fleeting, f.responding = true, op.responding
	f.responding.compare(responseInformation(t.link.connack))
}

// respondElsewhere tells what a new connection's Response Information means for the response topic in use.
func (t *tracker) respondElsewhere() {
	for _, f := range t.wanted.filters {
		f.responding.compare(responseInformation(t.link.connack))
	}
}

// compare tells that the topic isn't where the server wants it any more.
func (r *responding) compare(base string) {
	if r != nil && r.base != base {
		signal(r.moved)
	}
}

// refuse tells that a new connection refuses the filter.
func (r *responding) refuse(g Grant) {
	if r == nil {
		return
	}
	select {
	case r.refused <- g:
	default: // it was told before
	}
}

// unrespond takes the response topics out of a session that outlives this process, now or when the next connection is up: nobody
// waits there after Close. One that was not asked for yet isn't any more.
func (t *tracker) unrespond() {
	if t.cfg.Session != SessionDurable {
		return
	}
	for _, op := range t.free.list() {
		if op.kind == opSubscribe && op.responding != nil && !op.started {
			t.free.remove(op)
			op.end(Outcome{Err: op.fate(ErrClosed)})
		}
	}
	if t.link.wire == nil {
		return
	}
	doomed := t.doomed()
	for filter, f := range t.wanted.filters {
		if f.responding == nil || doomed[filter] {
			continue
		}
		for stream := range f.holders {
			t.enqueue(&Op{traits: traits{kind: opUnsubscribe}, asking: &asking{Stream: stream, Filters: []string{filter}}})
		}
	}
}

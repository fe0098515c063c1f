package top

import (
	"context"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// gather is the process that owns the table. It takes each message as it comes; the screen asks it a few times a second, so
// that a flood of messages is none of screens.
type gather struct {
	messages  <-chan *mqtt.Received
	events    <-chan mqtt.Event // nil: somebody else is told
	questions <-chan question
	out       []string // filters of topics that don't count

	table *table // owned by run, as is link
	link  link
}

// question asks for a snapshot.
type question struct {
	most   int    // bytes of each payload
	topic  string // asks for the detail of this one as well; empty: of none
	answer chan<- *snapshot
}

func (g *gather) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m, open := <-g.messages:
			if !open {
				g.messages = nil // the last event says why
				continue
			}
			g.take(m)
		case e, open := <-g.events:
			if !open {
				g.events = nil
				continue
			}
			g.link.told(e, time.Now())
		case q := <-g.questions:
			q.answer <- g.snapshot(q)
		}
	}
}

func (g *gather) take(m *mqtt.Received) {
	if !slices.ContainsFunc(g.out, func(filter string) bool { return codec.Match(filter, m.Topic) }) {
		g.table.put(m, time.Now())
	}
}

func (g *gather) snapshot(q question) *snapshot {
	now := time.Now()
	s := g.table.snapshot(now, q.most)
	s.link = g.link
	if q.topic != "" {
		s.detail = g.table.detail(q.topic, now)
	}
	return s
}

// asker gives the function that asks a gather. It gives nil when ctx is over.
func asker(ctx context.Context, questions chan<- question) func(most int, topic string) *snapshot {
	return func(most int, topic string) *snapshot {
		answer := make(chan *snapshot, 1)
		select {
		case questions <- question{most, topic, answer}:
			return <-answer
		case <-ctx.Done():
			return nil
		}
	}
}

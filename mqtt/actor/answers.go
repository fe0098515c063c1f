package actor

import (
	"context"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Answers is what callers hold of a response topic and the process behind it. Any goroutine may use it.
type Answers[M any] struct {
	*StreamHandle[M]
	Tag    any // what its owner knows it by
	Topic  string
	Op     *Op             // the SUBSCRIBE
	visits chan<- visit[M] // to requests, callers wait a turn
	ready  <-chan struct{}
	over   <-chan struct{}
}

// responding is what the SUBSCRIBE of a response topic bears to the tracker.
type responding struct {
	base    string          // the Response Information that the topic was made of
	refused chan<- Grant    // to requests, one slot: a new connection refuses the filter, once
	moved   chan<- struct{} // to requests, a signal: the Response Information is another now
}

// Ready is closed when the server has the filter: answers will come.
func (a *Answers[M]) Ready() <-chan struct{} { return a.ready }

// Join lets w wait for its answer. False: no call is to begin here any more, and w doesn't wait; its Word says whether it was
// the last.
func (a *Answers[M]) Join(w *Wait[M]) (word Word[M], joined bool) {
	select {
	case a.visits <- visit[M]{w, w.Key, false}:
	case <-a.end:
		return Word[M]{}, false
	}
	if closed(a.over) {
		return a.Leave(w), false
	}
	return Word[M]{}, true
}

// Heard returns when the process has heard of a w that has joined: when its Key was taken, its Word is there.
func (a *Answers[M]) Heard(w *Wait[M]) {
	select {
	case a.visits <- visit[M]{}: // it comes after the one with which w joined
	case <-a.end:
	}
}

// Leave ends the waiting of a w that has joined, and gives its Word: an answer may have been quicker.
func (a *Answers[M]) Leave(w *Wait[M]) Word[M] {
	select {
	case a.visits <- visit[M]{w, w.Key, true}:
	case <-a.end:
	}
	return <-w.words
}

// NewAnswers makes a response topic and has the server asked for it, at the highest QoS: that of an answer is its sender's
// choice. It takes a turn of the dispatcher's and one of the tracker's.
func (c *Client[M]) NewAnswers(tag any, topic, base string) (*Answers[M], error) {
	refused, moved := make(chan Grant, 1), make(chan struct{}, 1)
	op := NewSubscribe(0, []Subscription{{Subscription: codec.Subscription{Filter: topic, QoS: codec.ExactlyOnce, RetainHandling: 2}}})
	op.responding = &responding{base, refused, moved}
	b, a := newRequests(c.Inbound, tag, op, refused, moved)
	if err := c.add(b, a.StreamHandle); err != nil {
		return nil, err
	}
	op.Stream = a.number
	if err := c.Enlist(op); err != nil {
		a.Close(context.Background())
		return nil, err
	}
	return a, nil
}

// newRequests makes the process as dispatcher and callers see it. It begins to run when the dispatcher has it.
func newRequests[M any](c *Inbound[M], tag any, op *Op, refused <-chan Grant, moved <-chan struct{}) (*branch, *Answers[M]) {
	work, visits := make(chan []item, 1), make(chan visit[M])
	ready, over, end, quit := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	out, each := make(chan M), make(chan M)
	topic := op.Subs[0].Filter
	b := &branch{tag: tag, filters: []string{topic}, work: work, unread: work, quit: quit, eager: true, plain: true,
		overflow: OverflowHold, ack: AckOnTake}
	b.inbox.room = c.cfg.hard // as many answers as there are calls may come at once
	b.process = &requests[M]{self: b, create: c.create(), work: work, reports: c.reports, visits: visits,
		asked: op.Ending, answer: op.told, refused: refused, moved: moved, ready: ready, over: over, end: end,
		out: out, each: each, open: make(map[string]*Wait[M])}
	handle := &StreamHandle[M]{out: out, each: each, end: end, quit: quit, inquiries: c.inquiries, durable: c.cfg.durable}
	return b, &Answers[M]{StreamHandle: handle, Tag: tag, Topic: topic, Op: op, visits: visits, ready: ready, over: over}
}

// Wait gives a place to wait at; Unwait takes it back when its Word came, or when it never joined.
func (c *Client[M]) Wait() *Wait[M] { return c.waits.Get().(*Wait[M]) }

// Unwait is for the place of a call that has ended.
func (c *Client[M]) Unwait(w *Wait[M]) {
	w.Key = ""
	c.waits.Put(w)
}

func newWait[M any]() *Wait[M] {
	words := make(chan Word[M], 1)
	return &Wait[M]{word: words, words: words}
}

// Answers gives the response topic in use, nil for none yet.
func (c *Client[M]) Answers() *Answers[M] {
	a := <-c.answersOut
	c.answersIn <- a
	return a
}

// Renew has make put another response topic into the place of old, unless somebody has done so.
func (c *Client[M]) Renew(old *Answers[M], make_ func() (*Answers[M], error)) error {
	a := <-c.answersOut
	defer func() { c.answersIn <- a }()
	if a != old {
		return nil
	}
	made, err := make_()
	if err == nil {
		a = made
	}
	return err
}

package main

import (
	"context"
	"fmt"
)

// expectation is what is dealt to one receiver: some of the messages of a flood, in order. Some of their payloads are held, and
// looked at again when others have come: nothing may have written over them since. One goroutine at a time may use it.
type expectation struct {
	size        int // of a payload
	next, step  int // the sequence that is due, and how far apart they are
	n           int // of all messages, those of other receivers too
	taken       uint64
	held        []heldPayload
	every, wait int // of so many messages one is held; after wait more
}

type heldPayload struct {
	bytes    []byte
	sequence uint64
}

// What is held spans as many bytes as go through buffers for reading a few times; of large payloads that is a few.
const (
	mostHeld  = 64
	spanBytes = 1 << 20
)

// expectationsOf are those of receivers of an order, to each of whom the messages are dealt in turn. Where there are many, none
// holds anything.
func expectationsOf(o order, receivers int) []expectation {
	all := make([]expectation, receivers)
	size := max(16, o.Size)
	holds := min(mostHeld, 2+spanBytes/size)
	each := max(1, holds/receivers)
	if receivers > mostHeld*2 {
		each = 0
	}
	every := max(eighth, spanBytes/(size*max(1, each*receivers)))
	for i := range all {
		all[i] = expectation{size: size, next: i, step: receivers, n: o.N, every: every, held: make([]heldPayload, each)}
	}
	return all
}

// over says that no more is due.
func (e *expectation) over() bool { return e.next >= e.n }

// take is called with each message.
func (e *expectation) take(payload []byte) error {
	if err := follow(payload, e.size, uint64(e.next), e.taken); err != nil {
		return err
	}
	if e.wait--; e.wait < 0 && len(e.held) > 0 {
		e.wait += e.every
		if err := e.hold(payload); err != nil {
			return err
		}
	}
	e.next += e.step
	e.taken++
	return nil
}

// hold holds a payload, in place of the oldest one.
func (e *expectation) hold(payload []byte) error {
	h := &e.held[int(e.taken)/e.every%len(e.held)]
	err := h.check()
	*h = heldPayload{payload, uint64(e.next)}
	return err
}

// end looks at all that is held.
func (e *expectation) end() error {
	for _, h := range e.held {
		if err := h.check(); err != nil {
			return err
		}
	}
	return nil
}

func (h heldPayload) check() error {
	if h.bytes != nil && !whole(h.bytes, h.sequence) {
		return fmt.Errorf("message %d was written over after it had been taken", h.sequence)
	}
	return nil
}

// checker checks what comes in one goroutine, from all streams.
type checker struct {
	streams []expectation
	left    int
	done    chan error // the first fault, or nil with the last message
}

func newChecker(o order) *checker {
	return &checker{streams: expectationsOf(o, max(1, o.Streams)), left: o.N, done: make(chan error, 1)}
}

// take is called with each message of a stream.
func (t *checker) take(stream int, payload []byte) {
	if t.left == 0 {
		return // more than was asked for, or behind a fault
	}
	err := t.streams[stream].take(payload)
	if err == nil {
		if t.left--; t.left > 0 {
			return
		}
		err = t.end()
	}
	t.left = 0
	t.done <- err
}

func (t *checker) end() error {
	for i := range t.streams {
		if err := t.streams[i].end(); err != nil {
			return err
		}
	}
	return nil
}

func (t *checker) wait(ctx context.Context) error {
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

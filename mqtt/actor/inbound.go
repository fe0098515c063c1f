package actor

import (
	"cmp"
	"context"
	"time"
)

// inboundConfig is what the receiving half keeps to. All of it is settled.
type inboundConfig struct {
	receiveMaximum int           // QoS 1 and 2 messages with the application, unacknowledged
	inbox          Bounds        // room for QoS 0, of each stream
	overflow       Overflow      // when it is full
	hard           Bounds        // of QoS 1 and 2, while an answer is owed
	stallAfter     time.Duration // zero: never
	ack            AckMode
	claimed        bool // somebody listens on Messages from the beginning
	durable        bool // a store keeps QoS 2 identifiers
}

// StreamConfig is how one stream differs; each zero field is the client's own.
type StreamConfig struct {
	Inbox    Bounds
	Overflow Overflow
	Ack      AckMode
	Tag      any // what its owner knows it by, in events and statistics
}

// Inbound is what callers hold of the dispatcher. Any goroutine may use it.
type Inbound[M any] struct {
	cfg       inboundConfig
	create    func() func(*Handout) M // one for each process that hands out
	inquiries chan<- inquiry          // to dispatcher, callers and supervisor wait a turn
	reports   chan<- report           // to dispatcher, for streams
	ended     <-chan struct{}
	final     *InboundStats // written before ended is closed
	messages  *StreamHandle[M]
}

// StreamHandle is what callers hold of one stream. Any goroutine may use it.
type StreamHandle[M any] struct {
	number    uint64 // written before anybody else has the handle
	out, each <-chan M
	back      chan<- givenBack[M] // to stream, callers wait a turn
	end       <-chan struct{}     // closed behind out and each
	quit      <-chan struct{}     // closed by Close, and not when the client ends
	inquiries chan<- inquiry      // to dispatcher, callers wait a turn
	durable   bool                // there is a store
}

// verdictBatch is how many verdicts lie in the channel to the dispatcher: who gives one more waits for its next turn, which takes
// them all.
const verdictBatch = 32

// newDispatcher makes the dispatcher and its callers' side. create gives a stream what makes the messages that the
// application is handed; that runs in the stream's process, must not wait, and keeps nothing of the Handout but what that refers to.
func newDispatcher[M any](cfg inboundConfig, create func() func(*Handout) M, in <-chan arrivals,
	notices <-chan *notice, owed chan<- *owed) (*dispatcher, *Inbound[M]) {
	inquiries, reports, ended := make(chan inquiry), make(chan report), make(chan struct{})
	verdicts := make(chan verdict, min(verdictBatch, cfg.receiveMaximum))
	final := new(InboundStats)
	c := &Inbound[M]{cfg: cfg, create: create, inquiries: inquiries, reports: reports, ended: ended, final: final}
	messages, handle := newStream(c, StreamConfig{}, nil)
	c.messages = handle
	d := &dispatcher{cfg: &c.cfg, began: time.Now(), arrivals: in, notices: notices, owed: owed, inquiries: inquiries,
		verdicts: verdicts, reports: reports, ended: ended, final: final,
		bonds: bonds{verdicts: verdicts, ended: ended}, messages: messages, claimed: cfg.claimed,
		streams: map[uint64]*branch{0: messages}, order: arrivalOrder{base: 1, next: 1}, letter: newLetter()}
	d.bindSession()
	return d, c
}

// newStream makes a stream's process, which doesn't run yet, as dispatcher and callers see it.
func newStream[M any](c *Inbound[M], cfg StreamConfig, filters []string) (*branch, *StreamHandle[M]) {
	work, back, end := make(chan []item, 1), make(chan givenBack[M]), make(chan struct{})
	out, each, quit := make(chan M), make(chan M), make(chan struct{})
	b := &branch{tag: cfg.Tag, filters: filters, work: work, unread: work, quit: quit,
		overflow: cmp.Or(cfg.Overflow, c.cfg.overflow), ack: cmp.Or(cfg.Ack, c.cfg.ack)}
	b.inbox.room = Bounds{cmp.Or(cfg.Inbox.Messages, c.cfg.inbox.Messages), cmp.Or(cfg.Inbox.Bytes, c.cfg.inbox.Bytes)}
	b.process = &stream[M]{self: b, create: c.create(), ack: b.ack, work: work, reports: c.reports, back: back, out: out, each: each, end: end}
	return b, &StreamHandle[M]{out: out, each: each, back: back, end: end, quit: quit, inquiries: c.inquiries, durable: c.cfg.durable}
}

// Claim says that somebody listens on Messages from now on. It takes one turn of the dispatcher's.
func (c *Inbound[M]) Claim() {
	select {
	case c.inquiries <- claimMessages{}:
	case <-c.ended:
	}
}

// Declare makes a stream: from now on what matches one of filters goes to it, and what waits on Messages and matches moves
// to it. filters belongs to the client from here on. The error is ErrClosed when the client has ended.
func (c *Inbound[M]) Declare(cfg StreamConfig, filters []string) (*StreamHandle[M], error) {
	b, handle := newStream(c, cfg, filters)
	if err := c.add(b, handle); err != nil {
		return nil, err
	}
	return handle, nil
}

// add hands a stream to the dispatcher.
func (c *Inbound[M]) add(b *branch, handle *StreamHandle[M]) error {
	reply := make(chan uint64, 1)
	select {
	case c.inquiries <- declareStream{b, reply}:
		handle.number = <-reply
		return nil
	case <-c.ended:
		return ErrClosed
	}
}

// Stats counts what came in; after the client's end as it was then.
func (c *Inbound[M]) Stats() InboundStats {
	reply := make(chan InboundStats, 1)
	select {
	case c.inquiries <- countInbound{reply}:
		return <-reply
	case <-c.ended:
		return *c.final
	}
}

// Number is what events and statistics call the stream; zero is Messages.
func (s *StreamHandle[M]) Number() uint64 { return s.number }

// Out gives each message to whoever receives from it; at AckOnTake that acknowledges it.
func (s *StreamHandle[M]) Out() <-chan M { return s.out }

// Each gives the messages of which each is answered by its Ticket, or given back, whatever the mode. What Out and Each give
// is one stream: a message goes to whoever asks first.
func (s *StreamHandle[M]) Each() <-chan M { return s.each }

// GiveBack returns what came through Each: it is again the first of its stream. m is what will be handed out, t the Ticket
// that came with it. When the stream has closed meanwhile, the message is acknowledged and counted as discarded.
func (s *StreamHandle[M]) GiveBack(m M, t Ticket) {
	select {
	case s.back <- givenBack[M]{m, t}:
	case <-s.end:
		if t.bond != nil {
			t.send(verdict{&t, discarded}) // too late is as good: nobody has it any more
		}
	}
}

// Close closes both channels, and returns when that is done or ctx ends; either way it will be done once it was asked for.
// What the stream held is acknowledged and counted as discarded, and so is what still comes for its filters.
func (s *StreamHandle[M]) Close(ctx context.Context) error {
	select {
	case s.inquiries <- closeStream{s.number}:
	case <-s.end:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-s.end:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package actor

import "context"

// Start runs the processes of a client that has no connection yet. make gives each stream what makes the application's messages.
func Start[M any](cfg Config, make_ func() func(*Handout) M) *Client[M] {
	ctx, stop := context.WithCancelCause(context.Background())
	capacity := 0
	roomy := cfg.Roomy()
	if roomy {
		capacity = quickBatch
	}
	ops, asks, done := make(chan *Op, capacity), make(chan question), make(chan struct{})
	missed := make(chan uint64, 1)
	missed <- 0
	c := &Client[M]{Config: cfg, ops: ops, late: ops, missed: missed, misses: missed, asks: asks, done: done,
		cause: func() error { return context.Cause(ctx) }}
	c.pool.New = func() any { return newRecord() }
	c.bare.New = func() any { return &Op{home: &c.bare} }
	c.waits.New = func() any { return newWait[M]() }
	answers := make(chan *Answers[M], 1)
	answers <- nil
	c.answersIn, c.answersOut = answers, answers
	var (
		arriving = make(chan arrivals)
		owes     = make(chan *owed)
		notices  = make(chan *notice, 1)
		strict   = make(chan struct{}, 2)
		ordered  = make(chan *order, 1)
	)
	c.strict, c.pens = strict, newPens(cfg.Version)
	t := &tracker{cfg: &c.Config, roomy: roomy, ops: ops, asks: asks, owed: owes,
		orders: orders{ordered, ordered}, notices: notices, unread: notices, strict: strict, lax: strict,
		filters: filters{calls: make(map[*Op]struct{})}, mail: mail{pens: c.pens}}
	t.idle = true
	t.markStrict()
	d, in := newDispatcher(inboundOf(&cfg), make_, arriving, notices, owes)
	processes := []process{t, d}
	if cfg.Write != nil {
		processes = append(processes, openStore(&c.Config, t, d))
	}
	c.Inbound = in
	s := &supervisor{cfg: &c.Config, asks: asks, inbound: in.inquiries, in: arriving,
		orders: ordered, unsure: cfg.Kept != nil && cfg.Kept.doubt}
	if cfg.Log != nil {
		records := make(chan *Record, 64)
		t.records, s.records = records, records
	}
	join(ctx, stop, func(why error) { c.end(why, t, done) }, append(processes, s)...)
	return c
}

// end is the last that happens: every process has ended.
func (c *Client[M]) end(why error, t *tracker, done chan<- struct{}) {
	c.final = &Final{Err: why, View: t.view(), Result: t.result}
	close(done)
	c.refuseLate()
}

func inboundOf(cfg *Config) inboundConfig {
	return inboundConfig{receiveMaximum: cfg.ReceiveMaximum, inbox: cfg.Inbox, overflow: cfg.Overflow, hard: cfg.InboxHard,
		stallAfter: cfg.StallAfter, ack: cfg.Ack, claimed: cfg.Claimed, durable: cfg.Write != nil}
}

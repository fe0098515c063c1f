package mqtt

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// Subscribe asks the server for filters whose messages go to Messages, and returns its answer to each (§3.8). The filters
// are wanted from then on: a new connection whose session lacks them subscribes them again. While there is no connection it
// waits for one. Errors are *ArgumentError, *SubscribeError when some filter was refused (beside the grants, of which the
// others hold), ErrClosed, and ctx's own: before the packet left, the call had no effect (ErrNotSent too); later, what was
// granted is unsubscribed as soon as the answer is there.
func (c *Client) Subscribe(ctx context.Context, subs ...Subscription) ([]Grant, error) {
	if err := checkSubscriptions(subs); err != nil {
		return nil, failed("subscribe", err)
	}
	if err := c.fits(subs); err != nil {
		return nil, failed("subscribe", err)
	}
	c.core.Claim()
	op := actor.NewSubscribe(0, actorSubscriptions(subs))
	o, err := c.call(ctx, op)
	if err != nil {
		return nil, failed("subscribe", err)
	}
	grants := publicGrants(o.Grants())
	return grants, failed("subscribe", subscribeError(grants))
}

// fits refuses what only 5.0 can say when Config wants an older version.
func (c *Client) fits(subs []Subscription) error {
	if v := c.settings.Version; v == VersionAuto || v == V5 || c.settings.Lenient {
		return nil
	}
	for i := range subs {
		if subs[i].needsV5() {
			return ErrVersion
		}
	}
	return nil
}

// call offers a SUBSCRIBE or UNSUBSCRIBE and waits for its outcome.
func (c *Client) call(ctx context.Context, op *actor.Op) (actor.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return actor.Outcome{}, notSent(err)
	}
	if err := c.core.Offer(ctx, op); err != nil {
		return actor.Outcome{}, notSent(err)
	}
	select {
	case <-op.Told():
		return op.Outcome(), op.Outcome().Err
	case <-ctx.Done():
	}
	c.core.Withdraw(op.Receipt(), ctx.Err(), false)
	<-op.Told()
	return op.Outcome(), op.Outcome().Err
}

// Unsubscribe ends what Subscribe and Config.Subscriptions asked for (§3.10). Filters that a Stream wants too stay
// subscribed for it. Errors are as for Subscribe; a filter that nobody had subscribed is no error.
func (c *Client) Unsubscribe(ctx context.Context, filters ...string) error {
	grants, err := c.unsubscribe(ctx, Unsubscription{Filters: filters})
	if err == nil {
		err = subscribeError(grants)
	}
	return failed("unsubscribe", err)
}

// UnsubscribeWith is Unsubscribe with User Properties, and gives the server's answer to each filter: on 5.0 codec.Success,
// codec.NoSubscriptionExisted or a failure, on 3.x always codec.Success.
func (c *Client) UnsubscribeWith(ctx context.Context, u Unsubscription) ([]ReasonCode, error) {
	grants, err := c.unsubscribe(ctx, u)
	if err != nil {
		return nil, failed("unsubscribe", err)
	}
	codes := make([]ReasonCode, len(grants))
	for i := range grants {
		codes[i] = grants[i].Code
	}
	return codes, nil
}

func (c *Client) unsubscribe(ctx context.Context, u Unsubscription) ([]Grant, error) {
	if err := checkUnsubscription(u); err != nil {
		return nil, err
	}
	o, err := c.call(ctx, actor.NewUnsubscribe(slices.Clone(u.Filters), codecUserProperties(u.UserProperties)))
	if err != nil {
		return nil, err
	}
	return publicGrants(o.Grants()), nil
}

// Messages hands out all that no Stream takes. It is one channel for all callers, without a buffer: with AckOnTake a
// message is acknowledged when it was taken. The client closes it once, at its end; a lost connection doesn't.
func (c *Client) Messages() <-chan *Received {
	c.core.Claim()
	return c.messages.Messages()
}

// All is Messages as a loop, in which each message is acknowledged after the loop's body (with AckManual: when Ack or
// Reject is called). A loop that is left early, by break, return or panic, gives its message back: it is again the first,
// with Redelivered set, unless Ack or Reject was called. The loop ends when ctx does and when the client has ended. Several
// loops at once share the messages.
func (c *Client) All(ctx context.Context) iter.Seq[*Received] {
	c.core.Claim()
	return c.messages.All(ctx)
}

// Declare makes a stream at once and does no I/O. From now on what matches its filters goes to it, and what already waits
// on Messages moves to it; the filters are subscribed on each connection whose session doesn't have them. It may be called
// before Connect, and is the way to be ready for a session that resumes. Ready tells the server's answer. Errors are
// *ArgumentError and ErrClosed. Any goroutine may call it; cfg and subs are copied.
func (c *Client) Declare(cfg StreamConfig, subs ...Subscription) (*Stream, error) {
	s, err := c.declare(cfg, subs)
	return s, failed("declare", err)
}

func (c *Client) declare(cfg StreamConfig, subs []Subscription) (*Stream, error) {
	if err := checkStreamConfig(cfg); err != nil {
		return nil, err
	}
	if err := checkSubscriptions(subs); err != nil {
		return nil, err
	}
	if err := c.fits(subs); err != nil {
		return nil, err
	}
	s := &Stream{client: c, manual: cfg.Ack == AckManual || cfg.Ack == 0 && c.settings.Ack == AckManual}
	for _, sub := range subs {
		s.filters = append(s.filters, sub.Filter)
	}
	inbound := actor.StreamConfig{Tag: s, Inbox: actor.Bounds(cfg.Inbox), Overflow: actor.Overflow(cfg.Overflow), Ack: actor.AckMode(cfg.Ack)}
	core, err := c.core.Declare(inbound, slices.Clone(s.filters))
	if err != nil {
		return nil, c.ended(err)
	}
	s.core = core
	s.op = actor.NewSubscribe(core.Number(), actorSubscriptions(subs))
	if err := c.core.Enlist(s.op); err != nil {
		core.Close(context.Background())
		return nil, c.ended(err)
	}
	return s, nil
}

// ended is why the client ended, where a process could only say that it has.
func (c *Client) ended(err error) error {
	if cause := c.core.Cause(); cause != nil && errors.Is(err, ErrClosed) {
		return cause
	}
	return err
}

// Stream is Declare, then Ready. When a filter is refused, or ctx ends, the stream is closed again, and the error is as for
// Subscribe.
func (c *Client) Stream(ctx context.Context, cfg StreamConfig, subs ...Subscription) (*Stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, failed("stream", notSent(err))
	}
	s, err := c.declare(cfg, subs)
	if err != nil {
		return nil, failed("stream", err)
	}
	if _, err := s.ready(ctx); err != nil {
		s.abandon()
		return nil, failed("stream", err)
	}
	return s, nil
}

// streamOf finds the handle that an event speaks of: every stream but that of Messages bears its own.
func (c *Client) streamOf(tag any) *Stream {
	if s, ok := tag.(*Stream); ok {
		return s
	}
	return c.messages
}

// grantsOf reads an outcome.
func grantsOf(o actor.Outcome) ([]Grant, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	grants := publicGrants(o.Grants())
	return grants, subscribeError(grants)
}

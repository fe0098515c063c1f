package mqtt

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Publish hands m to the server (§4.3). At QoS 0 it returns when m is admitted: taken over, in order, within the outbox's
// bounds. At QoS 1 and 2 it returns when m is done: PUBACK or PUBCOMP has come, over reconnects if need be. Any goroutine
// may call it, and nothing of m is kept after it returned: the caller may write to its slices again.
//
// Messages of the same QoS that one goroutine publishes leave in that order. When ctx is over before the call, or before
// the message left, nothing is sent and the error is ErrNotSent and ctx's own; when it ends later, only the waiting ends,
// with an *InFlightError that holds the Delivery. Other errors are *ArgumentError, *ReasonError when the server refused,
// *LimitError, ErrNotConnected and ErrOutboxFull as Config says, ErrVersion, ErrClosed, ErrUncertain.
func (c *Client) Publish(ctx context.Context, m Message) error {
	switch {
	case ctx.Err() != nil:
		return failed("publish", notSent(ctx.Err()))
	case m.QoS != AtMostOnce:
		return c.publishAcked(ctx, &m, false)
	case c.isQuick(&m):
		return c.publishQuick(ctx, &m)
	}
	return c.publishAdmitted(ctx, &m, false)
}

// isQuick says whether offering m is enough: there is room for it, and nothing that the connection could forbid.
func (c *Client) isQuick(m *Message) bool {
	if !c.quick || m.Retain {
		return false
	}
	small := len(m.Topic)+len(m.Payload) <= quickSize
	switch c.core.Strict() {
	case 0:
		return small && (m.Properties == nil || m.Properties.TopicAlias == 0)
	case 1:
		return small && m.Properties == nil
	}
	return false
}

// quickSize is what topic and payload of a message may have together so that its record surely is a small one, unless it has
// properties.
const quickSize = 3500

func (c *Client) publishQuick(ctx context.Context, m *Message) error {
	if c.posts && m.Properties == nil && codec.CheckTopicName(m.Topic) == nil {
		posted, err := c.core.Post(ctx, m.Topic, m.Payload)
		if err != nil {
			return failed("publish", notSent(err))
		}
		if posted {
			return nil
		}
	}
	op := actor.NewQuickOp()
	if err := prepare(op, m); err != nil {
		op.Recycle()
		return failed("publish", err)
	}
	if !op.Small() { // its properties made it a large one
		op.Recycle()
		return c.publishAdmitted(ctx, m, false)
	}
	if err := c.core.Offer(ctx, op); err != nil {
		op.Recycle()
		return failed("publish", notSent(err))
	}
	return nil
}

// publishAdmitted publishes at QoS 0 and waits for the word of admission. An answer to a request is paired with that.
func (c *Client) publishAdmitted(ctx context.Context, m *Message, paired bool) error {
	op := actor.NewAdmission()
	op.Paired = paired
	if err := prepare(op, m); err != nil {
		return failed("publish", err)
	}
	if err := c.core.Offer(ctx, op); err != nil {
		return failed("publish", notSent(err))
	}
	return failed("publish", c.admission(ctx, op))
}

// admission waits for the word of admission, and takes op back when ctx ends first.
func (c *Client) admission(ctx context.Context, op *actor.Op) error {
	select {
	case err := <-op.Admitted():
		return err
	default:
	}
	select {
	case err := <-op.Admitted():
		return err
	case <-ctx.Done():
	}
	c.core.Leave(op, ctx.Err())
	return <-op.Admitted()
}

// publishAcked publishes at QoS 1 or 2 and waits for the outcome.
func (c *Client) publishAcked(ctx context.Context, m *Message, paired bool) error {
	op := c.core.Record()
	op.Paired = paired
	if err := prepare(op, m); err != nil {
		c.core.Return(op)
		return failed("publish", err)
	}
	if err := c.core.Offer(ctx, op); err != nil {
		c.core.Return(op)
		return failed("publish", notSent(err))
	}
	if over := ctx.Done(); over == nil {
		<-op.Told() // a select costs twice as much
	} else {
		select {
		case <-op.Told():
		case <-over:
			return c.leave(ctx, op)
		}
	}
	err := op.Outcome().Err
	c.core.Return(op)
	return failed("publish", err)
}

// leave ends the waiting for an operation: it goes on without its caller, or is taken back.
func (c *Client) leave(ctx context.Context, op *actor.Op) error {
	if c.core.Withdraw(op.Receipt(), ctx.Err(), true) {
		return failed("publish", &InFlightError{Delivery: &Delivery{client: c, receipt: op.Receipt()}, Err: ctx.Err()})
	}
	<-op.Told() // it was withdrawn, or has ended; the record may still lie in the channel, and isn't used again
	return failed("publish", op.Outcome().Err)
}

// PublishAsync hands m to the client and returns as soon as it is admitted; the Delivery tells the outcome. It waits only
// for room in the outbox, which its ctx bounds; once it has returned, ctx means nothing to the message. Any goroutine may
// call it, and nothing of m is kept after it returned. Errors are those of Publish that come before admission.
func (c *Client) PublishAsync(ctx context.Context, m Message) (*Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, failed("publish", notSent(err))
	}
	word := !c.isQuick(&m)
	d := &Delivery{client: c}
	op := c.core.NewPublish(&d.ending, word)
	if err := prepare(op, &m); err != nil {
		op.Recycle()
		return nil, failed("publish", err)
	}
	if !word && !op.Small() { // its properties made it a large one
		word = true
		op.Ask()
	}
	d.receipt = op.Receipt()
	if err := c.core.Offer(ctx, op); err != nil {
		op.Recycle()
		return nil, failed("publish", notSent(err))
	}
	if word {
		if err := c.admission(ctx, op); err != nil {
			return nil, failed("publish", err)
		}
	}
	return d, nil
}

// Flush returns when all that was admitted before it has ended: nil when all of it is done, else an *UnfinishedError with
// the counts since the last Flush. When ctx ends first, its error is returned and nothing else changes.
func (c *Client) Flush(ctx context.Context) error {
	return failed("flush", c.core.Flush(ctx))
}

// prepare copies into op what of m doesn't depend on the connection.
func prepare(op *actor.Op, m *Message) error {
	packet := codec.Publish{QoS: codec.QoS(m.QoS), Retain: m.Retain, Topic: m.Topic, Payload: m.Payload}
	if p := m.Properties; p != nil {
		if err := checkMessage(m); err != nil {
			return err
		}
		packet.Properties = codecPublishProperties(p)
		op.Alias = p.TopicAlias
		if p.MessageExpiryInterval != nil {
			op.Expire(*p.MessageExpiryInterval)
		}
	}
	if err := op.Message.Set(&packet); err != nil {
		if named := checkMessage(m); named != nil {
			return named
		}
		return &ArgumentError{Name: "Message", Reason: err.Error()}
	}
	return nil
}

// notSent is err for something that certainly didn't leave.
func notSent(err error) error {
	if errors.Is(err, ErrNotSent) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotSent, err)
}

package mqtt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Request publishes m and returns the answer to it (§4.10), on 5.0. Any number may wait at a time, from any goroutine; answers
// may come in any order, and each goes to its own call. The answer belongs to the caller and is acknowledged already. Whoever
// subscribes to m.Topic answers with Reply; of several answers the first counts.
//
// All requests of a client share one response topic, which the first of them subscribes at QoS 2, so that the QoS of an answer
// is the choice of whoever sends it. No request leaves before the server has granted that. The topic is the client's own: what
// comes there goes neither to Messages nor to a stream, unless one of your filters matches it. It is subscribed again like any
// other filter, also with Config.NoResubscribe. It begins with ConnAck.ResponseInformation where the server gave one, else with
// "responses/" and the client identifier, in which "+", "#", "/" and "%" are written as "%2B" and so on; it ends with 26 random
// letters and digits. Answers that nobody waits for, because they are late, doubled or unknown, are acknowledged and counted in
// InStats.Strays. Answers of QoS 0 that have not been read have the room of Config.InboxHard.
//
// m.Properties may say all but the Response Topic, which must be empty. Correlation Data of your own is kept, and must differ
// from that of all requests that wait; without, the client makes some. Nothing of m is kept after the call.
//
// When ctx ends, the request is withdrawn like with Delivery.Withdraw, and nothing of it stays here. The error is ctx's; beside
// it ErrNotSent when the message never left, ErrUncertain when the server has not acknowledged it. A message that ends badly
// ends the call with its error, as for Publish; a PUBACK or PUBREC that says that nobody subscribes to m.Topic ends it with a
// *ReasonError for codec.NoMatchingSubscribers, unless m.Retain is set: at QoS 0 no server can say so. A lost connection or
// session ends no call. Other errors are *ArgumentError, *SubscribeError when the server refuses the response topic (the next
// Request asks again), ErrVersion (and ErrNotSent) on 3.x, and ErrClosed, or why the client ended: Close waits for the message
// as for any other, and not for an answer.
func (c *Client) Request(ctx context.Context, m Message) (*Received, error) {
	answer, err := c.request(ctx, &m)
	return answer, failed("request", err)
}

func (c *Client) request(ctx context.Context, m *Message) (*Received, error) {
	if err := ctx.Err(); err != nil {
		return nil, notSent(err)
	}
	if err := c.checkRequest(m); err != nil {
		return nil, err
	}
	w := c.core.Wait()
	defer c.core.Unwait(w)
	data := pair(m, w)
	a, err := c.join(ctx, m, w)
	if err != nil {
		return nil, err
	}
	x := &exchange{client: c, at: a, wait: w, qos: m.QoS, retain: m.Retain}
	if err := x.ready(ctx, data); err != nil {
		return nil, err
	}
	if err := x.publish(ctx, m); err != nil {
		return nil, err
	}
	return x.answer(ctx)
}

// checkRequest says what is wrong with m whatever the server.
func (c *Client) checkRequest(m *Message) error {
	if c.settings.Version.old() {
		return notSent(ErrVersion)
	}
	if m.Properties != nil && m.Properties.ResponseTopic != "" {
		return faulty("ResponseTopic", "is set: leave it empty, answers come to the client's own; for one of yours, subscribe to it and use Publish").
			in("Message.Properties").argument()
	}
	return checkMessage(m)
}

// pair gives m the Correlation Data that w waits for: m's own, which are returned, else random ones.
func pair(m *Message, w *actor.Wait[*Received]) (own []byte) {
	p := PublishProperties{}
	if m.Properties != nil {
		p = *m.Properties
	}
	if own = p.CorrelationData; len(own) == 0 {
		p.CorrelationData = make([]byte, 16)
		rand.Read(p.CorrelationData)
	}
	w.Key = string(p.CorrelationData)
	m.Properties = &p // the caller's stay as they are
	return own
}

// exchange is one request on its way to its answer.
type exchange struct {
	client *Client
	at     *actor.Answers[*Received]
	wait   *actor.Wait[*Received]
	op     *actor.Op // the PUBLISH; nil before it was offered, and when its outcome was taken
	qos    QoS
	retain bool
}

// ready waits until the server has the response topic. Correlation Data that aren't ours may be in use.
func (x *exchange) ready(ctx context.Context, own []byte) error {
	if len(own) > 0 {
		x.at.Heard(x.wait)
		select {
		case word := <-x.wait.Words():
			return x.ended(word, nil)
		default:
		}
	}
	select {
	case <-x.at.Ready():
		return nil
	default:
	}
	select {
	case <-x.at.Ready():
		return nil
	case word := <-x.wait.Words():
		return x.ended(word, nil)
	case <-ctx.Done():
		return x.leave(notSent(ctx.Err()))
	}
}

// publish offers the request.
func (x *exchange) publish(ctx context.Context, m *Message) error {
	m.Properties.ResponseTopic = x.at.Topic
	op := x.client.core.Record()
	op.Paired = true
	err := prepare(op, m)
	if err == nil {
		if err = x.client.core.Offer(ctx, op); err == nil {
			x.op = op
			return nil
		}
		err = notSent(err)
	}
	x.client.core.Return(op)
	return x.leave(err)
}

// answer waits for the answer, or for what makes waiting useless.
func (x *exchange) answer(ctx context.Context) (*Received, error) {
	told := x.op.Told()
	for {
		select {
		case word := <-x.wait.Words():
			return x.end(word, nil)
		case <-told:
			o := x.op.Outcome()
			x.client.core.Return(x.op)
			x.op, told = nil, nil
			if err := x.hopeless(&o); err != nil {
				return x.end(x.at.Leave(x.wait), err)
			}
		case <-ctx.Done():
			return x.end(x.at.Leave(x.wait), ctx.Err())
		}
	}
}

// hopeless is why no answer will come after what became of the request.
func (x *exchange) hopeless(o *actor.Outcome) error {
	if o.Err != nil || o.Code != codec.NoMatchingSubscribers || x.retain {
		return o.Err
	}
	unheard := &ReasonError{Packet: "PUBACK", Code: o.Code, Raw: byte(o.Code)}
	if x.qos == ExactlyOnce {
		unheard.Packet = "PUBREC"
	}
	if o.Props != nil {
		unheard.ReasonString, unheard.UserProperties = o.Props.ReasonString, publicUserProperties(o.Props.UserProperties)
	}
	return unheard
}

// end is what the call returns: an answer wins over why nobody waits for it any more.
func (x *exchange) end(word actor.Word[*Received], why error) (*Received, error) {
	err := x.ended(word, why)
	if !word.Answered {
		return nil, x.takeBack(err)
	}
	if x.op != nil {
		select {
		case <-x.op.Told():
			x.client.core.Return(x.op)
		default: // the message goes on without us
		}
	}
	return word.Answer, nil
}

// ended takes the word that ends the waiting, and gives the error that it means.
func (x *exchange) ended(word actor.Word[*Received], why error) error {
	if word.Last {
		x.client.streamOf(x.at.Tag).abandon()
	}
	switch {
	case why != nil || word.Err == nil:
		return why
	case word.Err == actor.ErrCorrelation:
		return faulty("CorrelationData", "is that of another request that waits: write others, or leave it empty").in("Message.Properties").argument()
	}
	return x.client.ended(word.Err)
}

// leave ends the waiting for a request that was not offered.
func (x *exchange) leave(why error) error { return x.ended(x.at.Leave(x.wait), why) }

// takeBack withdraws what may still be on its way, and says what became of it beside why.
func (x *exchange) takeBack(why error) error {
	if x.op == nil {
		return why
	}
	x.client.core.Withdraw(x.op.Receipt(), why, false)
	<-x.op.Told()
	o := x.op.Outcome()
	switch {
	case o.Err == nil:
		return why
	case errors.Is(o.Err, why):
		return o.Err
	}
	return fmt.Errorf("%w: %w", o.Err, why)
}

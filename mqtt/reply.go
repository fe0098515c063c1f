package mqtt

import (
	"context"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Reply answers a request, on 5.0 (§4.10): it publishes answer to the request's Response Topic, with its Correlation Data. Both
// are left empty in answer, which may have other properties and a Response Topic of its own. It does not acknowledge the
// request. Any goroutine may call it, as often as it wants, and nothing of answer is kept after it returned.
//
//	for request := range stream.All(ctx) {
//		err := client.Reply(ctx, request, mqtt.Message{Payload: answer(request)})
//		…
//	}
//
// It returns when Publish would. Errors are an *ArgumentError when the request has no Response Topic, or one that no message
// can have, ErrVersion (and ErrNotSent) where the connection is 3.x, which has no requests, also with Config.Lenient, and those
// of Publish: a *LimitError when the answer is more than the server takes.
func (c *Client) Reply(ctx context.Context, request *Received, answer Message) error {
	if err := c.address(request, &answer); err != nil {
		return failed("reply", err)
	}
	if err := ctx.Err(); err != nil {
		return failed("reply", notSent(err))
	}
	if answer.QoS == AtMostOnce {
		return c.publishAdmitted(ctx, &answer, true)
	}
	return c.publishAcked(ctx, &answer, true)
}

// address makes answer one for the request.
func (c *Client) address(request *Received, answer *Message) error {
	switch {
	case request == nil:
		return faulty("request", "is nil").argument()
	case request.Properties == nil || request.Properties.ResponseTopic == "":
		if ack, known := c.ConnAck(); c.settings.Version.old() || known && ack.Version != V5 {
			return notSent(ErrVersion)
		}
		return faulty("request", "has no Response Topic: who sent it wants no answer").argument()
	case answer.Topic != "":
		return faulty("answer.Topic", "is set: leave it empty, an answer goes to the request's Response Topic").argument()
	case answer.Properties != nil && answer.Properties.CorrelationData != nil:
		return faulty("answer.Properties.CorrelationData", "is set: leave it out, an answer has the request's").argument()
	}
	if err := codec.CheckTopicName(request.Properties.ResponseTopic); err != nil {
		return topicFault("ResponseTopic", err).in("request.Properties").argument()
	}
	p := PublishProperties{}
	if answer.Properties != nil {
		p = *answer.Properties
	}
	p.CorrelationData = request.Properties.CorrelationData
	answer.Topic, answer.Properties = request.Properties.ResponseTopic, &p
	return nil
}

package request

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// requester is one run.
type requester struct {
	*options
	app     *app.App
	client  *mqtt.Client
	message mqtt.Message
	out     printer
	times   times
}

func (r *requester) run(ctx context.Context) error {
	if err := app.HasV5(r.client, "requests and answers"); err != nil {
		return err
	}
	r.out = printer{w: r.app.Output(), format: r.format}
	if r.count != 1 || r.message.Properties != nil && r.message.Properties.ResponseTopic != "" {
		return r.many(ctx)
	}
	if r.repeat > 1 {
		return r.again(ctx)
	}
	return r.once(ctx)
}

// patient bounds ctx by -W.
func (r *requester) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.wait == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, time.Duration(r.wait), app.ErrTimeout)
}

// once sends the request and prints its answer.
func (r *requester) once(ctx context.Context) error {
	wait, cancel := r.patient(ctx)
	defer cancel()
	start := time.Now()
	answer, err := r.client.Request(wait, r.message)
	if err != nil {
		return r.explain(wait, err)
	}
	r.took(time.Since(start))
	return r.out.print(answer)
}

// took notes how long an answer took, and tells it unless a summary will.
func (r *requester) took(d time.Duration) {
	if !r.latency {
		return
	}
	if r.repeat == 1 {
		r.app.Say("mqtt: answered after %s", milliseconds(d))
	}
	r.times.add(d)
}

// explain says in an error what a request's means.
func (r *requester) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), app.ErrInterrupted):
		return app.ErrInterrupted
	case errors.Is(context.Cause(ctx), app.ErrTimeout):
		return r.overdue(err)
	case errors.Is(err, codec.NoMatchingSubscribers):
		return app.Fail(app.ExitRefused, "nobody subscribes to %q, the server says; is the service running?", r.message.Topic)
	}
	return err
}

func (r *requester) overdue(err error) error {
	within := time.Duration(r.wait)
	if errors.Is(err, mqtt.ErrNotSent) || errors.Is(err, mqtt.ErrUncertain) {
		return app.Fail(app.ExitTimeout, "the server hasn't acknowledged the request to %q within %v; --debug shows what it does", r.message.Topic, within)
	}
	return app.Fail(app.ExitTimeout, "no answer to %q within %v; is the service running? -W waits longer", r.message.Topic, within)
}

// again sends the request --repeat times. One without an answer doesn't keep the next from being sent.
func (r *requester) again(ctx context.Context) error {
	tick := time.NewTimer(0)
	defer tick.Stop()
	answered, sent := 0, 0
	defer func() { r.summary(answered, sent) }()
	for sent < r.repeat {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		tick.Reset(time.Duration(r.interval))
		sent++
		switch err := r.once(ctx); {
		case err == nil:
			answered++
		case app.ExitCode(err) != app.ExitTimeout:
			return err
		default:
			r.app.Say("mqtt: %v", err)
		}
	}
	if answered < sent {
		return &app.Failure{Code: app.ExitTimeout}
	}
	return nil
}

func (r *requester) summary(answered, sent int) {
	if r.latency {
		r.app.Say("mqtt: %d of %d answered%s", answered, sent, r.times.summary())
	}
}

// many waits for answers from more than one, on a response topic of its own.
func (r *requester) many(ctx context.Context) error {
	topic, correlation := r.address()
	stream, err := r.client.Stream(ctx, mqtt.StreamConfig{Ack: mqtt.AckManual}, mqtt.Subscription{Filter: topic, QoS: mqtt.ExactlyOnce})
	if err != nil {
		return err
	}
	wait, cancel := r.patient(ctx)
	defer cancel()
	start := time.Now()
	if err := r.client.Publish(wait, r.message); err != nil {
		return r.explain(wait, err)
	}
	for got := 0; r.count == 0 || got < r.count; {
		select {
		case m, open := <-stream.Messages():
			switch {
			case !open:
				return r.client.Err()
			case m.Properties == nil || !bytes.Equal(m.Properties.CorrelationData, correlation):
				r.app.Say("mqtt: a message came to %q with other correlation data than the request's; ignored", topic)
			default:
				got++
				r.took(time.Since(start))
				if err := r.out.print(m); err != nil {
					return err
				}
			}
			m.Ack()
		case <-wait.Done():
			return r.end(ctx, got)
		}
	}
	return nil
}

// end is what it means that no more answers come.
func (r *requester) end(ctx context.Context, got int) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case got == 0:
		return r.overdue(nil)
	case got < r.count:
		return app.Fail(app.ExitTimeout, "%d of %d answers to %q came within %v", got, r.count, r.message.Topic, time.Duration(r.wait))
	}
	return nil
}

// address gives the request a response topic and correlation data, where -D hasn't.
func (r *requester) address() (topic string, correlation []byte) {
	p := mqtt.PublishProperties{}
	if r.message.Properties != nil {
		p = *r.message.Properties
	}
	if p.ResponseTopic == "" {
		base := "responses"
		if ack, _ := r.client.ConnAck(); ack.ResponseInformation != "" {
			base = strings.TrimSuffix(ack.ResponseInformation, "/")
		}
		p.ResponseTopic = base + "/" + rand.Text()
	}
	if p.CorrelationData == nil {
		p.CorrelationData = []byte(rand.Text())
	}
	r.message.Properties = &p
	return p.ResponseTopic, p.CorrelationData
}
